package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what the commands of testdata say")

// The parts of a story that are not files to begin with.
const (
	argsPart = "args"  // the command line, less octagate
	saidPart = "said"  // what it writes, and its exit code
	stdin    = "stdin" // what it may read
	wrote    = "wrote/"
)

// Each story is a command line in a directory of files, and what comes of it.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d stories: %v", len(files), err)
	}
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(file, "testdata"+string(filepath.Separator))), ".txtar"), func(t *testing.T) {
			story, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			told := tell(t, story)
			if *update {
				if err := os.WriteFile(path, txtar.Format(told), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(story)), string(txtar.Format(told))); diff != "" {
				t.Errorf("(-update writes this)\n%s", diff)
			}
		})
	}
}

// tell runs the command of a story in a directory of its own, and is the story with what
// comes of it.
func tell(t *testing.T, story *txtar.Archive) *txtar.Archive {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	told := &txtar.Archive{Comment: story.Comment}
	parts := map[string]string{}
	for _, f := range story.Files {
		parts[f.Name] = string(f.Data)
		if f.Name == saidPart || strings.HasPrefix(f.Name, wrote) {
			continue
		}
		told.Files = append(told.Files, f)
		if f.Name == argsPart || f.Name == stdin {
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(f.Name), 0o700), os.WriteFile(f.Name, f.Data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	told.Files = append(told.Files, txtar.File{Name: saidPart, Data: saying(t, strings.Fields(parts[argsPart]), parts[stdin])})
	for _, f := range story.Files {
		if name, output := strings.CutPrefix(f.Name, wrote); output {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			told.Files = append(told.Files, txtar.File{Name: f.Name, Data: data})
		}
	}
	return told
}

// saying runs a command line, and is what it says, first on standard output.
func saying(t *testing.T, args []string, in string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := command()
	c.SetArgs(args)
	c.SetIn(strings.NewReader(in))
	c.SetOut(&stdout)
	c.SetErr(&stderr)
	err := c.ExecuteContext(t.Context())
	if err != nil && !errors.Is(err, errFound) {
		fmt.Fprintln(&stderr, "octagate:", err)
	}
	fmt.Fprintf(&stderr, "exit %d\n", code(err))
	return append(stdout.Bytes(), stderr.Bytes()...)
}
