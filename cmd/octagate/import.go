package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/cmd/octagate/migrate"
)

func importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Turn the configuration of Kuryr or the cloud controller manager into octagate's",
		Long: "Import writes octagate.yaml, as far as the other configuration says what it says. Options\n" +
			"without an equivalent are named with their lines and the reason, on standard error and in\n" +
			"comments. What is a secret is not repeated.\n\n" +
			"It exits with 1 if something has to be filled in before octagate runs with it.",
		Example: "  octagate import kuryr /etc/kuryr/kuryr.conf > octagate.yaml\n" +
			"  octagate import occm cloud.conf --service-subnet ID --pod-subnet ID > octagate.yaml",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		importer("kuryr", "kuryr.conf of Kuryr-Kubernetes", "octagate import kuryr /etc/kuryr/kuryr.conf > octagate.yaml", migrate.Kuryr),
		importer("occm", "cloud.conf of the OpenStack cloud controller manager",
			"octagate import occm cloud.conf --service-subnet ID --pod-subnet ID > octagate.yaml", migrate.OCCM),
	)
	return c
}

// importer is the command for one of the others.
func importer(name, what, example string, read func([]byte, migrate.Choices) (migrate.Result, error)) *cobra.Command {
	var choices migrate.Choices
	c := &cobra.Command{
		Use:   name + " FILE|-",
		Short: "Turn " + what + " into octagate.yaml",
		Long: "It reads " + what + ", and prints octagate.yaml with a\n" +
			"comment on each value that says from which line it is. What has no equivalent is named. Which\n" +
			"subnets the cluster's are can be said beside it where the file does not.\n\n" +
			"It exits with 1 if something has to be filled in before octagate runs with it.",
		Example: "  " + example,
		Args: func(_ *cobra.Command, names []string) error {
			if len(names) != 1 {
				return errors.New("name one file, or - for standard input")
			}
			return nil
		},
		RunE: func(c *cobra.Command, names []string) error {
			source, err := content(c, names[0])
			if err != nil {
				return err
			}
			result, err := read(source, choices)
			if err != nil {
				return fmt.Errorf("%s:%w", names[0], err)
			}
			return imported(c, names[0], result)
		},
	}
	c.Flags().StringVar(&choices.ClusterName, "cluster-name", "kubernetes", "what marks the cluster's load balancers in the OpenStack project")
	c.Flags().StringVar(&choices.ServiceSubnet, "service-subnet", "", "ID of the subnet of the ClusterIPs")
	c.Flags().StringVar(&choices.PodSubnet, "pod-subnet", "", "ID of the subnet of the Pods")
	return c
}

// content is a file, or standard input.
func content(c *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(c.InOrStdin())
	}
	return os.ReadFile(name)
}

// imported writes a configuration, what it leaves out, and what is wrong with it.
func imported(c *cobra.Command, name string, r migrate.Result) error {
	if _, err := c.OutOrStdout().Write(r.Text); err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintf(c.ErrOrStderr(), "%s:%d: %s: %s\n", name, n.Line, n.Option, n.Text)
	}
	if _, err := parse(usualConfig, r.Text); err != nil {
		fmt.Fprintf(c.ErrOrStderr(), "octagate does not run with this yet:\n%s\n", err)
		return errFound
	}
	return nil
}
