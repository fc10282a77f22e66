package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	places "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// A document is one of the texts between the separators of a file.
type document struct {
	file string
	line int // of the file, before its first one
	text []byte

	once sync.Once
	tree *places.Node // once it is asked for
}

// parsed is the document with the places of its nodes, nil if there is nothing in it. Hardly
// any is asked for it, and then often.
func (d *document) parsed() *places.Node {
	d.once.Do(func() {
		var whole places.Node
		if err := places.Unmarshal(d.text, &whole); err == nil && len(whole.Content) > 0 {
			d.tree = whole.Content[0]
		}
	})
	return d.tree
}

// documents are those of a file, split where kubectl splits it.
func documents(file string, text []byte) []*document {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && !slices.ContainsFunc(slices.Collect(bytes.Lines(text)), separates) {
		return objects(file, text)
	}
	all := []*document{{file: file}}
	line := 0
	for l := range bytes.Lines(text) {
		line++
		if separates(l) {
			all = append(all, &document{file: file, line: line})
			continue
		}
		last := all[len(all)-1]
		last.text = append(last.text, l...)
	}
	return all
}

// objects are the documents of a file of JSON, which need no separators. What is not JSON
// from somewhere on is one more.
func objects(file string, text []byte) []*document {
	var all []*document
	decoder := json.NewDecoder(bytes.NewReader(text))
	for begin := int64(0); ; begin = decoder.InputOffset() {
		err := decoder.Decode(new(json.RawMessage))
		if errors.Is(err, io.EOF) {
			return all
		}
		end := decoder.InputOffset()
		if err != nil {
			end = int64(len(text))
		}
		all = append(all, part(file, text, begin, end))
		if err != nil {
			return all
		}
	}
}

// part is a document from one byte of a file to another. Its text stands in the columns in
// which it stands in the file.
func part(file string, text []byte, begin, end int64) *document {
	one := bytes.TrimLeft(text[begin:end], " \t\r\n")
	before := text[:end-int64(len(one))]
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return &document{file: file, line: bytes.Count(before, []byte("\n")), text: append(bytes.Repeat([]byte(" "), column), one...)}
}

// separates reports whether a line ends one document and begins the next.
func separates(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("---"))
	rest = bytes.TrimSpace(rest)
	return found && (len(rest) == 0 || rest[0] == '#')
}

// A head is as much of an object as says what it is.
type head struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Items      json.RawMessage `json:"items"` // of a List
}

// read reads the objects of a document.
func (d *document) read() (Manifests, error) {
	object, strict := yaml.YAMLToJSONStrict(d.text)
	if strict != nil {
		var err error
		if object, err = yaml.YAMLToJSON(d.text); err != nil {
			return Manifests{}, d.broken(err)
		}
	}
	m, err := d.object(object, source{document: d})
	if strict == nil {
		return m, err
	}
	if place, why, twice := d.misparsed(); twice {
		why, _, _ = strings.Cut(why, " at [") // a place in the document, not in the file
		m.blame(Fault{Place: place, Message: why})
	}
	return m, err
}

// blame gives a fault to the Service that begins last before it.
func (m Manifests) blame(f Fault) {
	var whose *Service
	for i := range m.Services {
		if at := m.Services[i].Place(""); whose == nil || at.Line <= f.Place.Line {
			whose = &m.Services[i]
		}
	}
	if whose != nil {
		whose.Faults = append(whose.Faults, f)
	}
}

// object reads one object, and those in it if it is a List.
func (d *document) object(text []byte, at source) (Manifests, error) {
	var h head
	if bytes.Equal(text, []byte("null")) {
		return Manifests{}, nil // nothing but comments
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return Manifests{}, unread(at.Place(""), "is not an object of Kubernetes")
	}
	switch {
	case h.APIVersion == "v1" && h.Kind == "Service":
		return service(text, at)
	case h.APIVersion == discoveryv1.SchemeGroupVersion.String() && h.Kind == "EndpointSlice":
		return slice(text, at)
	case h.APIVersion == "v1" && (h.Kind == "List" || h.Kind == "ServiceList"):
		return d.list(h, at)
	case h.APIVersion == "" && h.Kind == "":
		return Manifests{Kindless: 1}, nil
	}
	if err := h.fault(at); err != nil {
		return Manifests{}, err
	}
	return Manifests{Others: 1}, nil
}

// fault is an error for what would be a Service, were it not for a slip of the pen: nobody
// shall believe that it was judged.
func (h head) fault(at source) error {
	switch {
	case h.Kind == "":
		return unread(at.Place(""), "has an apiVersion, but no kind")
	case h.APIVersion == "":
		return unread(at.Place("kind"), "has a kind, %q, but no apiVersion", h.Kind)
	case h.Kind == "Service" && !strings.Contains(h.APIVersion, "/"):
		return unread(at.Place("apiVersion"), "apiVersion %q has no Services; did you mean \"v1\"?", h.APIVersion)
	case h.APIVersion == "v1" && h.Kind != "Service" && strings.EqualFold(strings.TrimSuffix(h.Kind, "s"), "Service"):
		return unread(at.Place("kind"), "there is no kind %q; did you mean \"Service\"?", h.Kind)
	}
	return nil
}

// items are those of a List, if it names any.
func (h head) items() json.RawMessage {
	if h.Items == nil {
		return json.RawMessage("null")
	}
	return h.Items
}

// list reads the items of a List. Those of a ServiceList need not say what they are.
func (d *document) list(h head, at source) (Manifests, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(h.items(), &items); err != nil {
		return Manifests{}, unread(at.Place("items"), "items must be a list")
	}
	var all Manifests
	var errs []error
	for i, item := range items {
		read := d.object
		if h.Kind == "ServiceList" {
			read = service
		}
		m, err := read(item, at.item(i))
		all, errs = all.with(m), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// service reads a Service. Of what it has too much, or of a wrong type, it is read without.
func service(text []byte, at source) (Manifests, error) {
	one := Service{Service: &corev1.Service{}, at: at}
	tooMuch, err := kjson.UnmarshalStrict(text, one.Service)
	if err != nil {
		rest, wrong := mistyped(text, reflect.TypeFor[corev1.Service]())
		for _, w := range wrong {
			one.Faults = append(one.Faults, Fault{Place: one.Place(w.field), Field: w.field, Message: w.message, Fix: w.fix})
		}
		one.Service, one.Mistyped = &corev1.Service{}, true
		if tooMuch, err = kjson.UnmarshalStrict(rest, one.Service); err != nil {
			return Manifests{}, unread(at.Place(""), "reading the Service: %v", err)
		}
	}
	for _, fault := range tooMuch {
		one.Faults = append(one.Faults, one.fault(fault))
	}
	return Manifests{Services: []Service{one}}, nil
}

// slice reads an EndpointSlice.
func slice(text []byte, at source) (Manifests, error) {
	var s discoveryv1.EndpointSlice
	err := json.Unmarshal(text, &s)
	if err == nil {
		return Manifests{Slices: []discoveryv1.EndpointSlice{s}, Others: 1}, nil
	}
	var errs []error
	_, wrong := mistyped(text, reflect.TypeFor[discoveryv1.EndpointSlice]())
	for _, w := range wrong {
		errs = append(errs, unread(at.Place(w.field), "%s %s", w.field, w.message))
	}
	if len(errs) == 0 {
		errs = append(errs, unread(at.Place(""), "reading the EndpointSlice: %v", err))
	}
	return Manifests{}, errors.Join(errs...)
}

// fault is what the decoder says of a field that is too much.
func (s Service) fault(err error) Fault {
	f := Fault{Place: s.Place(""), Message: err.Error()}
	var at kjson.FieldError
	if !errors.As(err, &at) {
		return f
	}
	f.Field, f.Place = at.FieldPath(), s.Place(at.FieldPath())
	if strings.HasPrefix(f.Message, "unknown") {
		f.Message = "is not a field of a Service"
	}
	return f
}

// numbered is how the decoder of YAML tells a line.
var numbered = regexp.MustCompile(`(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): (.*)`)

// place is where the decoder of YAML saw something wrong.
func (d *document) place(err error) Place {
	p := Place{File: d.file, Line: d.line + 1, Column: 1}
	if m := numbered.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		p.Line = d.line + n
	}
	return p
}

// reason is what the decoder of YAML says, less where.
func reason(err error) string {
	if m := numbered.FindStringSubmatch(err.Error()); m != nil {
		return m[2]
	}
	return err.Error()
}

// binary is the first thing in a document that no text has.
func (d *document) binary() (p Place, what string, found bool) {
	line := d.line
	for text := range bytes.Lines(d.text) {
		line++
		for at := 0; at < len(text); {
			c, size := utf8.DecodeRune(text[at:])
			place := Place{d.file, line, utf8.RuneCount(text[:at]) + 1}
			switch {
			case c == utf8.RuneError && size == 1:
				return place, fmt.Sprintf("the byte %#02x is not UTF-8", text[at]), true
			case unicode.IsControl(c) && !strings.ContainsRune("\t\r\n\u0085", c):
				return place, fmt.Sprintf("it has the control character %#02x", c), true
			}
			at += size
		}
	}
	return p, "", false
}

// template is what Helm and its like leave to be filled in.
var template = regexp.MustCompile(`\{\{.*\}\}`)

// untold is what the decoder says in words that nobody would understand.
var untold = map[string]string{
	"unsupported map key":     "a key is no text, such as null or a list",
	"json: unsupported value": "a number is none that JSON has, such as .nan or .inf",
}

// broken is an error about a document that is neither YAML nor JSON.
func (d *document) broken(err error) error {
	place, why := d.place(err), strings.TrimPrefix(reason(err), "yaml: ")
	for words, better := range untold {
		if strings.HasPrefix(why, words) {
			why = better
		}
	}
	if p, what, found := d.binary(); found {
		return unread(p, "is not text: %s", what)
	}
	if p, better, found := d.misparsed(); found {
		place, why = p, better
	}
	if template.Match(d.text) {
		why += "; it looks like a template, which has to be rendered first"
	}
	return unread(place, "is not YAML: %s", why)
}
