package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/spelling"
)

func rulesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rules [RULE]",
		Short: "Explain the rules that Services are judged by",
		Long: "Rules prints the catalogue of rules, or one of them with all that is specified of it, an\n" +
			"example that it refuses and one that passes. It asks nobody.",
		Example: "  octagate rules\n  octagate rules floating-ip-free",
		Args:    atMostOne("rule"),
		ValidArgsFunction: func(_ *cobra.Command, named []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(named) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return ruleNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, names []string) error {
			if len(names) == 0 {
				return listRules(c.OutOrStdout())
			}
			return explainRule(c.OutOrStdout(), names[0])
		},
	}
}

func ruleNames() []string {
	var names []string
	for _, r := range policy.Catalogue() {
		names = append(names, r.Name)
	}
	return names
}

func listRules(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range policy.Catalogue() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.Name, r.Does, plain.Replace(r.Sentence))
	}
	return table.Flush()
}

// explainRule prints a chapter of the catalogue without what only a browser shows.
func explainRule(w io.Writer, name string) error {
	all := policy.Catalogue()
	i := slices.IndexFunc(all, func(r policy.Rule) bool { return r.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no rule %q%s", name, spelling.DidYouMean(name, ruleNames()))
	}
	fmt.Fprintf(w, "%s\n\n", name)
	for line := range strings.Lines(all[i].Chapter) {
		if text, shown := readable(line); shown {
			fmt.Fprint(w, text)
		}
	}
	return nil
}

// readable is a line of Markdown for a terminal, and whether anything is left of it.
func readable(line string) (string, bool) {
	switch trimmed := strings.TrimSpace(line); {
	case trimmed == "| | |", trimmed == "|---|---|", strings.HasPrefix(trimmed, "```"), trimmed == "</details>":
		return "", false
	case strings.HasPrefix(trimmed, "| **"):
		label, text, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(trimmed, "| **"), " |"), "** | ")
		return fmt.Sprintf("%-8s %s\n", label+":", plain.Replace(text)), true
	case strings.HasPrefix(trimmed, "<details><summary>"):
		return strings.NewReplacer("<details><summary>", "", "</summary>", ":\n").Replace(trimmed), true
	}
	return plain.Replace(line), true
}

// plain takes off what Markdown marks words with.
var plain = strings.NewReplacer("`", "", "**", "")
