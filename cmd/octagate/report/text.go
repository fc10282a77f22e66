package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// Text is the report as people read it: each finding on a line that editors can follow,
// what to do below it, and a summary.
func Text(w io.Writer, r Report, paint output.Paint) error {
	p := &printer{w: w}
	for _, f := range r.Findings() {
		if f.Exception == "" {
			p.finding(f, paint)
		}
	}
	for _, o := range r.Omissions {
		p.line("%s %s: %s\n", paint.Mark(output.Faint, "not checked,"), o.Why, strings.Join(o.Rules, ", "))
	}
	p.line("%s\n", r.Summary())
	return p.err
}

// A printer writes lines until one cannot be written.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, a ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, a...)
	}
}

// levels are how findings are meant.
var levels = map[Level]output.Tone{Error: output.Bad, Warning: output.Busy}

func (p *printer) finding(f Finding, paint output.Paint) {
	p.line("%s: %s: Service %s: %s\n", f.Place(), paint.Mark(levels[f.Level], fmt.Sprintf("%s[%s]", f.Level, f.Rule)), f.Service, f.Text())
	if f.Fix != "" {
		p.line("    %s\n", f.Fix)
	}
	if f.Link != "" {
		p.line("    %s\n", paint.Mark(output.Faint, f.Link))
	}
}

// Summary is the report in a sentence.
func (r Report) Summary() string {
	s := fmt.Sprintf("%s in %s: %s, %s", output.Count(len(r.Services), "Service"), output.Count(r.Files, "file"), output.Count(r.Count(Error), "error"), output.Count(r.Count(Warning), "warning"))
	if n := r.Exceptions(); n > 0 {
		s += fmt.Sprintf("; %s made by the Services", output.Count(n, "exception"))
	}
	if n := len(r.Unread); n > 0 {
		s += fmt.Sprintf("; %d could not be read", n)
	}
	if r.Others > 0 {
		s += fmt.Sprintf("; %s skipped", output.Count(r.Others, "other object"))
	}
	if r.Kindless > 0 {
		s += fmt.Sprintf("; %s without a kind skipped", output.Count(r.Kindless, "document"))
	}
	return s
}
