// Package annotation is the contract between the people who write Services, the
// webhook that judges them and the reconciler that builds what they ask for.
//
// Each annotation is one Def: its key, who writes it, its type, its default and
// the sentence that documents it. Parsing, formatting, the reference and the
// check for unknown keys are all read from that one definition. The package
// never decides what a value means for a Service; that is policy's.
package annotation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/spelling"
)

// Prefix starts every key of the contract.
const Prefix = "octagate.dev/"

// A Writer says who writes an annotation.
type Writer int

// The writers.
const (
	Author     Writer = iota // who writes the Service, by hand or by a tool
	Webhook                  // the mutating webhook: a decision; what people write is overwritten
	Pinned                   // the author may choose; without a choice the webhook pins the operator's
	Reconciler               // the reconciler, once the cloud has answered
)

func (w Writer) String() string {
	return [...]string{"author", "webhook", "author or webhook", "reconciler"}[w]
}

// A Def defines one annotation whose value is a T.
type Def[T any] struct {
	Key     string
	Writer  Writer
	Default string // what its absence means, in words
	Doc     string
	form    form[T]
}

// Read is the annotation's value in m, and whether there is a valid one.
func (d Def[T]) Read(m map[string]string) (v T, ok bool) {
	s, ok := m[d.Key]
	if !ok {
		return v, false
	}
	v, err := d.form.parse(s)
	return v, err == nil
}

// Write puts v into m.
func (d Def[T]) Write(m map[string]string, v T) { m[d.Key] = d.form.format(v) }

// An Entry is a Def without its type, as references and checks need it.
type Entry struct {
	Key     string
	Writer  Writer
	Default string
	Doc     string
	check   func(string) error
	taken   func(text string) string
	says    string
}

func (d Def[T]) entry() Entry {
	return Entry{d.Key, d.Writer, d.Default, d.Doc, func(s string) error {
		_, err := d.form.parse(s)
		return err
	}, d.form.taken, d.form.says()}
}

// A Fault is one annotation that the contract does not allow.
type Fault struct{ Key, Value, Message string }

// Faults are the unknown keys under our prefix and the bad values of the keys
// that authors write, in the order of their keys.
func Faults(m map[string]string) []Fault {
	var fs []Fault
	for key, value := range m {
		if strings.HasPrefix(key, Prefix) {
			fs = append(fs, faults(key, value)...)
		}
	}
	slices.SortFunc(fs, func(a, b Fault) int { return strings.Compare(a.Key, b.Key) })
	return fs
}

func faults(key, value string) []Fault {
	e, known := Find(key)
	switch {
	case !known:
		return []Fault{{key, value, "is not an annotation of octagate" + spelling.DidYouMean(strings.TrimPrefix(key, Prefix), authored())}}
	case !e.Authored():
		return nil
	}
	if err := e.check(value); err != nil {
		return []Fault{{key, value, err.Error()}}
	}
	return nil
}

// Taken is an expression in CEL that holds where the contract takes what another one says
// for the annotation's value; empty: it takes every text. It never refuses what is taken.
func (e Entry) Taken(text string) string { return e.taken(text) }

// Says is what is said of a value that the contract does not take.
func (e Entry) Says() string { return e.says }

// Authored reports whether people may write the annotation.
func (e Entry) Authored() bool { return e.Writer == Author || e.Writer == Pinned }

// WithoutDecisions is m less what only the webhook writes.
func WithoutDecisions(m map[string]string) map[string]string {
	asked := map[string]string{}
	for key, value := range m {
		if e, known := Find(key); !known || e.Writer != Webhook {
			asked[key] = value
		}
	}
	return asked
}

// Find is what the contract says of a key, if it does.
func Find(key string) (Entry, bool) {
	e, known := byKey[key]
	return e, known
}

// authored is what people may write under the prefix.
func authored() []string {
	var names []string
	for _, e := range entries {
		if e.Authored() {
			names = append(names, strings.TrimPrefix(e.Key, Prefix))
		}
	}
	return names
}

// Reference is the contract as a page of Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Annotations\n\n" +
		"What may stand on a Service under `" + Prefix + "`. An unknown key or a bad value is refused when the\n" +
		"Service is applied; what only the webhook writes is overwritten. `octagate annotations` prints this page.\n\n" +
		"| annotation | written by | default | meaning |\n|---|---|---|---|\n")
	for _, e := range entries {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Key, e.Writer, e.Default, e.Doc)
	}
	return b.String()
}
