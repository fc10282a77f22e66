package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// completed is what a shell is told to complete a command line with.
func completed(t *testing.T, line string) []string {
	t.Helper()
	var said bytes.Buffer
	c := command()
	c.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, strings.Split(line, " ")...))
	c.SetOut(&said)
	c.SetErr(&bytes.Buffer{})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(said.String())
	return slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, ":") })
}

func TestValuesAreCompleted(t *testing.T) {
	t.Setenv("KUBECONFIG", "none")
	for line, want := range map[string]string{
		"check -o ":               "text json yaml sarif junit tap github",
		"check -o sarif=":         "",
		"check --fail-on ":        "error warning",
		"check --facts ":          "json yaml",
		"preflight -o ":           "json junit text yaml",
		"preflight --fail-on ":    "failure warning",
		"preflight --config ":     "yaml yml",
		"plan --output ":          "text json yaml",
		"plan --live ":            "",
		"tree -o ":                "text json yaml",
		"graph -o ":               "svg dot mermaid",
		"graph --theme ":          "auto light dark",
		"adopt -o ":               "text json yaml",
		"network apply --layout ": "two-subnets single-subnet",
		"rules protocol ":         "",
		"import ":                 "kuryr occm",
		"completion ":             "bash fish powershell zsh",
	} {
		if got := strings.Join(completed(t, line), " "); got != want {
			t.Errorf("octagate %s: %q, want %q", line, got, want)
		}
	}
}

// Whatever takes one of a few words offers them.
func TestFormatsAreOfferedEverywhere(t *testing.T) {
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		for _, name := range []string{"output", "fail-on", "theme", "layout"} {
			if _, offered := c.GetFlagCompletionFunc(name); c.Flags().Lookup(name) != nil && !offered {
				t.Errorf("%s --%s offers nothing", c.CommandPath(), name)
			}
		}
		for _, under := range c.Commands() {
			look(under)
		}
	}
	look(command())
}
