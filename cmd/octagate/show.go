package main

import (
	"fmt"
	"io"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// The formats in which values are shown.
const (
	asText = "text"
	asJSON = "json"
	asYAML = "yaml"
)

// shown writes a value in a format: as text, or as what programs read.
func shown(w io.Writer, format string, value any, text func(output.Paint) string) error {
	switch format {
	case asJSON:
		return output.JSON(w, value)
	case asYAML:
		return output.YAML(w, value)
	}
	_, err := io.WriteString(w, text(output.PaintFor(w)))
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
