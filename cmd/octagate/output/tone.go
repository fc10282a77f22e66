// Package output writes what commands have to say: values as programs read them, and words
// in colours where people see them. What is said is the commands' own.
package output

import (
	"io"
	"os"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// A Tone is how a word is meant, for those who paint it.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Name       // what something is called
	Good       // as it should be
	Busy       // not yet, or not quite
	Bad        // somebody has to do something
	Faint      // by the way
)

// A Paint colours words; nil leaves them as they are.
type Paint func(Tone, string) string

// Mark is a word in the colour of its tone.
func (p Paint) Mark(tone Tone, word string) string {
	if p == nil || word == "" {
		return word
	}
	return p(tone, word)
}

// PaintFor is for words that are written to w: colours on a terminal, unless NO_COLOR is
// set or the terminal knows none, and none on anything else.
func PaintFor(w io.Writer) Paint {
	file, ok := w.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return Tinted
}

// tints are the colours of tones.
var tints = map[Tone]color.Attribute{Name: color.Bold, Good: color.FgGreen, Busy: color.FgYellow, Bad: color.FgRed, Faint: color.Faint}

// Tinted is a Paint for terminals.
func Tinted(tone Tone, word string) string {
	attribute, known := tints[tone]
	if !known {
		return word
	}
	c := color.New(attribute)
	c.EnableColor()
	return c.Sprint(word)
}
