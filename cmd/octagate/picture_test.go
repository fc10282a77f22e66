package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The picture in README.md is what octagate graph draws of its example; -update draws it.
func TestThePictureOfTheReadmeIsCurrent(t *testing.T) {
	t.Chdir("picture") // where no configuration lies
	var drawn, said bytes.Buffer
	c := command()
	c.SetArgs([]string{"graph", "-f", "example.yaml"})
	c.SetOut(&drawn)
	c.SetErr(&said)
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v %s", err, said.String())
	}
	const file = "example.svg"
	if *update {
		if err := os.WriteFile(file, drawn.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(was), drawn.String()); diff != "" {
		t.Errorf("make generate draws it anew:\n%s", diff)
	}
}
