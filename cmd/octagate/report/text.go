package report

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// Text is the report as people read it: each finding on a line that editors can follow,
// what to do below it, and a summary. It is coloured where the output is a terminal.
func Text(w io.Writer, r Report) error {
	p, ink := &printer{w: w}, inks(w)
	for _, f := range r.Findings() {
		if f.Exception == "" {
			p.finding(f, ink)
		}
	}
	for _, o := range r.Omissions {
		p.line("%s %s: %s\n", ink.faint.Sprint("not checked,"), o.Why, strings.Join(o.Rules, ", "))
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

// An ink is the colours of a text.
type ink struct {
	levels map[Level]*color.Color
	faint  *color.Color
}

// Coloured reports whether colours are seen, and wanted, where w leads: on a terminal, unless
// NO_COLOR is set.
func Coloured(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""
}

// inks are colours for terminals, unless NO_COLOR is set, and none for anything else.
func inks(w io.Writer) ink {
	coloured := Coloured(w)
	of := func(attributes ...color.Attribute) *color.Color {
		c := color.New(attributes...)
		if c.DisableColor(); coloured {
			c.EnableColor()
		}
		return c
	}
	return ink{map[Level]*color.Color{Error: of(color.FgRed, color.Bold), Warning: of(color.FgYellow)}, of(color.Faint)}
}

func (p *printer) finding(f Finding, ink ink) {
	p.line("%s: %s: Service %s: %s\n", f.Place(), ink.levels[f.Level].Sprintf("%s[%s]", f.Level, f.Rule), f.Service, f.Text())
	if f.Fix != "" {
		p.line("    %s\n", f.Fix)
	}
	if f.Link != "" {
		p.line("    %s\n", ink.faint.Sprint(f.Link))
	}
}

// Summary is the report in a sentence.
func (r Report) Summary() string {
	s := fmt.Sprintf("%s in %s: %s, %s", count(len(r.Services), "Service"), count(r.Files, "file"), count(r.Count(Error), "error"), count(r.Count(Warning), "warning"))
	if n := r.Exceptions(); n > 0 {
		s += fmt.Sprintf("; %s made by the Services", count(n, "exception"))
	}
	if r.Others > 0 {
		s += fmt.Sprintf("; %s skipped", count(r.Others, "other object"))
	}
	if r.Kindless > 0 {
		s += fmt.Sprintf("; %s without a kind skipped", count(r.Kindless, "document"))
	}
	return s
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
