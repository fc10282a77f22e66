package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/cmd/octagate/translation"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
)

// adoptions are what octavia.adopt: Kuryr would take over.
type adoptions struct {
	Taken       []taken    `json:"takenOver"`
	Left        []left     `json:"leftAlone"`
	FloatingIPs []leftover `json:"floatingIPsLeftAlone"`
}

// A taken is a load balancer that is taken over.
type taken struct {
	Service      string             `json:"service"` // ns/name
	LoadBalancer string             `json:"loadBalancerID"`
	VIP          string             `json:"vip"`
	Marked       []string           `json:"marked"`          // as octagate's, in order
	Steps        []translation.Step `json:"steps,omitempty"` // that then set it right
}

// A left is one that is not.
type left struct {
	Name         string `json:"name"`
	LoadBalancer string `json:"loadBalancerID"`
	VIP          string `json:"vip"`
	Why          string `json:"why"`
	Needed       bool   `json:"needed"` // it stands in a Service's way
}

// A leftover is a floating IP of Kuryr's that is not taken over.
type leftover struct {
	Address string `json:"address"`
	Why     string `json:"why"`
}

func adoptCommand() *cobra.Command {
	var s source
	var dry bool
	var output string
	c := &cobra.Command{
		Use:   "adopt --dry-run",
		Short: "Show which of Kuryr's load balancers octagate would take over",
		Long: "Adopt shows which load balancers and floating IPs that Kuryr made octagate would take over\n" +
			"with octavia.adopt: Kuryr, for which Services, what would be changed on them afterwards, and\n" +
			"which it would leave alone, and why. Nothing is written: octagate run does it, when the\n" +
			"configuration says so and Kuryr is stopped.\n\n" +
			"It exits with 1 if a load balancer that is left alone stands in a Service's way.",
		Example: "  octagate adopt --dry-run --config octagate.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := chosen(output, asText, asJSON, asYAML); err != nil {
				return err
			}
			if !dry {
				return errors.New("this only shows what would be taken over: add --dry-run; to have it done, set octavia.adopt: Kuryr for octagate run")
			}
			return adopt(c, s, output)
		},
	}
	c.Flags().StringVar(&s.config, "config", "", "the configuration file (default: "+usualConfig+")")
	c.Flags().BoolVar(&dry, "dry-run", false, "write nothing; needed")
	c.Flags().StringVarP(&output, "output", "o", asText, "text, json or yaml")
	offer(c, "output", asText, asJSON, asYAML)
	offerFiles(c, "config", "yaml", "yml")
	return c
}

func adopt(c *cobra.Command, s source, output string) error {
	configuration, err := s.configuration()
	if err != nil {
		return err
	}
	if configuration == nil {
		return errNoConfiguration
	}
	configuration.Octavia.Adopt = adoptKuryr
	w, err := open(c.Context(), *configuration, "")
	if err != nil {
		return err
	}
	if w.blind != nil {
		return w.blind
	}
	w.tell(c.ErrOrStderr())
	all, err := w.adoptions(c.Context())
	if err != nil {
		return err
	}
	if err := shown(c.OutOrStdout(), output, all, all.text); err != nil {
		return err
	}
	if slices.ContainsFunc(all.Left, func(l left) bool { return l.Needed }) {
		return errFound
	}
	return nil
}

// wishes are what Services want that have no load balancer yet.
type wishes struct {
	trees map[octavia.Owner]octavia.Tree
	names map[octavia.Owner]string
	whys  map[netip.Addr]refusal // why Services get none, by their addresses
}

// A refusal is why a Service gets no load balancer.
type refusal struct {
	why    string
	wanted bool // it asks for one
}

// wishes asks the reconciler about every Service.
func (w *window) wishes(ctx context.Context) wishes {
	all := wishes{map[octavia.Owner]octavia.Tree{}, map[octavia.Owner]string{}, map[netip.Addr]refusal{}}
	for i := range w.services {
		svc := &w.services[i]
		name, owner, p := svc.Namespace+"/"+svc.Name, w.reconciler.Owner(svc), w.reconciler.Foresee(ctx, svc)
		vip, _ := netip.ParseAddr(svc.Spec.ClusterIP)
		all.names[owner] = name
		switch {
		case p.Observed.Exists():
		case p.Desired.Exists():
			all.trees[owner] = p.Desired
		case p.Against.Reason != "":
			all.whys[vip] = refusal{"the Service " + name + " has its address, but nothing is built for it: " + p.Against.Waiting, true}
		case !p.Verdict.Managed:
			all.whys[vip] = refusal{why: "the Service " + name + " has its address, and octagate's configuration leaves it alone"}
		default:
			all.whys[vip] = refusal{why: "the Service " + name + " has its address, and no port that gets a listener"}
		}
	}
	return all
}

// adoptions are what would be taken over.
func (w *window) adoptions(ctx context.Context) (adoptions, error) {
	wanted := w.wishes(ctx)
	found, floating, err := w.cloud.Adoptions(ctx, w.configuration.ClusterName, w.configuration.Neutron.serviceSubnets(), wanted.trees)
	all := adoptions{Taken: []taken{}, Left: []left{}, FloatingIPs: []leftover{}}
	if err != nil {
		return all, err
	}
	for _, a := range found {
		if a.Left == "" {
			all.Taken = append(all.Taken, w.taken(a, wanted))
			continue
		}
		all.Left = append(all.Left, leftAlone(a, wanted))
	}
	for _, f := range floating {
		all.FloatingIPs = append(all.FloatingIPs, leftover{f.Address.String(), f.Why})
	}
	return all, nil
}

// taken is a load balancer that is taken over, and what is then done to it.
func (w *window) taken(a openstack.Adoption, wanted wishes) taken {
	steps := w.watch.Manner().Plan(wanted.trees[a.Owner], a.Tree)
	return taken{
		Service: wanted.names[a.Owner], LoadBalancer: a.ID, VIP: a.VIP.String(), Marked: a.Marked,
		Steps: translation.Of(translation.Source{Steps: steps}).Steps,
	}
}

// leftAlone is one that is not, with what is known of a Service at its address.
func leftAlone(a openstack.Adoption, wanted wishes) left {
	l := left{Name: a.Name, LoadBalancer: a.ID, VIP: a.VIP.String(), Why: a.Left}
	for _, t := range wanted.trees {
		l.Needed = l.Needed || t.VIP.Address == a.VIP
	}
	if why, known := wanted.whys[a.VIP]; known && !l.Needed {
		l.Why, l.Needed = why.why, why.wanted
	}
	return l
}

// text is all of it as people read it.
func (a adoptions) text(paint output.Paint) string {
	var b strings.Builder
	for _, t := range a.Taken {
		fmt.Fprintf(&b, "%s  load balancer %s at %s is %s\n  marked as octagate's: %s\n", paint.Mark(output.Name, t.Service), t.LoadBalancer, t.VIP,
			paint.Mark(output.Good, "taken over"), strings.Join(t.Marked, ", "))
		if len(t.Steps) == 0 {
			fmt.Fprintln(&b, "  and nothing else is changed")
		}
		for i, s := range t.Steps {
			fmt.Fprintf(&b, "  %2d. %s\n", i+1, s.Text)
		}
	}
	for _, l := range a.Left {
		fmt.Fprintf(&b, "%s  load balancer %s at %s is %s: %s\n", paint.Mark(output.Name, l.Name), l.LoadBalancer, l.VIP, paint.Mark(output.Busy, "left alone"), l.Why)
	}
	for _, f := range a.FloatingIPs {
		fmt.Fprintf(&b, "%s  floating IP is %s: %s\n", paint.Mark(output.Name, f.Address), paint.Mark(output.Busy, "left alone"), f.Why)
	}
	fmt.Fprintf(&b, "%d taken over, %d left alone; nothing was written\n", len(a.Taken), len(a.Left)+len(a.FloatingIPs))
	return b.String()
}
