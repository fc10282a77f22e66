package migrate

import (
	"bytes"
	"fmt"
	"strings"
)

// oslo reads a file in the dialect of oslo.config: keys at the beginning of lines, lines
// that go on where the next is indented, comments after # or ; in lines of their own.
//
// It is short enough to be ours: the libraries for INI files neither tell lines nor know
// this dialect, and half a kuryr.conf is about what has to be named with its line.
func oslo(source []byte) ([]Option, error) {
	source, err := textual(source)
	if err != nil {
		return nil, err
	}
	var all []Option
	section, open, number := "DEFAULT", false, 0
	for raw := range bytes.Lines(source) {
		number++
		line := strings.TrimRight(string(raw), "\r\n")
		text := strings.TrimSpace(line)
		switch {
		case text == "":
			open = false
		case text[0] == '#' || text[0] == ';':
		case line[0] == ' ' || line[0] == '\t':
			if !open {
				return nil, fmt.Errorf("%d:1: an indented line goes on with nothing", number)
			}
			all[len(all)-1].Value += "," + text
		case text[0] == '[':
			name, closed := strings.CutSuffix(text[1:], "]")
			if !closed || name == "" {
				return nil, fmt.Errorf("%d:1: is not a section, such as [kubernetes]", number)
			}
			section, open = name, false
		default:
			at := strings.IndexAny(line, ":=")
			if at <= 0 {
				return nil, fmt.Errorf("%d:1: has neither = nor :", number)
			}
			open = true
			all = append(all, Option{section, strings.TrimSpace(line[:at]), bare(strings.TrimSpace(line[at+1:])), number})
		}
	}
	return latest(all), nil
}

// bare is a value less the quotation marks around it.
func bare(value string) string {
	if n := len(value); n > 1 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		return value[1 : n-1]
	}
	return value
}

// latest are the options of which each is there once: the last one counts.
func latest(all []Option) []Option {
	last := map[[2]string]int{}
	for i, o := range all {
		last[[2]string{o.Section, o.Name}] = i
	}
	var some []Option
	for i, o := range all {
		if last[[2]string{o.Section, o.Name}] == i {
			some = append(some, o)
		}
	}
	return some
}
