package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// The colours, as far as there are any.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
)

// A screen is where the story is told: a terminal, or a file that knows neither
// colours nor lines that change.
type screen struct {
	out      *os.File
	terminal bool
	colour   bool
	shown    string    // the progress on the screen now
	step     string    // the step that is under way
	began    time.Time // when it began
}

func newScreen(out *os.File) *screen {
	terminal := term.IsTerminal(int(out.Fd())) && os.Getenv("TERM") != "dumb"
	return &screen{out: out, terminal: terminal, colour: terminal && os.Getenv("NO_COLOR") == ""}
}

func (s *screen) line(text string) { fmt.Fprintln(s.out, text) }

func (s *screen) paint(colour, text string) string {
	if !s.colour {
		return text
	}
	return "\033[" + colour + "m" + text + "\033[0m"
}

// heading begins a scene: its title, and what is going on in plain words.
func (s *screen) heading(title, text string) {
	s.line("\n" + s.paint(bold, title))
	s.block("", text)
}

// block is text of several lines, each behind the margin.
func (s *screen) block(colour, text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimRight(line, "\n")
		if colour != "" {
			line = s.paint(colour, line)
		}
		s.line("  " + line)
	}
}

// inset is a list that belongs to the line before.
func (s *screen) inset(text string) {
	for line := range strings.Lines(text) {
		s.line("    " + s.paint(faint, strings.TrimRight(line, "\n")))
	}
}

// command is what a user would type.
func (s *screen) command(words ...string) {
	typed := "$"
	for _, word := range words {
		typed += " " + quote(word)
	}
	s.line("\n  " + s.paint(bold, typed))
}

// quote protects a word from the shell, where it has to be.
func quote(word string) string {
	if strings.ContainsAny(word, ` "?[]()@`) {
		return "'" + word + "'"
	}
	return word
}

// outcome tells whether something was as expected.
func (s *screen) outcome(what string, err error) {
	if err == nil {
		s.line("\n  " + s.paint(green, "✓ as expected: "+what))
		return
	}
	s.line("\n  " + s.paint(red, "✗ not as expected: "+what))
	s.block(red, err.Error())
}

// progress is one line that changes on a terminal; elsewhere each change is a line.
func (s *screen) progress(what string, since time.Time) {
	if s.terminal {
		fmt.Fprintf(s.out, "\r\033[K  %s %s", what, s.paint(faint, elapsed(since)))
	} else if what != s.shown {
		s.line("  " + what)
	}
	s.shown = what
}

// progressed ends a line of progress.
func (s *screen) progressed() {
	if s.terminal && s.shown != "" {
		fmt.Fprint(s.out, "\r\033[K")
	}
	s.shown = ""
}

// begin tells which step is under way, and that the one before is done.
func (s *screen) begin(step string) {
	s.done()
	s.step, s.began = step, time.Now()
	if s.terminal {
		fmt.Fprintf(s.out, "  %-50s", step+" …")
	}
}

// done ends the step that is under way, if there is one.
func (s *screen) done() {
	if s.step == "" {
		return
	}
	if s.terminal {
		fmt.Fprint(s.out, "\r\033[K")
	}
	s.line(fmt.Sprintf("  %-50s %s", s.step, s.paint(faint, elapsed(s.began))))
	s.step = ""
}

func elapsed(since time.Time) string { return fmt.Sprintf("%.1f s", time.Since(since).Seconds()) }
