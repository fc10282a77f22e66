package openstack

import (
	"context"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/reconcile/octavia"
)

// look is one round's view of the cloud.
func (w *Watch) look(ctx context.Context) (trees map[octavia.Owner]octavia.Tree, rivals map[octavia.Owner]string, err error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	s, err := w.Client.login(ctx)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	i, err := s.inventory(ctx, octavia.ClusterTag(w.Cluster))
	if err != nil {
		return nil, nil, err
	}
	w.Facts.learn(began, i.floatingIPs)
	members, err := w.detail(ctx, s, i.pools)
	if err != nil {
		return nil, nil, err
	}
	trees, rivals = i.trees(members)
	return trees, rivals, nil
}

// detail is the members of each pool. The list of pools has only the members'
// IDs; a pool is asked for more only when it has one that was not seen before.
// A member's address and port never change under its ID.
func (w *Watch) detail(ctx context.Context, s *session, all []pools.Pool) (map[string][]octavia.Member, error) {
	known, members := map[string]map[string]octavia.Member{}, map[string][]octavia.Member{}
	for _, p := range all {
		seen, err := w.seen(ctx, s, p)
		if err != nil {
			return nil, err
		}
		known[p.ID] = seen
		for _, m := range p.Members {
			if have, ok := seen[m.ID]; ok {
				members[p.ID] = append(members[p.ID], have)
			}
		}
	}
	w.members = known
	return members, nil
}

// seen is the members of one pool by ID, asked for only if one is new.
func (w *Watch) seen(ctx context.Context, s *session, p pools.Pool) (map[string]octavia.Member, error) {
	if complete(w.members[p.ID], p.Members) {
		return w.members[p.ID], nil
	}
	listed, err := s.members(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	seen := map[string]octavia.Member{}
	for _, m := range listed {
		seen[m.ID] = member(m)
	}
	return seen, nil
}

func complete(known map[string]octavia.Member, all []pools.Member) bool {
	for _, m := range all {
		if _, ok := known[m.ID]; !ok {
			return false
		}
	}
	return true
}
