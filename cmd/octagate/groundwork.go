package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/octagate/octagate/reconcile/network"
)

// How long a load balancer may take to be ready for the next step, and how long it is left
// alone at first and at most.
const (
	slowestBalancer = 10 * time.Minute
	shortestPause   = 100 * time.Millisecond
	longestPause    = 3 * time.Second
)

// take takes one step after the other, each of a plan that is made anew, until nothing is
// left to do. It is what is there then.
func (g groundwork) take(ctx context.Context, there network.There) (network.There, error) {
	var before string
	var rest lull
	for {
		plan, look, err := g.Plan(there), g.cloud.Laid, error(nil)
		switch busy := g.Busy(there); {
		case busy != "":
			look, err = g.cloud.Served, rest.pass(ctx, busy)
		case len(plan) == 0:
			return there, nil
		case plan.String() == before:
			err = fmt.Errorf("this was done, and is still to be done: %s", plan[0])
		default:
			if before, rest = plan.String(), (lull{}); network.Serves(plan[0]) {
				look = g.cloud.Served
			}
			err = g.step(ctx, plan[0])
		}
		if err != nil {
			return there, err
		}
		if there, err = look(ctx, g.Site, there); err != nil {
			return there, fmt.Errorf("looking at what is there: %w", err)
		}
	}
}

// step takes one step, and says so.
func (g groundwork) step(ctx context.Context, step network.Step) error {
	fmt.Fprintf(g.notes, "%s ... ", step)
	if err := g.cloud.Lay(ctx, g.Cluster, step); err != nil {
		fmt.Fprintln(g.notes, "not done")
		return fmt.Errorf("%w; once that is mended the same command goes on from here", err)
	}
	fmt.Fprintln(g.notes, "done")
	return nil
}

// A lull is a time in which a load balancer is left alone.
type lull struct{ pause, passed time.Duration }

// pass waits until it is time to look again at what is busy, each time for longer.
func (l *lull) pass(ctx context.Context, busy string) error {
	l.pause = min(max(2*l.pause, shortestPause), longestPause)
	if l.passed += l.pause; l.passed > slowestBalancer {
		return fmt.Errorf("%s, for %s by now; the same command goes on from here", busy, slowestBalancer)
	}
	select {
	case <-time.After(l.pause):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w; the same command goes on from here", ctx.Err())
	}
}

// print writes octagate.yaml for what is laid.
func (l laying) print(w io.Writer, laid network.Laid) error {
	site, err := l.site()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# The networks of %s, in the layout %s. Its API server has to be started with
#   --service-cluster-ip-range=%s
apiVersion: %s
kind: %s
clusterName: %q
kubernetes:
  serviceCIDRs: [%q]
neutron:
  podSubnet: %s
  serviceSubnet: %s
`, site.Cluster, site.Layout, site.Range, apiVersion, kind, site.Cluster, site.Range, laid.Subnets[0].Subnet.ID, laid.Subnets[len(laid.Subnets)-1].Subnet.ID)
	for _, more := range []struct{ format, value string }{
		{"  externalNetwork: %s\n", l.external}, {"  externalSubnet: %s\n", l.externalSubnet},
		{"openstack: {cloud: %q}\n", l.cloud}, {"octavia: {provider: %q}\n", l.provider},
	} {
		if more.value != "" {
			fmt.Fprintf(&b, more.format, more.value)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
