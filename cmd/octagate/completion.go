package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// offer has shells complete the value of a flag by one of a few words.
func offer(c *cobra.Command, flag string, words ...string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// offerFiles has shells complete the value of a flag by files.
func offerFiles(c *cobra.Command, flag string, extensions ...string) {
	_ = c.MarkFlagFilename(flag, extensions...)
}

// offerDestinations has shells complete formats, and files after an equals sign.
func offerDestinations(c *cobra.Command, flag string, formats []string) {
	_ = c.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(begun, "=") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return formats, cobra.ShellCompDirectiveNoFileComp
	})
}
