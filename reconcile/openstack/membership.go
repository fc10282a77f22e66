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
	dim     bool     // but not all, or not for certain: it is looked at when there is nothing else to do
	ids     []string // of the members, in order
	members []octavia.Member
}

// fits reports whether a pool still has the members that are known.
func (k membership) fits(all []pools.Member) bool { return k.seen && slices.Equal(k.ids, ids(all)) }

// ids are the IDs of members, in order.
func ids(all []pools.Member) []string {
	var names []string
	for _, m := range all {
		names = append(names, m.ID)
	}
	slices.Sort(names)
	return names
}

// known is what the cloud says of the members of a pool.
func known(all []pools.Member) membership {
	k := membership{seen: true, ids: ids(all)}
	for _, m := range all {
		k.members = append(k.members, member(m))
	}
	return k
}

// A note says what steps for one owner make of the members of pools, by their IDs.
type note struct {
	round  uint64 // that first sees what was done
	doubt  bool   // nobody knows what was done
	expect map[string][]octavia.Member
}

// heed takes for known what our own steps made of a load balancer, as far as it is what
// was expected, and returns the pools that have to be asked all the same.
func (w *Watch) heed(n note, lb loadbalancers.LoadBalancer, under []pools.Pool) []pools.Pool {
	if n.doubt || octavia.Status(lb.ProvisioningStatus) != octavia.Active {
		return under
	}
	return slices.DeleteFunc(under, func(p pools.Pool) bool {
		expected, noted := n.expect[p.ID]
		if octavia.Status(p.ProvisioningStatus) != octavia.Active {
			return false
		}
		if noted && len(expected) == len(p.Members) {
			w.members[p.ID] = membership{seen: true, dim: !identified(expected, p.Members), ids: ids(p.Members), members: expected}
		}
		return w.fits(p)
	})
}

// identified reports whether members were told by their IDs, as those of a new load
// balancer are: then there is no doubt that a pool has just these.
func identified(expected []octavia.Member, all []pools.Member) bool {
	var told []string
	for _, m := range expected {
		told = append(told, m.ID)
	}
	slices.Sort(told)
	return slices.Equal(told, ids(all))
}

// fits reports whether the members of a pool are those that were seen. Of a pool without
// any there is nothing to see.
func (w *Watch) fits(p pools.Pool) bool {
	if len(p.Members) == 0 {
		w.members[p.ID] = membership{seen: true}
	}
	return w.members[p.ID].fits(p.Members)
}

// study asks for all that there is to know of the members of pools, pool by pool. A pool
// that is gone has none.
func (w *Watch) study(ctx context.Context, s *session, under []pools.Pool) error {
	for _, p := range under {
		listed, err := s.members(ctx, p.ID)
		if err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return looked("listing members", err)
		}
		w.members[p.ID] = known(listed)
	}
	return nil
}

// glance looks at all the members under a load balancer in one call, if that is less
// than one for each pool. It does not tell in which subnet they are reached, nor
// whether somebody altered them.
func (w *Watch) glance(ctx context.Context, s *session, lb loadbalancers.LoadBalancer, under []pools.Pool) error {
	if len(under) < 2 || s.legacy {
		return w.study(ctx, s, under)
	}
	statuses, err := loadbalancers.GetStatuses(ctx, s.balance, lb.ID).Extract()
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		return looked("looking at the status of a load balancer", err)
	}
	if statuses.Loadbalancer == nil {
		return w.study(ctx, s, under)
	}
	for _, p := range under {
		w.members[p.ID] = membership{seen: true, ids: ids(p.Members)} // no listener may lead to it: then it is not shown
	}
	for _, l := range statuses.Loadbalancer.Listeners {
		for _, p := range l.Pools {
			for i := range p.Members {
				m := &p.Members[i]
				m.SubnetID, m.Weight, m.AdminStateUp = octavia.Unseen, usualWeight, true
			}
			k := known(p.Members)
			k.dim = true
			w.members[p.ID] = k
		}
	}
	return nil
}

// usualWeight is the weight of a member to which nobody gave another.
const usualWeight = 1

// member is m as trees have it.
func member(m pools.Member) octavia.Member {
	address, _ := netip.ParseAddr(m.Address)
	return octavia.Member{
		ID: m.ID, Name: m.Name, Address: address, Port: int32(m.ProtocolPort), Subnet: m.SubnetID,
		Failed:  inError(m.ProvisioningStatus),
		Altered: m.Weight != usualWeight || !m.AdminStateUp || m.Backup || m.MonitorPort != 0 || m.MonitorAddress != "",
	}
}
