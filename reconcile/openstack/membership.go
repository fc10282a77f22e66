package openstack

import (
	"context"
	"net/http"
	"net/netip"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A membership is what is known of the members of a pool.
type membership struct {
	seen    bool     // anything is
	again   uint64   // the round from which it is looked at once more, since not all is, or not for certain; 0: never
	ids     []digest // of the members, in order
	members []octavia.Member
}

// due reports whether it is to be looked at once more in a round.
func (k membership) due(round uint64) bool { return k.again != 0 && k.again <= round }

// fits reports whether a pool still has the members that are known.
func (k membership) fits(p *seenPool) bool { return k.seen && slices.Equal(k.ids, p.ids()) }

// ids are those of the members of a pool, in order.
func (p *seenPool) ids() []digest {
	all := make([]digest, 0, len(p.Members))
	for _, m := range p.Members {
		all = append(all, m.ID)
	}
	slices.Sort(all)
	return all
}

// ids are those of members, in order.
func ids(members []octavia.Member) []digest {
	all := make([]digest, 0, len(members))
	for _, m := range members {
		all = append(all, digestOf([]byte(m.ID)))
	}
	slices.Sort(all)
	return all
}

// known is what the cloud says of the members of a pool.
func known(all []pools.Member) membership {
	members := slices.Grow([]octavia.Member(nil), len(all))
	for _, m := range all {
		members = append(members, member(m))
	}
	return membership{seen: true, ids: ids(members), members: members}
}

// A note says what steps for one owner make that no list tells.
type note struct {
	round     uint64                      // that first sees what was done
	doubt     bool                        // nobody knows what was done
	expect    map[string][]octavia.Member // in pools, by their IDs
	allocated []string                    // IDs of floating IPs
	unknown   bool                        // there may be another one
}

// heed takes for known what our own steps made of a load balancer, as far as it is what
// was expected, and returns the pools that have to be asked all the same.
func (w *Watch) heed(n note, lb seenBalancer, under []*seenPool) []*seenPool {
	if n.doubt || lb.ProvisioningStatus != octavia.Active {
		return under
	}
	return slices.DeleteFunc(slices.Clone(under), func(p *seenPool) bool {
		expected, noted := n.expect[p.ID]
		if p.ProvisioningStatus != octavia.Active {
			return false
		}
		if noted && len(expected) == len(p.Members) {
			w.members[p.ID] = membership{seen: true, ids: p.ids(), members: expected}
		}
		return w.fits(p)
	})
}

// fits reports whether the members of a pool are those that were seen. Of a pool without
// any there is nothing to see.
func (w *Watch) fits(p *seenPool) bool {
	if len(p.Members) == 0 {
		w.members[p.ID] = membership{seen: true}
	}
	return w.members[p.ID].fits(p)
}

// study asks for all that there is to know of the members of pools, pool by pool. A pool
// that is gone has none.
func (w *Watch) study(ctx context.Context, s *session, under []*seenPool) error {
	for _, p := range under {
		listed, err := s.members(ctx, p.ID)
		if err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return looked("listing members", err)
		}
		k := known(listed)
		if before := w.members[p.ID]; before.seen && slices.Equal(before.members, k.members) {
			k.members = before.members // what is as it was stays where it is: memory has fewer holes so
		}
		w.members[p.ID] = k
	}
	return nil
}

// glance looks at all the members under a load balancer in one call, if that is less
// than one for each pool. It does not tell in which subnet they are reached, nor
// whether somebody altered them: then it says after how many rounds to look once more.
func (w *Watch) glance(ctx context.Context, s *session, lb seenBalancer, under []*seenPool) (after uint64, err error) {
	if len(under) < 2 || s.legacy {
		return 0, w.study(ctx, s, under)
	}
	statuses, err := loadbalancers.GetStatuses(ctx, s.balance, lb.ID).Extract()
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, looked("looking at the status of a load balancer", err)
	}
	if statuses.Loadbalancer == nil {
		return 0, w.study(ctx, s, under)
	}
	for _, p := range under {
		w.members[p.ID] = membership{seen: true, ids: p.ids()} // no listener may lead to it: then it is not shown
	}
	for _, l := range statuses.Loadbalancer.Listeners {
		for _, p := range l.Pools {
			for i := range p.Members {
				m := &p.Members[i]
				m.SubnetID, m.Weight, m.AdminStateUp = octavia.Unseen, usualWeight, true
			}
			w.members[p.ID] = known(p.Members)
		}
	}
	return glanced, nil
}

// usualWeight is the weight of a member to which nobody gave another.
const usualWeight = 1

// member is m as trees have it.
func member(m pools.Member) octavia.Member {
	address, _ := netip.ParseAddr(m.Address)
	return octavia.Member{
		ID: m.ID, Name: m.Name, Address: address, Port: int32(m.ProtocolPort), Subnet: one(m.SubnetID),
		Failed:  inError(octavia.Status(m.ProvisioningStatus)),
		Altered: m.Weight != usualWeight || !m.AdminStateUp || m.Backup || m.MonitorPort != 0 || m.MonitorAddress != "",
	}
}
