package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/fatih/color"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/cmd/octagate/report"
	"github.com/octagate/octagate/cmd/octagate/translation"
)

// The formats in which values are shown.
const (
	asText = "text"
	asJSON = "json"
	asYAML = "yaml"
)

// shown writes a value in a format: as text, or as what programs read.
func shown(w io.Writer, format string, value any, text func(translation.Paint) string) error {
	var data []byte
	var err error
	switch format {
	case asText:
		_, err := io.WriteString(w, text(ink(w)))
		return err
	case asJSON:
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(value)
	case asYAML:
		data, err = yaml.Marshal(value)
	}
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// chosen checks a value of --output.
func chosen(format string, choices ...string) error {
	for _, c := range choices {
		if format == c {
			return nil
		}
	}
	return fmt.Errorf("--output %s: must be %s", format, either(choices))
}

// tints are the colours of tones.
var tints = map[translation.Tone]color.Attribute{
	translation.Name: color.Bold, translation.Good: color.FgGreen, translation.Busy: color.FgYellow,
	translation.Bad: color.FgRed, translation.Faint: color.Faint,
}

// ink colours words on terminals, unless NO_COLOR is set.
func ink(w io.Writer) translation.Paint {
	if !report.Coloured(w) {
		return nil
	}
	return tinted
}

// tinted is a word in the colour of its tone.
func tinted(tone translation.Tone, word string) string {
	attribute, known := tints[tone]
	if !known {
		return word
	}
	c := color.New(attribute)
	c.EnableColor()
	return c.Sprint(word)
}
