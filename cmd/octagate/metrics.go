package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/certs"
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
	return &cobra.Command{
		Use:   "metrics",
		Short: "Print the catalogue of all metrics, as Markdown",
		Args:  cobra.NoArgs,
		Run:   func(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), metric.Reference(catalogue())) },
	}
}
