package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/cmd/octagate/translation"
)

// A planning is what the flags of octagate plan say.
type planning struct {
	forecast forecast
	live     string
	output   string
}

func planCommand() *cobra.Command {
	var p planning
	c := &cobra.Command{
		Use:   "plan FILE|DIRECTORY|GLOB|-... | --live NAMESPACE/NAME",
		Short: "Show what would be made of Services, and by which steps",
		Long: "Plan shows what becomes of the Services in files: what policy says, the load balancer that\n" +
			"they get, and the steps that make it where there is nothing yet. Members are those of the\n" +
			"EndpointSlices in the files, if there are any.\n\n" +
			"With --live it shows what the reconciler would do now about a Service of the cluster, and\n" +
			"why: it observes the cloud as the reconciler does, and takes no step.\n\n" +
			"It exits with 1 if a Service is denied, and with 2 if something cannot be read.",
		Example: "  octagate plan service.yaml\n" +
			"  octagate plan manifests/ --facts facts.json -o yaml\n" +
			"  octagate plan --live shop/web",
		RunE: func(c *cobra.Command, names []string) error { return p.run(c, names) },
	}
	p.forecast.flags(c)
	c.Flags().StringVar(&p.live, "live", "", "a Service of the cluster, as NAMESPACE/NAME")
	c.Flags().StringVarP(&p.output, "output", "o", asText, "text, json or yaml")
	offer(c, "output", asText, asJSON, asYAML)
	_ = c.RegisterFlagCompletionFunc("live", serviceNames)
	return c
}

func (p planning) run(c *cobra.Command, names []string) error {
	if err := chosen(p.output, asText, asJSON, asYAML); err != nil {
		return err
	}
	made, err := p.translate(c, names)
	if err != nil {
		return err
	}
	err = shown(c.OutOrStdout(), p.output, made, func(paint output.Paint) string {
		var b strings.Builder
		for _, t := range made.Services {
			fmt.Fprintln(&b, t.Account(paint))
		}
		for _, o := range made.NotChecked {
			fmt.Fprintf(&b, "not checked, %s: %s\n", o.Why, strings.Join(o.Rules, ", "))
		}
		return b.String()
	})
	if err == nil && slices.ContainsFunc(made.Services, func(t translation.Translation) bool { return t.Verdict == translation.Denied }) {
		return errFound
	}
	return err
}

func (p planning) translate(c *cobra.Command, names []string) (translations, error) {
	switch {
	case p.live != "" && p.forecast.source.facts != "":
		return translations{}, errors.New("--facts and --live: the reconciler asks the cloud itself")
	case p.live != "" && len(names) > 0:
		return translations{}, errors.New("name files, or a Service of the cluster by --live, not both")
	case p.live != "":
		t, err := foreseen(c, p.forecast.source, p.live)
		return translations{Services: []translation.Translation{t}}, err
	case len(names) == 0:
		return translations{}, errors.New("name files with Services (- is standard input), or a Service of the cluster by --live NAMESPACE/NAME")
	}
	return p.forecast.translate(c, names)
}
