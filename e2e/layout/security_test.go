package layout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// proof is the name of a test, or of a target of fuzzing.
var proof = regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`)

// declared is where a test begins.
var declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w+)\(`)

// Each threat names the tests that show what is done about it, and these are there.
func TestThreatsHaveProofs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, p := range packages(t) {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				there[m[1]] = true
			}
		}
	}
	threats := 0
	_, tables, _ := strings.Cut(string(page), "\n## The threats")
	for line := range strings.Lines(tables) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		shown := cells[len(cells)-1]
		if len(cells) < 3 || strings.Contains(line, "---|") || strings.TrimSpace(shown) == "shown by" {
			continue
		}
		threats++
		names := proof.FindAllString(shown, -1)
		if len(names) == 0 {
			t.Errorf("nothing shows what is done about:%s", cells[0]+cells[1])
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if threats < 18+15 {
		t.Errorf("%d threats were found", threats)
	}
}
