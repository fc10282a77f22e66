package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// help is what a program of a name says of one of its commands.
func help(t *testing.T, program string, args ...string) string {
	t.Helper()
	var said bytes.Buffer
	c := called(command(), program)
	c.SetArgs(append(args, "--help"))
	c.SetOut(&said)
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func TestHelpSpeaksOfTheProgramAsItIsCalled(t *testing.T) {
	for program, want := range map[string][]string{
		"/usr/bin/octagate":             {"\n  octagate plan FILE", "\n  octagate plan --live shop/web"},
		"/usr/local/bin/" + plugin:      {"\n  kubectl octagate plan FILE", "\n  kubectl octagate plan --live shop/web"},
		"C/bin/" + plugin + ".exe":      {"\n  kubectl octagate plan FILE"},
		filepath.Join("x", "octagated"): {"\n  octagate plan FILE"},
	} {
		for _, words := range want {
			if said := help(t, program, "plan"); !strings.Contains(said, words) {
				t.Errorf("%s does not say %q:\n%s", program, words, said)
			}
		}
	}
	if said := help(t, plugin, "graph"); strings.Contains(said, "\n  octagate ") || !strings.Contains(said, "  kubectl octagate graph -o dot | dot") {
		t.Errorf("got %s", said)
	}
}

// Every command tells what it is for, and those that do something show how.
func TestCommandsExplainThemselves(t *testing.T) {
	for _, c := range command().Commands() {
		if c.Short == "" || c.Long != "" && c.Example == "" {
			t.Errorf("octagate %s: %q, %q", c.Name(), c.Short, c.Example)
		}
	}
}

func TestCompletionIsThereForFourShells(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var said bytes.Buffer
		c := command()
		c.SetArgs([]string{"completion", shell})
		c.SetOut(&said)
		if err := c.Execute(); err != nil || !strings.Contains(said.String(), "octagate") {
			t.Errorf("%s: %v", shell, err)
		}
	}
}

// Without a cluster nothing is offered, and nobody waits.
func TestCompletionWithoutACluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	c := treeCommand()
	c.SetContext(context.Background())
	names, directive := serviceNames(c, nil, "")
	if len(names) != 0 || directive != cobra.ShellCompDirectiveNoFileComp {
		t.Errorf("got %v %v", names, directive)
	}
	if names, _ := serviceNames(c, []string{"shop/web"}, ""); len(names) != 0 {
		t.Errorf("got %v", names)
	}
}
