package main

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// plugin is what the program has to be called to be kubectl octagate.
const plugin = "kubectl-octagate"

// invocation is octagate where an example calls it.
var invocation = regexp.MustCompile(`(^|[\s|])octagate ([a-z])`)

// called has help and examples speak of the program as people call it.
func called(root *cobra.Command, program string) *cobra.Command {
	if strings.TrimSuffix(filepath.Base(program), ".exe") != plugin {
		return root
	}
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl octagate"}
	speak(root)
	return root
}

// speak writes kubectl before each call in the examples of a command and of those under it.
func speak(c *cobra.Command) {
	c.Example = invocation.ReplaceAllString(c.Example, "${1}kubectl octagate ${2}")
	for _, under := range c.Commands() {
		speak(under)
	}
}
