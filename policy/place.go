package policy

import (
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/octagate/octagate/policy/facts"
)

// placeFacts are the kinds of facts that are needed to object to a place: who has it, too.
const placeFacts = facts.Subnets | facts.Ports | facts.Balancers

// A place is an address at which a load balancer is to be.
type place struct {
	at     *field.Path
	vip    netip.Addr
	subnet string // ID
}

// places are the addresses of the Service, as far as they are allocated, at which it has
// no load balancer yet: what could be said against the others comes too late.
func (q question) places() []place {
	all := []place{{clusterIP, q.in.VIP, q.in.VIPSubnet}, {secondIP, q.in.SecondVIP, q.in.SecondSubnet}}
	return slices.DeleteFunc(all, func(p place) bool {
		return !p.vip.IsValid() || q.stands(p.vip) || p.at == clusterIP && q.beyond(p.vip) // which is enough to say of it
	})
}

// denied is an objection to a place. Whoever chose none may get a better one next time.
func (p place) denied(why string) Finding {
	return Finding{Severity: Deny, Field: p.at, Value: p.vip.String(), Message: why + "; apply again or take another"}
}

// stands reports whether the Service has a load balancer at an address.
func (q question) stands(a netip.Addr) bool {
	old := q.subject.Old
	port, _ := q.known.Port(a)
	b, answer := q.known.Balancer(port)
	return a.IsValid() && (a == q.subject.Has.VIP || a == q.subject.Has.Second) ||
		answer == facts.Yes && q.owns(b) ||
		q.subject.builtBefore() && (old.Spec.ClusterIP == a.String() || slices.Contains(old.Spec.ClusterIPs, a.String()))
}

// leadsHere reports whether a floating IP leads to the Service: to a VIP of its own, or to
// the load balancer that it had before it moved.
func (q question) leadsHere(f facts.FloatingIP) bool {
	return f.FixedIP.IsValid() && slices.Contains(q.vips(), f.FixedIP) || f.Port != "" && q.owns(q.known.Balancers[f.Port])
}

// reached reports whether any floating IP leads to the Service.
func (q question) reached() bool {
	return slices.ContainsFunc(q.known.PortsOf(q.subject.Service.UID), func(port string) bool { return q.known.Leads(port, netip.Addr{}) }) ||
		slices.ContainsFunc(q.vips(), func(a netip.Addr) bool { return q.known.Leads("", a) })
}

// vips are the VIPs that the Service gets, and those that it has.
func (q question) vips() []netip.Addr {
	return []netip.Addr{q.in.VIP, q.in.SecondVIP, q.subject.Has.VIP, q.subject.Has.Second}
}
