package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed examples
var examples embed.FS

// example is a manifest as it is typed after -f: examples/NAME.yaml.
func example(name string) string { return "examples/" + name + ".yaml" }

// unpack writes the examples where kubectl is run, so that its messages name them as a
// user of the checkout would see them.
func unpack(dir string) error {
	if err := os.CopyFS(dir, examples); err != nil {
		return fmt.Errorf("writing the examples to %s: %w", filepath.Join(dir, "examples"), err)
	}
	return nil
}

// text is a whole manifest.
func text(name string) string {
	content, err := examples.ReadFile(example(name))
	if err != nil {
		return err.Error()
	}
	return string(content)
}

// remarkable are the lines of a manifest that bear a comment: what is wrong with it.
func remarkable(name string) string {
	var lines []string
	for line := range strings.Lines(text(name)) {
		if strings.Contains(line, "  # ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n")
}
