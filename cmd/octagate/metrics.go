package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/certs"
	"github.com/octagate/octagate/manifests/dashboard"
	"github.com/octagate/octagate/manifests/metric"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/webhook"
	"github.com/octagate/octagate/webhook/enforce"
)

// catalogue is every metric that octagate exports, but for those of its libraries.
func catalogue() []metric.Def {
	return slices.Concat(webhook.Metrics(), certs.Metrics(), enforce.Metrics(), openstack.Metrics(), reconcile.Metrics())
}

func metricsCommand() *cobra.Command {
	var drawn bool
	c := &cobra.Command{
		Use:   "metrics",
		Short: "Print the catalogue of all metrics, as Markdown or as a dashboard",
		Long: "Metrics prints every metric that octagate exports, with its labels and what it is for. It asks\n" +
			"nobody.",
		Example: "  octagate metrics\n  octagate metrics --dashboard > dashboard.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text := []byte(metric.Reference(catalogue()))
			if drawn {
				var err error
				if text, err = dashboard.Grafana(catalogue()); err != nil {
					return err
				}
			}
			_, err := c.OutOrStdout().Write(text)
			return err
		},
	}
	c.Flags().BoolVar(&drawn, "dashboard", false, "as a dashboard for Grafana, in JSON")
	return c
}
