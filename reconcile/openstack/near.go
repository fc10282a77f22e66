package openstack

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/octagate/octagate/reconcile/octavia"
)

// What a cloud takes for a list grows with what is on it: Octavia some 20 ms for each load
// balancer with a listener and a pool. So what is under way is looked at by itself, and
// everything as rarely as when nothing is.

// A scope is whom a round looks at, and of each whether something was done for them since they were
// last seen; nil: everybody.
type scope map[octavia.Owner]bool

// has reports whether somebody is in it.
func (s scope) has(o octavia.Owner) bool {
	_, in := s[o]
	return s == nil || in
}

// mostNear is how many owners at most are looked at by themselves. There are as many calls then as
// a second has by `openstack.rateLimit`.
const mostNear = 512

// longestQuery is how many values a list is asked for by at once. Servers in front of OpenStack take
// 4 KiB for a request, and the token is some of that.
const longestQuery = 32

// scope is whom the next round looks at. That is everybody, unless it was tried lately to look at
// everybody, and something is under way with some of them. It is everybody, too, after an allocation
// of a floating IP that was not answered: that is found by its description only, which others may
// alter.
func (w *Watch) scope() scope {
	if !w.tagged || time.Since(w.wideTried) >= w.between() {
		return nil
	}
	under := w.underWay()
	if len(under) == 0 || len(under) >= len(w.trees) {
		return nil
	}
	for o := range under {
		if w.notes[o].unknown {
			return nil
		}
	}
	return under
}

// underWay are those whose trees are not current, or not at rest, and some of those whose are not
// wholly known: as many as one round looks into.
func (w *Watch) underWay() scope {
	under := scope{}
	for o := range w.due {
		under[o] = true
	}
	dark := 0
	for o, t := range w.trees {
		switch {
		case t.Status.Busy():
			under[o] = under[o]
		case dark < mostGlances && slices.ContainsFunc(t.Pools, func(p octavia.Pool) bool { return p.Unseen }):
			under[o] = under[o]
			dark++
		}
	}
	return under
}

// narrow leaves those out of a scope whose load balancers are still being made, if they are many:
// one list of those says so. It is everybody if those who are left are too many.
func (w *Watch) narrow(ctx context.Context, s *session, about scope) (scope, error) {
	waiting := map[string]octavia.Owner{} // by the IDs of their load balancers
	for o, acted := range about {
		if t := w.trees[o]; t.Status == octavia.Creating && !acted {
			waiting[t.ID] = o
		}
	}
	if len(waiting) > longestQuery {
		making, err := s.making(ctx, w.Cluster)
		if err != nil {
			return nil, err
		}
		for _, lb := range making {
			delete(about, waiting[lb.ID])
		}
	}
	if len(about) > max(longestQuery, min(mostNear, len(w.trees)/2)) {
		return nil, nil
	}
	return about, nil
}

// making lists the load balancers of a cluster that are being made.
func (s *session) making(ctx context.Context, cluster string) ([]seenBalancer, error) {
	var i inventory
	err := s.addBalancers(ctx, &i, cluster, query{"tags": {octavia.ClusterTag(cluster)}, "provisioning_status": {string(octavia.Creating)}})
	return i.balancers, err
}

// longestRest is how long, at most, not everything is looked at because that takes a cloud long:
// less than it takes until somebody is alerted that nothing is seen.
const longestRest = 4 * time.Minute

// between is how long nobody, or only what is under way, is looked at after everybody was: three
// times as long as that took, so that no more than a quarter of the time is spent with it.
func (w *Watch) between() time.Duration {
	if w.Idle == 0 {
		return 0
	}
	return max(w.Idle, min(3*w.wideTook, longestRest))
}

// allocated are the IDs of the floating IPs that were allocated for those in a scope: nothing else
// tells of one that leads elsewhere by now, or nowhere.
func (w *Watch) allocated(about scope, notes map[octavia.Owner]note) []string {
	var ids []string
	for o := range about {
		if f := w.trees[o].FloatingIP; f.Allocate {
			ids = append(ids, f.ID)
		}
		ids = append(ids, notes[o].allocated...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// nearby lists what is a scope's, to which floating IPs of some IDs were allocated.
func (s *session) nearby(ctx context.Context, cluster string, about scope, allocated []string) (i inventory, err error) {
	i.tagged = s.tagged
	var tags []string
	for o := range about {
		tags = append(tags, o.Tag())
	}
	for some := range slices.Chunk(slices.Sorted(slices.Values(tags)), longestQuery) {
		marked := query{"tags-any": {strings.Join(some, ",")}}
		before := len(i.balancers)
		if err = s.addBalancers(ctx, &i, cluster, marked); err != nil {
			return i, err
		}
		if len(i.balancers) == before {
			continue
		}
		if err = s.addChildren(ctx, &i, cluster, marked); err != nil {
			return i, err
		}
	}
	i.at = time.Now()
	vips := slices.Sorted(maps.Keys(i.vips()))
	if err = s.addFloatingIPs(ctx, &i, "port_id", vips); err != nil {
		return i, err
	}
	allocated = slices.DeleteFunc(allocated, func(id string) bool {
		return slices.ContainsFunc(i.floatingIPs, func(f floatingIP) bool { return f.ID == id })
	})
	if err = s.addFloatingIPs(ctx, &i, "id", allocated); err == nil && s.opens {
		i.ports, err = s.portsByID(ctx, vips)
	}
	return i, err
}

// addFloatingIPs adds those that have one of some values.
func (s *session) addFloatingIPs(ctx context.Context, i *inventory, column string, values []string) error {
	take := i.floating()
	for some := range slices.Chunk(values, longestQuery) {
		if err := s.eachFloatingIP(ctx, query{column: some}, take); err != nil {
			return err
		}
	}
	return nil
}

// portsByID lists the ports of some IDs.
func (s *session) portsByID(ctx context.Context, ids []string) ([]seenPort, error) {
	var found []seenPort
	for some := range slices.Chunk(ids, longestQuery) {
		more, err := all[seenPort](ctx, "VIP ports", "ports", ports.List(s.network, s.mine(query{"id": some})))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}
