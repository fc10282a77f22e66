package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "sigs.k8s.io/json"
)

// A mistyping is a value that is not of the type of its field.
type mistyping struct {
	field, message, fix string
}

// mistyped are all values of an object that do not fit into a type, and the object without
// them. The decoder tells only of the first, and not in which item of a list.
func mistyped(object []byte, into reflect.Type) (rest []byte, all []mistyping) {
	var value any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(object, &value); err != nil {
		return object, nil // who calls knows better
	}
	s := &sieve{}
	rest, err := json.Marshal(s.fitting(value, into, ""))
	if err != nil {
		return object, nil
	}
	return rest, s.all
}

// A sieve keeps what fits, and notes what does not.
type sieve struct{ all []mistyping }

// fitting is as much of a value as fits into a type.
func (s *sieve) fitting(value any, t reflect.Type, field string) any {
	if fits(value, t) {
		return value
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := value.(type) {
	case map[string]any:
		if t.Kind() == reflect.Map {
			return s.mapping(v, func(string) reflect.Type { return t.Elem() }, func(key string) string { return field + "[" + key + "]" })
		}
		if t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return s.mapping(v, func(key string) reflect.Type { return member(t, key) }, func(key string) string { return strings.TrimPrefix(field+"."+key, ".") })
		}
	case []any:
		if t.Kind() == reflect.Slice {
			return s.list(v, t.Elem(), field)
		}
	}
	s.all = append(s.all, misfit(value, t, field))
	return nil
}

// mapping sieves the values of a mapping, each into the type of its key.
func (s *sieve) mapping(v map[string]any, into func(key string) reflect.Type, at func(key string) string) any {
	kept := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		if kept[key] = v[key]; into(key) != nil {
			kept[key] = s.fitting(v[key], into(key), at(key))
		}
	}
	return kept
}

func (s *sieve) list(v []any, of reflect.Type, field string) any {
	var kept []any
	for i, item := range v {
		kept = append(kept, s.fitting(item, of, fmt.Sprintf("%s[%d]", field, i)))
	}
	return kept
}

// fits reports whether the API server could read a value into a type.
func fits(value any, t reflect.Type) bool {
	text, err := json.Marshal(value)
	return err == nil && kjson.UnmarshalCaseSensitivePreserveInts(text, reflect.New(t).Interface()) == nil
}

// member is the type of a field of a struct as JSON names it, nil if there is none.
func member(t reflect.Type, key string) reflect.Type {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == key && key != "" {
			return f.Type
		}
		if name == "" && (f.Anonymous || strings.Contains(options, "inline")) {
			if found := member(f.Type, key); found != nil {
				return found
			}
		}
	}
	return nil
}

// misfit says what is wrong with a value.
func misfit(value any, t reflect.Type, field string) mistyping {
	m := mistyping{field: field, message: "must be " + Wanted(t) + ", but is " + described(value)}
	scalar := reflect.ValueOf(value).Comparable()
	switch _, text := value.(string); {
	case t.Kind() == reflect.String && scalar:
		m.fix = "write it in quotation marks"
	case t.Kind() == reflect.Int32 && text:
		if _, err := strconv.ParseInt(value.(string), 10, 32); err == nil {
			m.fix = "write it without quotation marks"
		}
	}
	return m
}

// Wanted is what values of a type are, in words.
func Wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[intstr.IntOrString]():
		return fmt.Sprintf("text or a whole number up to %d", math.MaxInt32)
	case reflect.TypeFor[metav1.Time]():
		return "a time, such as 2006-01-02T15:04:05Z"
	}
	switch t.Kind() {
	case reflect.Int32:
		return fmt.Sprintf("a whole number up to %d", math.MaxInt32)
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "a list"
	}
	return "a mapping"
}

// longest is how much of a text is repeated.
const longest = 40

// described is what a value is, in words.
func described(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		if short := []rune(v); len(short) > longest {
			v = string(short[:longest]) + "…"
		}
		return fmt.Sprintf("the text %q", v)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprintf("the number %v", value)
}
