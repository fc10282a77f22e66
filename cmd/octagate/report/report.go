// Package report tells what octagate check found, to people and to programs.
//
// A Report is plain values; each format is a function of it. Nothing here judges.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/policy"
)

// A Level is how bad a Finding is.
type Level string

// The levels.
const (
	Error   Level = "error"   // the Service would be refused
	Warning Level = "warning" // its author would be told
)

// A Finding is one thing that a rule noticed about a Service in a file.
type Finding struct {
	Service   string `json:"service"` // ns/name
	Level     Level  `json:"level"`
	Rule      string `json:"rule"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	Field     string `json:"field"`
	Value     string `json:"value,omitempty"`     // what is wrong there; empty when something is missing
	Message   string `json:"message"`             // continues Field and Value
	Fix       string `json:"fix,omitempty"`       // what to do
	Link      string `json:"link"`                // to the rule
	Exception string `json:"exception,omitempty"` // the reason why it does not count, as the Service gives it
}

// Place is where the finding is, as editors find it.
func (f Finding) Place() string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column) }

// Text is what is wrong, in a sentence without the fix.
func (f Finding) Text() string {
	words := []string{f.Field, f.Value, f.Message}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// A Service is one that was looked at.
type Service struct {
	Name     string // ns/name
	File     string
	Line     int // where its document begins
	Findings []Finding
}

// counting are its findings that count.
func (s Service) counting() []Finding {
	return slices.DeleteFunc(slices.Clone(s.Findings), func(f Finding) bool { return f.Exception != "" })
}

// An Omission is rules that were not checked, and why.
type Omission struct {
	Why   string   `json:"why"`
	Rules []string `json:"rules"`
}

// An Unread is something that could not be read.
type Unread struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 0: all of the file
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// A Report is what was found.
type Report struct {
	Version   string // of octagate
	Files     int
	Others    int // objects that are no Services
	Kindless  int // documents that do not say what they are
	Unread    []Unread
	Services  []Service
	Omissions []Omission
	Rules     []policy.Rule // that there are
}

// Findings are all findings, also those that do not count.
func (r Report) Findings() []Finding {
	all := []Finding{}
	for _, s := range r.Services {
		all = append(all, s.Findings...)
	}
	return all
}

// Count is how many findings of a level count.
func (r Report) Count(l Level) int {
	n := 0
	for _, f := range r.Findings() {
		if f.Level == l && f.Exception == "" {
			n++
		}
	}
	return n
}

// Exceptions is how many findings do not count.
func (r Report) Exceptions() int { return len(r.Findings()) - r.Count(Error) - r.Count(Warning) }

// A Format writes reports.
type Format struct {
	Name  string
	Write func(io.Writer, Report, output.Paint) error
}

// Formats are all that there are.
var Formats = []Format{
	{"text", Text}, {"json", JSON}, {"yaml", YAML}, {"sarif", SARIF}, {"junit", JUnit}, {"tap", TAP}, {"github", GitHub},
}

// FormatOf is the format of a name, and whether there is one.
func FormatOf(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}
