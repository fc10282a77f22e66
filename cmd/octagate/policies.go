package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/manifests/static"
	"github.com/octagate/octagate/policy"
)

func policiesCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "policies",
		Short: "Print the policies by which the API server refuses bad Services by itself",
		Long: "Policies prints a ValidatingAdmissionPolicy that refuses what is wrong whatever the cloud says,\n" +
			"and a MutatingAdmissionPolicy (Kubernetes 1.36) that undoes what is forged, for the time when\n" +
			"octagate is away. Without a configuration they say what always holds where Services of type\n" +
			"ClusterIP, and LoadBalancer without a class, are octagate's, which is what ships. With it they also\n" +
			"know its types, class, protocols, service CIDRs and external network: print them again when it changes.",
		Example: "  octagate policies --config octagate.yaml | kubectl apply -f -",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := policies(file)
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
	c.Flags().StringVar(&file, "config", "", "the configuration file; none: what holds with any")
	return c
}

// policies are both, as a manifest.
func policies(file string) ([]byte, error) {
	var known *policy.Config
	if file != "" {
		configuration, err := load(file)
		if err != nil {
			return nil, err
		}
		known = new(configuration.policy())
	}
	validating, err := static.ValidatingManifest(known)
	if err != nil {
		return nil, err
	}
	mutating, err := static.MutatingManifest()
	return slices.Concat(validating, []byte("---\n"), mutating), err
}
