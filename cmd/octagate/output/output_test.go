package output

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPaint(t *testing.T) {
	if got := PaintFor(&bytes.Buffer{}).Mark(Bad, "ERROR"); got != "ERROR" {
		t.Errorf("%q where nobody sees colours", got)
	}
	if got := Paint(Tinted).Mark(Bad, "ERROR"); !strings.HasPrefix(got, "\x1b[31mERROR") {
		t.Errorf("%q on a terminal", got)
	}
	for claim, got := range map[string]string{"nothing": Paint(Tinted).Mark(Good, ""), "a plain word": Paint(Tinted).Mark(Plain, "x")} {
		if strings.Contains(got, "\x1b") {
			t.Errorf("%s is painted: %q", claim, got)
		}
	}
}

// What could not be written is remembered, and nothing is written after it.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	out := To(file)
	if _, err := out.Write([]byte("a")); err != nil || out.Err() != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, first := out.Write([]byte("b"))
	_, second := out.Write([]byte("c"))
	if first == nil || second != first || out.Err() != first || !strings.HasPrefix(first.Error(), "the output is not whole: write ") {
		t.Errorf("%v; %v; %v", first, second, out.Err())
	}
}
