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

// A scope is whom a round looks at; nil: everybody.
type scope map[octavia.Owner]bool

// has reports whether somebody is in it.
func (s scope) has(o octavia.Owner) bool { return s == nil || s[o] }

// mostNear is how many owners at most are looked at by themselves: for more there would be as
// many calls as for everybody.
const mostNear = 128

// scope is whom the next round looks at. That is everybody, unless everybody was looked at lately
// and something is under way with some of them. It is everybody, too, when nobody knows what a
// step did: a floating IP whose allocation was not answered is found by its description only,
// which others may alter.
func (w *Watch) scope() scope {
	if !w.tagged || w.trouble != nil || time.Since(w.wideAt) >= w.between() {
		return nil
	}
	under := w.underWay()
	if len(under) == 0 || len(under) > mostNear || len(under) >= len(w.trees) {
		return nil
	}
	for o := range under {
		if w.notes[o].doubt {
			return nil
		}
	}
	return under
}

// underWay are those whose trees are not current, not at rest, or not wholly known.
func (w *Watch) underWay() scope {
	under := scope{}
	for o := range w.due {
		under[o] = true
	}
	for o, t := range w.trees {
		if t.Status.Busy() || slices.ContainsFunc(t.Pools, func(p octavia.Pool) bool { return p.Unseen }) {
			under[o] = true
		}
	}
	return under
}

// between is how long nobody, or only what is under way, is looked at after everybody was: where
// that takes long, as long as it took.
func (w *Watch) between() time.Duration { return max(w.Idle, w.wideTook) }

// longestQuery is how many values a list is asked for by at once. Servers in front of OpenStack take
// 4 KiB for a request, and the token is some of that.
const longestQuery = 32

// nearby lists what is a scope's. known are trees as they were: of a floating IP that was allocated
// for one of them and leads elsewhere by now, nothing else tells.
func (s *session) nearby(ctx context.Context, cluster string, about scope, known map[octavia.Owner]octavia.Tree) (i inventory, err error) {
	i.tagged = s.tagged
	var tags, allocated []string
	for o := range about {
		tags = append(tags, o.Tag())
		if f := known[o].FloatingIP; f.Allocate {
			allocated = append(allocated, f.ID)
		}
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
