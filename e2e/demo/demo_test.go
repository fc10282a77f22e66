package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryExampleIsPlayed(t *testing.T) {
	var played, there []string
	for _, a := range append(good(), bad()...) {
		played = append(played, a.service+".yaml")
		if !strings.Contains(text(a.service), "name: "+a.service+"\n") {
			t.Errorf("%s does not make the Service %s", example(a.service), a.service)
		}
		if a.refused && remarkable(a.service) == "" {
			t.Errorf("%s marks no line as bad", example(a.service))
		}
	}
	files, err := examples.ReadDir("examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		there = append(there, f.Name())
	}
	slices.Sort(played)
	if d := cmp.Diff(there, played); d != "" {
		t.Errorf("examples that are there (-) and played (+):\n%s", d)
	}
}
