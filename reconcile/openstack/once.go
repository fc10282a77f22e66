package openstack

import (
	"context"
	"fmt"
	"maps"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/reconcile/octavia"
)

// Look makes rounds until there is nothing left to look into, for somebody who looks once
// and goes away. What looks abandoned is not called so: it may be under way.
func (w *Watch) Look(ctx context.Context) error {
	for before := -1; ; {
		w.suspects = nil
		w.round(ctx)
		if w.trouble != nil {
			return w.trouble
		}
		left := w.unseen()
		if left == 0 || left == before {
			return nil
		}
		before = left
	}
}

// unseen is how many pools are not looked into.
func (w *Watch) unseen() int {
	n := 0
	for _, t := range w.Trees() {
		for _, p := range t.Pools {
			if p.Unseen {
				n++
			}
		}
	}
	return n
}

// Trees are all trees of the cluster, as the newest round saw them.
func (w *Watch) Trees() map[octavia.Owner]octavia.Tree {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.trees)
}

// States are the states of a load balancer and of all that is under it and in use, by their
// IDs, in one call. LBaaS v2 is not asked.
func (c *Client) States(ctx context.Context, id string) (map[string]octavia.States, error) {
	s, err := c.meet(ctx)
	if err != nil || s.legacy {
		return nil, err
	}
	tree, err := loadbalancers.GetStatuses(ctx, s.balance, id).Extract()
	if err != nil {
		return nil, fmt.Errorf("asking for the states of load balancer %s: %w", id, refusal(err))
	}
	all := states{}
	if lb := tree.Loadbalancer; lb != nil {
		all.add(lb.ID, lb.ProvisioningStatus, lb.OperatingStatus)
		all.pools(lb.Pools)
		all.listeners(lb.Listeners)
	}
	return all, nil
}

// states are what a status tree tells, by the IDs of what is in it.
type states map[string]octavia.States

func (s states) add(id, provisioning, operating string) {
	s[id] = octavia.States{Provisioning: octavia.Status(provisioning), Operating: operating}
}

func (s states) listeners(all []listeners.Listener) {
	for _, l := range all {
		s.add(l.ID, l.ProvisioningStatus, l.OperatingStatus)
		s.pools(l.Pools)
	}
}

func (s states) pools(all []pools.Pool) {
	for _, p := range all {
		s.add(p.ID, p.ProvisioningStatus, p.OperatingStatus)
		for _, m := range p.Members {
			s.add(m.ID, m.ProvisioningStatus, m.OperatingStatus)
		}
	}
}
