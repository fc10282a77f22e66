package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/cmd/octagate/preflight"
	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/openstack"
)

// A survey is what the flags of octagate preflight say.
type survey struct {
	config   string
	settings []string
	output   string
	failOn   string
	cloud    string
	alone    bool // there is no cluster to look at
}

func preflightCommand() *cobra.Command {
	var s survey
	formats := slices.Sorted(maps.Keys(preflight.Formats))
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Check the networks, the cloud and the cluster before they are built upon",
		Long: "Preflight checks the rules that networks have to keep for Services to become load\n" +
			"balancers, and what else the cloud has to have. It reads OpenStack as octagate run would,\n" +
			"and the cluster that KUBECONFIG names if there is one; it changes nothing. What cannot be\n" +
			"known is unchecked, never passed.\n\n" +
			"It exits with 0 if nothing failed, with 1 if something did, and with 2 if it could not\n" +
			"look, because a service of the cloud does not answer, or the configuration is wrong.",
		Example: "  octagate preflight --config octagate.yaml\n" +
			"  octagate preflight -o junit --fail-on warning > preflight.xml",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.run(c) },
	}
	c.Flags().StringVar(&s.config, "config", usualConfig, "the configuration file")
	c.Flags().StringArrayVar(&s.settings, "set", nil, "a value of the configuration, whatever the file says, such as octavia.provider=ovn (may be repeated)")
	c.Flags().StringVarP(&s.output, "output", "o", "text", "format: "+either(formats))
	c.Flags().StringVar(&s.failOn, "fail-on", preflight.Failure.String(), "what to exit with 1 for: failure or warning")
	c.Flags().BoolVar(&s.alone, "no-cluster", false, "do not look at the cluster")
	c.Flags().StringVar(&s.cloud, "cloud", "", "an entry of clouds.yaml (default: openstack.cloud of the configuration, else $OS_CLOUD, else $OS_AUTH_URL and its like)")
	offer(c, "output", formats...)
	offer(c, "fail-on", preflight.Failure.String(), preflight.Warning.String())
	offerFiles(c, "config", "yaml", "yml")
	return c
}

func (s survey) run(c *cobra.Command) error {
	write, known := preflight.Formats[s.output]
	if !known {
		return fmt.Errorf("--output %s: must be %s", s.output, either(slices.Sorted(maps.Keys(preflight.Formats))))
	}
	failOn, known := map[string]preflight.Severity{"failure": preflight.Failure, "warning": preflight.Warning}[s.failOn]
	if !known {
		return fmt.Errorf("--fail-on %s: must be failure or warning", s.failOn)
	}
	configuration, err := load(s.config, s.settings...)
	if err != nil {
		return err
	}
	g, err := s.ground(c.Context(), configuration)
	if err != nil {
		return err
	}
	r := preflight.Report{Version: version(), FailOn: failOn, Results: preflight.Run(g)}
	if err := write(c.OutOrStdout(), r, output.PaintFor(c.OutOrStdout())); err != nil {
		return err
	}
	if r.Fails() {
		return errFound
	}
	return nil
}

// ground is what is to be checked.
func (s survey) ground(ctx context.Context, c Configuration) (preflight.Ground, error) {
	g := preflight.Ground{ClusterName: c.ClusterName, Guarded: *c.Kubernetes.GuardAddresses, Policy: c.policy()}
	g.Cluster = uninhabited(errors.New("the cluster is not looked at (--no-cluster)"))
	if !s.alone {
		g.Cluster = inhabitants(ctx, g.Policy)
	}
	cloud, err := openstack.Configure(cmp.Or(s.cloud, c.OpenStack.Cloud), openstack.Rate(c.OpenStack.RateLimit))
	if err != nil {
		return g, err
	}
	cloud.Legacy = c.legacy()
	ranges, _ := g.Ranges()
	g.Cloud, err = cloud.Ground(ctx, ground.Question{
		ServiceSubnets: c.Neutron.serviceSubnets(), PodSubnets: c.Neutron.podSubnets(),
		ExternalNetwork: c.Neutron.ExternalNetwork, Flavor: c.Octavia.Flavor, APIs: preflight.APIs(ranges),
	})
	return g, err
}
