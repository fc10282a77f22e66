package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/network"
	"github.com/octagate/octagate/reconcile/openstack"
)

// A laying is what the flags of octagate network say.
type laying struct {
	cloud          string
	cluster        string
	layout         string
	pods, services string
	router         string
	external       string
	externalSubnet string
	provider       string
	servers        []string
	yes            bool
}

func networkCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "network",
		Short: "Make the networks of a cluster in OpenStack",
		Long: "Network makes what is otherwise made by hand: networks, subnets with their\n" +
			"allocation pools and gateways, a router with a port at each gateway and, where API servers\n" +
			"are named, their load balancer at the first address of the service range. It does again\n" +
			"what is missing, and nothing else; it changes only what it made, which it knows by its\n" +
			"description. What stands in its way it names, before it makes anything.",
		Example: "  octagate network plan --cluster-name production --layout two-subnets\n" +
			"  octagate network apply --cluster-name production --layout two-subnets > octagate.yaml",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(networkPlanCommand(), networkApplyCommand())
	return c
}

func networkPlanCommand() *cobra.Command {
	var l laying
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do",
		Long: "Plan shows the steps that apply would take, and changes nothing. Where nothing is left to\n" +
			"do it prints octagate.yaml for these networks. It exits with 1 if something is in the way.",
		Example: "  octagate network plan --cluster-name production --external-network 3b4eb25e-e103-491f-a640-a6246d588561",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return l.plan(c) },
	}
	l.flags(c)
	return c
}

func networkApplyCommand() *cobra.Command {
	var l laying
	c := &cobra.Command{
		Use:   "apply",
		Short: "Make the networks, after showing how",
		Long: "Apply shows what it would do and asks. Then it takes one step after the other and prints\n" +
			"octagate.yaml for these networks; what else it says goes to standard error. One that was\n" +
			"stopped is resumed by the same command. It exits with 1 if something is in the way, and then\n" +
			"has made nothing.",
		Example: "  octagate network apply --cluster-name production --layout single-subnet --yes > octagate.yaml\n" +
			"  octagate network apply --cluster-name production --api-server 192.168.1.2 --api-server 192.168.1.3:6443",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return l.apply(c) },
	}
	l.flags(c)
	c.Flags().BoolVar(&l.yes, "yes", false, "do not ask")
	return c
}

func (l *laying) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.cloud, "cloud", "", "an entry of clouds.yaml (default: $OS_CLOUD, else $OS_AUTH_URL and its like)")
	f.StringVar(&l.cluster, "cluster-name", "kubernetes", "clusterName of octagate.yaml, unique in the project; it begins all names")
	f.StringVar(&l.layout, "layout", string(network.TwoSubnets), "two-subnets: Pods and Services apart; single-subnet: in one")
	offer(c, "layout", string(network.TwoSubnets), string(network.SingleSubnet))
	f.StringVar(&l.pods, "pod-cidr", "", "the pod subnet (default 10.1.0.0/16, in one subnet 10.0.0.0/16)")
	f.StringVar(&l.services, "service-cidr", "", "where ClusterIPs come from: the lower half of the service subnet, or the beginning of the one subnet (default 10.2.0.0/17, in one subnet 10.0.0.0/18)")
	f.StringVar(&l.router, "router", "", "ID of a router that is there (default: one is made)")
	f.StringVar(&l.external, "external-network", "", "ID of the network that external IPs come from (default: the router leads nowhere)")
	f.StringVar(&l.externalSubnet, "external-subnet", "", "ID of a subnet of it, for octagate.yaml")
	f.StringVar(&l.provider, "provider", "", "of load balancers, such as ovn (default: the cloud's)")
	f.StringSliceVar(&l.servers, "api-server", nil, "address of an API server, with a port if that is not 6443 (may be repeated; default: no load balancer is made)")
}

// site is what the flags ask for.
func (l laying) site() (s network.Site, err error) {
	layout := network.Layout(l.layout)
	s = network.Site{Cluster: l.cluster, Layout: layout, Router: l.router, External: l.external, Provider: l.provider}
	s.Pods, s.Range = layout.Numbers()
	if !clusterNames.MatchString(l.cluster) {
		return s, fmt.Errorf("--cluster-name %q: must be letters, digits, dots and dashes, at most 63", l.cluster)
	}
	if err := l.misnamed(); err != nil {
		return s, err
	}
	for _, cidr := range []struct {
		flag, text string
		into       *netip.Prefix
	}{{"--pod-cidr", l.pods, &s.Pods}, {"--service-cidr", l.services, &s.Range}} {
		if cidr.text == "" {
			continue
		}
		if *cidr.into, err = netip.ParsePrefix(cidr.text); err != nil {
			return s, fmt.Errorf("%s %s: must be a range, such as 10.1.0.0/16", cidr.flag, cidr.text)
		}
	}
	for _, text := range l.servers {
		server, err := apiServer(text)
		if err != nil {
			return s, fmt.Errorf("--api-server %s: must be an address, such as 192.168.1.2 or 192.168.1.2:6443", text)
		}
		s.APIServers = append(s.APIServers, server)
	}
	return s, s.Fault()
}

// misnamed is an error for what is named otherwise than by its ID.
func (l laying) misnamed() error {
	for _, named := range []struct{ flag, id string }{
		{"--router", l.router}, {"--external-network", l.external}, {"--external-subnet", l.externalSubnet},
	} {
		if _, err := annotation.ParseID(named.id); named.id != "" && err != nil {
			return fmt.Errorf("%s %q: must be an ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12", named.flag, named.id)
		}
	}
	return nil
}

// usualAPIPort is where an API server listens when nobody says otherwise.
const usualAPIPort = 6443

func apiServer(text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, usualAPIPort), nil
	}
	return netip.ParseAddrPort(text)
}

// A groundwork is a site in a cloud.
type groundwork struct {
	network.Site
	cloud *openstack.Client
	notes io.Writer
}

// found is the site, what is there of it, and what is left to do. What is in the way is told,
// and is an error.
func (l laying) found(c *cobra.Command) (groundwork, network.There, network.Plan, error) {
	g := groundwork{notes: c.ErrOrStderr()}
	var err error
	if g.Site, err = l.site(); err != nil {
		return g, network.There{}, nil, err
	}
	if g.cloud, err = openstack.Configure(l.cloud, openstack.Rate{}); err != nil {
		return g, network.There{}, nil, err
	}
	there, err := g.cloud.Laid(c.Context(), g.Site, network.There{})
	if err != nil {
		return g, there, nil, fmt.Errorf("looking at what is there: %w", err)
	}
	if clashes := g.Clashes(there); len(clashes) > 0 {
		fmt.Fprintf(g.notes, "Nothing is made, since this is in the way:\n  %s\n", strings.Join(clashes, "\n  "))
		return g, there, nil, errFound
	}
	return g, there, g.Plan(there), nil
}

func (l laying) plan(c *cobra.Command) error {
	g, there, plan, err := l.found(c)
	if err != nil {
		return err
	}
	if len(plan) == 0 {
		fmt.Fprintln(g.notes, "There is nothing to do.")
		return l.print(c.OutOrStdout(), g.Laid(there))
	}
	if _, err = fmt.Fprint(c.OutOrStdout(), plan); err == nil {
		fmt.Fprintf(g.notes, "This would be made in %s.\nThe cluster's API server has to be started with --service-cluster-ip-range=%s\n", g.cloud.Where(), g.Range)
	}
	return err
}

func (l laying) apply(c *cobra.Command) error {
	g, there, plan, err := l.found(c)
	if err != nil {
		return err
	}
	switch {
	case len(plan) == 0:
		fmt.Fprintln(g.notes, "There is nothing to do.")
	case l.yes:
		fmt.Fprintf(g.notes, "In %s:\n%s", g.cloud.Where(), plan)
	default:
		fmt.Fprintf(g.notes, "In %s:\n%sMake this? [y/N] ", g.cloud.Where(), plan)
		if err := agreed(c.InOrStdin()); err != nil {
			return err
		}
	}
	if there, err = g.take(c.Context(), there); err != nil {
		return err
	}
	return l.print(c.OutOrStdout(), g.Laid(there))
}

// agreed is an error unless somebody says yes.
func agreed(in io.Reader) error {
	answer, _ := bufio.NewReader(in).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing is made, since nobody said yes (or --yes)")
}
