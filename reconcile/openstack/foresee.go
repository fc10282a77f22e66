package openstack

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// An Adoption is what becomes of a load balancer that is nobody's, by its marks, where
// octavia.adopt says Kuryr.
type Adoption struct {
	ID, Name string
	VIP      netip.Addr
	Owner    octavia.Owner // whose it becomes; zero: nobody's
	Marked   []string      // what is marked, in order
	Tree     octavia.Tree  // as it is when it is the owner's
	Left     string        // why nobody takes it over; empty: the owner does
}

// A Leftover is a floating IP of Kuryr's that nobody takes over.
type Leftover struct {
	Address netip.Addr
	Why     string
}

// Adoptions are what would become of the load balancers that have addresses in subnets and no
// owner, where the trees of owners that have nothing yet are wanted, and of the floating IPs
// that Kuryr allocated. Nothing is written.
func (c *Client) Adoptions(ctx context.Context, cluster string, subnets []string, wanted map[octavia.Owner]octavia.Tree) ([]Adoption, []Leftover, error) {
	s, err := c.meet(ctx)
	if err != nil {
		return nil, nil, err
	}
	i, err := s.everything(ctx)
	if err != nil {
		return nil, nil, err
	}
	f := foresight{session: s, cluster: cluster, inventory: i, heirs: map[string]bool{}}
	var all []Adoption
	for _, lb := range i.balancers {
		if _, marked := lb.owner(); marked || !slices.Contains(subnets, string(lb.VipSubnetID)) {
			continue
		}
		a, err := f.adoption(ctx, lb, wanted)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Adoption) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return all, f.leftovers(), nil
}

// everything lists what the project has, whosever it is.
func (s *session) everything(ctx context.Context) (i inventory, err error) {
	i.tagged = s.tagged
	if err = s.addBalancers(ctx, &i, everybodys, nil); err != nil {
		return i, err
	}
	if i.floatingIPs, err = s.floatingIPs(ctx, nil); err != nil {
		return i, err
	}
	return i, s.children(ctx, &i, everybodys, nil)
}

// A foresight is what is known while it is looked what would be taken over.
type foresight struct {
	*session
	cluster   string
	inventory inventory
	heirs     map[string]bool // IDs of the floating IPs that are taken over
}

// adoption is what becomes of one load balancer.
func (f foresight) adoption(ctx context.Context, lb seenBalancer, wanted map[octavia.Owner]octavia.Tree) (Adoption, error) {
	address, _ := netip.ParseAddr(lb.VipAddress)
	a := Adoption{ID: lb.ID, Name: lb.Name, VIP: address, Left: "no Service has its address " + lb.VipAddress + " and wants a load balancer that it has not"}
	for o, t := range wanted {
		if t.VIP.Address != address || t.VIP.Subnet != string(lb.VipSubnetID) {
			continue
		}
		external, taken := f.floatingIP(lb)
		why := f.claim(o, t, &lb)
		if why == nil && taken && t.FloatingIP.Allocate {
			_, why = inherited(o, external)
		}
		if a.Left = reasonOf(why); a.Left != "" {
			return a, nil
		}
		a.Owner = o
		return f.adopted(ctx, a, lb, t, external)
	}
	return a, nil
}

// reasonOf is what an error says less its kind; empty: there is none.
func reasonOf(err error) string {
	var r *plan.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return r.Err.Error()
	}
	return err.Error()
}

// floatingIP is the one at a load balancer's VIP.
func (f foresight) floatingIP(lb seenBalancer) (floatingIP, bool) {
	i := slices.IndexFunc(f.inventory.floatingIPs, func(f floatingIP) bool { return f.PortID != "" && f.PortID == lb.VipPortID })
	if i < 0 {
		return floatingIP{}, false
	}
	return f.inventory.floatingIPs[i], true
}

// adopted is a with the tree that is observed when everything bears the owner's marks.
func (f foresight) adopted(ctx context.Context, a Adoption, lb seenBalancer, t octavia.Tree, external floatingIP) (Adoption, error) {
	after := inventory{tagged: f.tagged, monitors: f.inventory.monitors, ports: f.inventory.ports}
	if external.ID != "" && t.FloatingIP.Allocate {
		a.Marked = append(a.Marked, "floating IP "+external.Address.String())
		external.Description, f.heirs[external.ID] = a.Owner.Description(t.Name, t.FloatingIP.Keep), true
	}
	after.floatingIPs = []floatingIP{external}
	members := map[string]membership{}
	for _, p := range f.pools(lb) {
		listed, err := f.members(ctx, p.ID)
		if err != nil {
			return a, looked("listing members", err)
		}
		if p.MonitorID != "" && f.tagged {
			a.Marked = append(a.Marked, "health monitor of pool "+p.Name)
		}
		p.Tags, members[p.ID] = append(strange(p.Tags), a.Owner.Tags()...), known(listed)
		after.pools, a.Marked = append(after.pools, p), append(a.Marked, "pool "+p.Name)
	}
	for _, l := range f.listeners(lb) {
		l.Tags = append(strange(l.Tags), a.Owner.Tags()...)
		after.listeners, a.Marked = append(after.listeners, l), append(a.Marked, "listener "+l.Name)
	}
	lb.Tags = append(strange(lb.Tags), a.Owner.Tags()...)
	after.balancers, a.Marked = []seenBalancer{lb}, append(a.Marked, "load balancer "+lb.Name)
	trees, _ := after.trees(f.cluster, members)
	a.Tree = trees[a.Owner]
	return a, nil
}

// kuryrsUnder reports whether what is under a load balancer is nobody's and called as Kuryr calls it.
func kuryrsUnder(lb seenBalancer, name string, b bearer) bool {
	_, marked := b.owner()
	return !marked && (thing{name: name}).of(lb.Name)
}

// pools are those under a load balancer that are taken over with it.
func (f foresight) pools(lb seenBalancer) []seenPool {
	return slices.DeleteFunc(slices.Clone(f.inventory.pools), func(p seenPool) bool {
		return !has(lb.Pools, p.ID) || !kuryrsUnder(lb, p.Name, p.bearer)
	})
}

// listeners are the same.
func (f foresight) listeners(lb seenBalancer) []seenListener {
	return slices.DeleteFunc(slices.Clone(f.inventory.listeners), func(l seenListener) bool {
		return !has(lb.Listeners, l.ID) || !kuryrsUnder(lb, l.Name, l.bearer)
	})
}

// leftovers are the floating IPs of Kuryr that nobody takes over, in order.
func (f foresight) leftovers() []Leftover {
	var all []Leftover
	for _, external := range f.inventory.floatingIPs {
		if external.Description != kuryrs || f.heirs[external.ID] {
			continue
		}
		why := "it leads nowhere; delete it if nobody needs it"
		if external.PortID != "" {
			why = "its port " + external.PortID + " is not of a load balancer that is taken over"
		}
		all = append(all, Leftover{Address: external.Address, Why: why})
	}
	slices.SortFunc(all, func(a, b Leftover) int { return a.Address.Compare(b.Address) })
	return all
}
