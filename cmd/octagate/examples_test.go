package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// calls are the calls of octagate in the examples of a command and of those under it.
func calls(c *cobra.Command) (all []string) {
	for line := range strings.Lines(c.Example) {
		for part := range strings.SplitSeq(line, "|") {
			if call, ours := strings.CutPrefix(strings.TrimSpace(part), "octagate "); ours {
				call, _, _ = strings.Cut(call, " >")
				all = append(all, call)
			}
		}
	}
	for _, under := range c.Commands() {
		all = append(all, calls(under)...)
	}
	return all
}

// Each example is of a command that there is, with flags and arguments that it takes.
func TestExamplesAreOfCommandsThatThereAre(t *testing.T) {
	all := calls(command())
	if len(all) < 25 {
		t.Errorf("there are only %d examples", len(all))
	}
	for _, call := range all {
		c, rest, err := command().Find(strings.Fields(call))
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err == nil {
			err = c.ValidateArgs(c.Flags().Args())
		}
		if err == nil {
			err = c.ValidateFlagGroups()
		}
		if err != nil || !c.Runnable() {
			t.Errorf("octagate %s: %v", call, err)
		}
	}
}

// Everything that can be run shows how, but what needs no more than its name.
func TestEveryCommandShowsHow(t *testing.T) {
	for _, line := range []string{"run", "check", "plan", "tree", "graph", "import kuryr", "import occm", "adopt", "facts", "rules", "preflight", "network plan", "network apply", "metrics", "disarm", "policies"} {
		if c, _, err := command().Find(strings.Fields(line)); err != nil || c.Example == "" || c.Long == "" {
			t.Errorf("octagate %s: %v %q %q", line, err, c.Long, c.Example)
		}
	}
}
