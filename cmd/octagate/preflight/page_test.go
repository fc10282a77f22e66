package preflight

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the page of all checks")

//go:embed testdata/page.md
var frame string

// page is README.md: what there is to know of every check.
func page() string {
	var contents, chapters strings.Builder
	for _, c := range checks {
		file := "check_" + strings.ReplaceAll(c.name, "-", "_") + ".go"
		fmt.Fprintf(&contents, "| [`%s`](#%s) | %s |\n", c.name, c.name, c.what)
		fmt.Fprintf(&chapters, "\n## %s\n\n%s: %s. ([%s](%s))\n", c.name, c.what, c.why, file, file)
	}
	return strings.TrimRight(fmt.Sprintf(frame, contents.String(), chapters.String()), "\n") + "\n"
}

func TestPage(t *testing.T) {
	if *update {
		if err := os.WriteFile("README.md", []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page() {
		t.Error("README.md is not what the checks say: make generate")
	}
}

// Every check has a file by its name, and says something.
func TestChecksExplainThemselves(t *testing.T) {
	for _, c := range checks {
		if _, err := os.Stat("check_" + strings.ReplaceAll(c.name, "-", "_") + ".go"); err != nil {
			t.Error(err)
		}
		if c.what == "" || c.why == "" || strings.HasSuffix(c.what, ".") || strings.HasSuffix(c.why, ".") {
			t.Errorf("%s: %q %q", c.name, c.what, c.why)
		}
	}
}
