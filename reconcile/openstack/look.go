package openstack

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/reconcile/octavia"
)

// look is one round's view of the cloud. touched are the owners for whom a step
// was taken since the last.
func (w *Watch) look(ctx context.Context, touched map[octavia.Owner]bool) (trees map[octavia.Owner]octavia.Tree, rivals map[octavia.Owner]string, err error) {
	s, err := w.Client.login(ctx)
	if err != nil {
		return nil, nil, err
	}
	i, err := s.inventory(ctx, octavia.ClusterTag(w.Cluster))
	if err != nil {
		return nil, nil, err
	}
	w.Facts.learn(i.at, i.floatingIPs)
	members, err := w.detail(ctx, s, i, touched)
	if err != nil {
		return nil, nil, err
	}
	trees, rivals = i.trees(w.Cluster, members)
	return trees, rivals, nil
}

// detail is the members of each pool, by the pool's ID. The list of pools has
// only their IDs, so that each pool has to be asked. That is done once Octavia has
// finished with a load balancer that was changing, and when there is a member that
// was not seen before; what rests costs nothing, and neither does what is busy.
func (w *Watch) detail(ctx context.Context, s *session, i inventory, touched map[octavia.Owner]bool) (map[string][]octavia.Member, error) {
	members, listed := map[string][]octavia.Member{}, map[string]pools.Pool{}
	for _, p := range i.pools {
		listed[p.ID] = p
	}
	for _, lb := range i.balancers {
		owner, _ := octavia.OwnerOf(lb.Tags)
		busy := octavia.Status(lb.ProvisioningStatus).Busy()
		changed := touched[owner] || w.trees[owner].Status.Busy()
		for _, id := range lb.Pools {
			p, ours := listed[id.ID]
			if !ours {
				continue
			}
			if !busy && (changed || !complete(w.members[p.ID], p.Members)) {
				if err := w.ask(ctx, s, p.ID); err != nil {
					return nil, err
				}
			}
			members[p.ID] = named(w.members[p.ID], p.Members)
		}
	}
	maps.DeleteFunc(w.members, func(id string, _ map[string]octavia.Member) bool { return listed[id].ID == "" })
	return members, nil
}

// ask remembers the members of one pool. A pool that is gone has none.
func (w *Watch) ask(ctx context.Context, s *session, pool string) error {
	listed, err := s.members(ctx, pool)
	if err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return fmt.Errorf("listing members: %w", refusal(err))
	}
	seen := map[string]octavia.Member{}
	for _, m := range listed {
		seen[m.ID] = member(m)
	}
	if w.members == nil {
		w.members = map[string]map[string]octavia.Member{}
	}
	w.members[pool] = seen
	return nil
}

// named are those of the known members that a pool has.
func named(known map[string]octavia.Member, all []pools.Member) []octavia.Member {
	var ms []octavia.Member
	for _, m := range all {
		if have, ok := known[m.ID]; ok {
			ms = append(ms, have)
		}
	}
	return ms
}

func complete(known map[string]octavia.Member, all []pools.Member) bool {
	return len(named(known, all)) == len(all)
}
