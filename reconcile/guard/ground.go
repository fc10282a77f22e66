package guard

import (
	"net/netip"
	"slices"

	"github.com/octagate/octagate/policy/facts"
)

// A Claim is what has an address in Neutron. The zero Claim is nothing.
type Claim struct {
	Resource string // ports or subnets
	ID       string
}

// A Ground is the addresses that the API server hands out, and what Neutron has there.
type Ground struct {
	Excess []facts.Span // of pools that lie in the service ranges and are too large to be held

	ranges  []netip.Prefix
	known   facts.Snapshot
	kept    map[netip.Addr]Claim // gateways, and what pools have in the ranges
	partial bool                 // not every subnet is known
}

// Survey is the ground of the service ranges in the subnets of VIPs, which have these
// IDs. Where no ranges are known, nothing is.
func Survey(ranges []netip.Prefix, subnets []string, known facts.Snapshot) Ground {
	g := Ground{ranges: ranges, known: known, kept: map[netip.Addr]Claim{}}
	for _, id := range subnets {
		subnet, answer := known.Subnet(id)
		g.partial = g.partial || answer == facts.Unknown
		g.keep(subnet)
	}
	return g
}

// keep finds what a subnet keeps for itself in the ranges.
func (g *Ground) keep(s facts.Subnet) {
	by := Claim{"subnets", s.ID}
	if s.Gateway.IsValid() {
		g.kept[s.Gateway] = by
	}
	for _, pool := range s.Pools {
		for _, r := range g.ranges {
			common, some := pool.Within(r)
			all, few := addresses(common)
			switch {
			case some && few:
				for _, a := range all {
					g.kept[a] = by
				}
			case some:
				g.Excess = append(g.Excess, common)
			}
		}
	}
}

// most is how many addresses of one allocation pool are held. A larger pool in the
// service ranges is a mistake that only the operator can mend.
const most = 1024

// addresses are those of a span; false: there are too many.
func addresses(s facts.Span) (all []netip.Addr, few bool) {
	for a := range s.All() {
		if len(all) == most {
			return nil, false
		}
		all = append(all, a)
	}
	return all, true
}

// Claim is what has an address that the API server might hand out; unknown: something
// may.
func (g Ground) Claim(a netip.Addr) (Claim, facts.Answer) {
	switch {
	case len(g.ranges) == 0:
		return Claim{}, facts.Unknown
	case !slices.ContainsFunc(g.ranges, func(r netip.Prefix) bool { return r.Contains(a) }):
		return Claim{}, facts.No
	}
	if by, kept := g.kept[a]; kept {
		return by, facts.Yes
	}
	by, answer := g.port(a)
	if answer == facts.No && g.partial {
		answer = facts.Unknown
	}
	return by, answer
}

// port is the port that claims an address. That of a Service's own load balancer claims
// nothing; whether that of a load balancer which is not there does, will be seen: it is
// about to come or to go.
func (g Ground) port(a netip.Addr) (Claim, facts.Answer) {
	port, answer := g.known.Port(a)
	if answer != facts.Yes {
		return Claim{}, answer
	}
	b, answer := g.known.Balancer(port)
	switch {
	case answer == facts.Unknown:
		return Claim{}, facts.Unknown
	case b.Service != "":
		return Claim{}, facts.No
	}
	return Claim{"ports", port.ID}, facts.Yes
}
