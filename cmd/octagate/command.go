package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/policy/annotation"
)

// command is the command line.
func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "octagate",
		Short:         "Kubernetes Services on OpenStack: judged when applied, balanced by Octavia",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		runCommand(),
		checkCommand(),
		planCommand(),
		treeCommand(),
		graphCommand(),
		importCommand(),
		adoptCommand(),
		factsCommand(),
		rulesCommand(),
		preflightCommand(),
		networkCommand(),
		annotationsCommand(),
		metricsCommand(),
		disarmCommand(),
		policiesCommand(),
		versionCommand(),
	)
	return root
}

// atMostOne refuses all arguments but one.
func atMostOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("name one %s, not %d (%s)", what, len(args), strings.Join(args, ", "))
		}
		return nil
	}
}

func runCommand() *cobra.Command {
	var file string
	var settings []string
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the admission webhook and the reconciler",
		Long: "Run answers the API server's admission requests for Services and, on the leader,\n" +
			"builds their load balancers. The cluster is found by KUBECONFIG or from inside a Pod,\n" +
			"the cloud by openstack.cloud of the configuration file, else by OS_CLOUD or OS_* variables.",
		Example: "  octagate run --config octagate.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			configuration, err := load(file, settings...)
			if err != nil {
				return err
			}
			return run(c.Context(), configuration)
		},
	}
	c.Flags().StringVar(&file, "config", "octagate.yaml", "the configuration file")
	c.Flags().StringArrayVar(&settings, "set", nil, "a value of the configuration, whatever the file says, such as octavia.backend=octavia (may be repeated)")
	offerFiles(c, "config", "yaml", "yml")
	return c
}

func annotationsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "annotations",
		Short: "Print the reference of all annotations, as Markdown",
		Args:  cobra.NoArgs,
		Run:   func(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), annotation.Reference()) },
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run:   func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), version()) },
	}
}

// version is the module's version, as the Go toolchain recorded it.
func version() string {
	if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" {
		return build.Main.Version
	}
	return "(devel)"
}
