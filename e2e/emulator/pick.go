package emulator

import (
	"reflect"
	"slices"
	"strings"
)

// A picker reduces views to the fields that were asked for. It remembers the shapes that come
// of that: a list may have tens of thousands of views.
type picker struct {
	fields []string // none: all
	shapes map[reflect.Type]shape
}

// A shape is a view with some of its fields only.
type shape struct {
	reduced reflect.Type
	from    []reflect.StructField
}

func newPicker(fields []string) picker { return picker{fields, map[reflect.Type]shape{}} }

// pick reduces a view to some of its fields; no fields means all.
func pick(view any, fields []string) any { return newPicker(fields).pick(view) }

func (p picker) pick(view any) any {
	if len(p.fields) == 0 {
		return view
	}
	from := reflect.Indirect(reflect.ValueOf(view))
	s, known := p.shapes[from.Type()]
	if !known {
		s = p.shape(from.Type())
		p.shapes[from.Type()] = s
	}
	to := reflect.New(s.reduced).Elem()
	for i, f := range s.from {
		to.Field(i).Set(from.FieldByIndex(f.Index))
	}
	return to.Interface()
}

// shape is that of views of a type.
func (p picker) shape(t reflect.Type) (s shape) {
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && slices.Contains(p.fields, name) {
			s.from = append(s.from, f)
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
		}
	}
	s.reduced = reflect.StructOf(fields)
	return s
}
