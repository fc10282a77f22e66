package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/manifests/static"
	"github.com/octagate/octagate/policy"
)

func policiesCommand() *cobra.Command {
	var file string
	var mutating bool
	c := &cobra.Command{
		Use:   "policies",
		Short: "Print the policies by which the API server refuses bad Services by itself",
		Long: "Policies prints a ValidatingAdmissionPolicy that refuses what is wrong whatever the cloud says\n" +
			"and, with --mutating, a MutatingAdmissionPolicy (Kubernetes 1.36) that undoes what is forged, for the\n" +
			"time when octagate is away. Without a configuration they say what always holds where Services of type\n" +
			"ClusterIP, and LoadBalancer without a class, are octagate's, which is what ships. With it they also\n" +
			"know its types, class, protocols, service CIDRs and external network: print them again when it changes.",
		Example: "  octagate policies --config octagate.yaml | kubectl apply -f -\n  octagate policies --mutating | kubectl apply -f -",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := policies(file, mutating)
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
	c.Flags().StringVar(&file, "config", "", "the configuration file; none: what holds with any")
	c.Flags().BoolVar(&mutating, "mutating", false, "print the MutatingAdmissionPolicy, too")
	offerFiles(c, "config", "yaml", "yml")
	return c
}

// policies are one or both, as a manifest.
func policies(file string, both bool) ([]byte, error) {
	var known *policy.Config
	if file != "" {
		configuration, err := load(file)
		if err != nil {
			return nil, err
		}
		known = new(configuration.policy())
	}
	validating, err := static.ValidatingManifest(known)
	if err != nil || !both {
		return validating, err
	}
	mutating, err := static.MutatingManifest()
	return slices.Concat(validating, []byte("---\n"), mutating), err
}
