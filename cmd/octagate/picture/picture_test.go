package picture

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/cmd/octagate/translation"
)

var update = flag.Bool("update", false, "write what comes out into the files")

// Each file has a translation and the three drawings of it.
func TestDrawings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { compare(t, file) })
	}
}

func compare(t *testing.T, file string) {
	told, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(told)
	var all []Picture
	retold := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, ".yaml") {
			continue
		}
		var one translation.Translation
		if err := yaml.UnmarshalStrict(f.Data, &one); err != nil {
			t.Fatal(err)
		}
		all, retold.Files = append(all, Of(one)), append(retold.Files, f)
	}
	svg := SVG(all, Auto)
	retold.Files = append(retold.Files,
		txtar.File{Name: "svg", Data: []byte(svg)}, txtar.File{Name: "dot", Data: []byte(DOT(all))}, txtar.File{Name: "mermaid", Data: []byte(Mermaid(all))})
	now := txtar.Format(retold)
	if *update {
		if err := os.WriteFile(file, now, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(told), "\n"), strings.Split(string(now), "\n")); diff != "" {
		t.Errorf("to have it so: go test ./cmd/octagate/picture -update\n%s", diff)
	}
}

// Nothing lies upon anything else, and everything is within the picture.
func TestNothingOverlaps(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			var one translation.Translation
			if !strings.HasSuffix(f.Name, ".yaml") || yaml.Unmarshal(f.Data, &one) != nil {
				continue
			}
			apart(t, file+" "+f.Name, place(Of(one)))
		}
	}
}

// apart checks that every box has a place of its own, and that lines lead from boxes to boxes.
func apart(t *testing.T, where string, l layout) {
	t.Helper()
	ends := map[string]bool{}
	for _, g := range l.picture.Groups {
		ends[g.ID] = true
		for _, b := range g.Boxes {
			ends[b.ID] = true
		}
	}
	for _, line := range l.picture.Lines {
		if !ends[line.From] || !ends[line.To] {
			t.Errorf("%s: a line leads from %s to %s", where, line.From, line.To)
		}
	}
	seen := map[string]rect{}
	for _, g := range l.picture.Groups {
		for _, b := range g.Boxes {
			r, placed := l.boxes[b.ID]
			if !placed || r.X < 0 || r.right() > l.width || r.bottom() > l.height || r.W < b.width() {
				t.Errorf("%s: %s has no good place: %+v of %d, %d", where, b.ID, r, l.width, l.height)
			}
			for id, other := range seen {
				if r.X < other.right() && other.X < r.right() && r.Y < other.bottom() && other.Y < r.bottom() {
					t.Errorf("%s: %s lies upon %s", where, b.ID, id)
				}
			}
			seen[b.ID] = r
		}
	}
}
