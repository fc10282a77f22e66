package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// An attribute is what Octavia demands of one field of a request.
type attribute struct {
	check    func(path, name string, value any) error
	choices  []string // the values there are, if they can be counted
	null     string   // the JSON that null stands for, and leaving it out of a create
	required bool
	fill     bool // a member batch resets the attribute when it is left out
	apart    bool // a resource of its own, and no field of the one it is in
}

// A schema is all attributes that a request may have; any other is refused.
type schema map[string]attribute

// with is the schema with more attributes.
func (s schema) with(more schema) schema {
	all := maps.Clone(s)
	maps.Copy(all, more)
	return all
}

func (a attribute) must() attribute   { a.required = true; return a }
func (a attribute) filled() attribute { a.fill = true; return a }
func (a attribute) alone() attribute  { a.apart = true; return a }

// value is an attribute of which reason says what is wrong, "" for nothing.
func value(null string, reason func(any) string) attribute {
	return attribute{null: null, check: func(_, name string, v any) error {
		if why := reason(v); why != "" {
			return invalid(name, v, why)
		}
		return nil
	}}
}

func words(longest int) attribute {
	return value(`""`, func(v any) string { return tooLong(v, longest) })
}

func nullableWords(longest int) attribute {
	return value("null", func(v any) string { return tooLong(v, longest) })
}

func tooLong(v any, longest int) string {
	s, ok := v.(string)
	switch {
	case !ok:
		return "Value should be string"
	case utf8.RuneCountInString(s) > longest:
		return fmt.Sprintf("Value should have a maximum character requirement of %d", longest)
	}
	return ""
}

func flag(null bool) attribute {
	return value(fmt.Sprint(null), func(v any) string {
		if _, ok := v.(bool); !ok {
			return "Value should be boolean"
		}
		return ""
	})
}

func number(null string, least, most int64) attribute {
	return value(null, func(v any) string {
		n, ok := v.(json.Number)
		i, err := n.Int64()
		switch {
		case !ok || err != nil:
			return "Value should be integer"
		case i < least:
			return fmt.Sprintf("Value should be greater or equal to %d", least)
		case i > most:
			return fmt.Sprintf("Value should be lower or equal to %d", most)
		}
		return ""
	})
}

func oneOf(allowed ...string) attribute {
	a := value("null", func(v any) string {
		if s, ok := v.(string); !ok || !slices.Contains(allowed, s) {
			return "Value should be one of: " + strings.Join(allowed, ", ")
		}
		return ""
	})
	a.choices = allowed
	return a
}

func id() attribute {
	return value("null", func(v any) string {
		if s, ok := v.(string); !ok || uuid.Validate(s) != nil {
			return "Value should be UUID format"
		}
		return ""
	})
}

func address() attribute {
	return value("null", func(v any) string {
		s, _ := v.(string)
		if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" {
			return "Value should be IPv4 or IPv6 format"
		}
		return ""
	})
}

func listOf(null string, reason func(any) string) attribute {
	return value(null, func(v any) string {
		all, ok := v.([]any)
		if !ok {
			return "Value should be a list"
		}
		for _, one := range all {
			if why := reason(one); why != "" {
				return why
			}
		}
		return ""
	})
}

func tagList() attribute {
	return listOf("[]", func(v any) string { return tooLong(v, 255) })
}

func cidrList() attribute {
	return listOf("null", func(v any) string {
		s, _ := v.(string)
		if _, err := netip.ParsePrefix(s); err != nil {
			return "Value should be IPv4 or IPv6 CIDR format"
		}
		return ""
	})
}

// fraction is a number that need not be whole.
func fraction() attribute {
	return value("null", func(v any) string {
		n, ok := v.(json.Number)
		if _, err := n.Float64(); !ok || err != nil {
			return "Value should be float"
		}
		return ""
	})
}

// dictionary is an object of texts.
func dictionary() attribute {
	return value("{}", func(v any) string {
		all, ok := v.(map[string]any)
		if !ok {
			return "Value should be a dictionary"
		}
		for _, one := range all {
			if _, ok := one.(string); !ok {
				return "Value should be a dictionary of strings"
			}
		}
		return ""
	})
}

// nested is an attribute that is an object itself.
func nested(s schema) attribute {
	return attribute{null: "null", check: func(path, name string, v any) error {
		o, ok := v.(map[string]any)
		if !ok {
			return invalid(name, v, "Value should be an object")
		}
		return s.check(path+"."+name, o)
	}}
}

// nestedList is an attribute that is a list of objects.
func nestedList(s schema) attribute {
	one := nested(s)
	return attribute{null: "null", check: func(path, name string, v any) error {
		all, ok := v.([]any)
		if !ok {
			return invalid(name, v, "Value should be a list")
		}
		for _, o := range all {
			if err := one.check(path, name, o); err != nil {
				return err
			}
		}
		return nil
	}}
}

// check refuses what the schema does not allow.
func (s schema) check(path string, in object) error {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		a, ok := s[name]
		if !ok {
			return balancerRefusal(http.StatusBadRequest, "Unknown attribute for argument %s: %s", path, name)
		}
		if in[name] == nil {
			continue
		}
		if err := a.check(path, name, in[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if s[name].required && in[name] == nil {
			return invalid(name, nil, "Mandatory field missing.")
		}
	}
	return nil
}

// A mode says which attributes that a request leaves out are set nevertheless.
type mode func(attribute) bool

// The modes.
func creating(attribute) bool    { return true }
func updating(attribute) bool    { return false }
func replacing(a attribute) bool { return a.fill }

// apply sets a resource's fields from a request that was checked.
func (s schema) apply(resource any, in object, m mode) {
	out := map[string]any{}
	for name, a := range s {
		v, given := in[name]
		switch {
		case a.apart:
		case given && v != nil:
			out[name] = v
		case (given || m(a)) && a.null != "":
			out[name] = json.RawMessage(a.null)
		}
	}
	if err := object(out).onto(resource); err != nil {
		panic(err) // the schema let a value pass that its field cannot hold
	}
}

func invalid(name string, v any, reason string) error {
	return balancerRefusal(http.StatusBadRequest, "Invalid input for field/attribute %s. Value: '%s'. %s", name, python(v), reason)
}

// python writes a value as Octavia's messages do.
func python(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return strings.ToUpper(fmt.Sprint(v)[:1]) + fmt.Sprint(v)[1:]
	case []any:
		var all []string
		for _, one := range v {
			if s, ok := one.(string); ok {
				all = append(all, "'"+s+"'")
			} else {
				all = append(all, python(one))
			}
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(v)
}
