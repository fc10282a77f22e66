package preflight

import (
	"fmt"
	"net/netip"

	"github.com/octagate/octagate/policy/facts"
)

var poolsApart = check{
	name: "pools-apart",
	what: "No allocation pool of the service subnet has an address of the service range",
	why:  "Neutron would give a Pod, or an amphora, an address that Kubernetes gives to a Service; one of them then fails",
	look: func(g Ground) Result {
		return g.each(true, func(p place) Result {
			expected := "no pool in " + list(p.ranges)
			var results []Result
			for _, pool := range p.service.Pools {
				results = append(results, apart(p, pool, expected))
			}
			if len(results) == 0 {
				return passed(expected, "subnet %s has no pool", p.service.CIDR)
			}
			return all(results)
		})
	},
}

// apart looks at one pool.
func apart(p place, pool facts.Span, expected string) Result {
	for _, r := range p.ranges {
		if common, some := pool.Within(r); some {
			return found(Failure, expected, "pool %s has %s of the range %s", pool, common, r).
				or("openstack subnet set --no-allocation-pool --allocation-pool %s %s", rest(p, r), p.service.ID)
		}
	}
	return passed(expected, "%s is apart from %s", pool, list(p.ranges))
}

// rest is the pool that the reference documents would have: what is above the range, and
// below a gateway that is the last address.
func rest(p place, r netip.Prefix) string {
	whole := facts.Span{First: p.service.CIDR.Masked().Addr(), Last: p.service.Gateway.Prev()}
	above := facts.Span{First: whole.First, Last: p.service.CIDR.Masked().Addr()}
	if ours, some := whole.Within(r); some {
		above = facts.Span{First: ours.Last.Next(), Last: whole.Last}
	}
	if !above.First.IsValid() || !above.Last.IsValid() || above.Last.Less(above.First) {
		return "start=FIRST,end=LAST"
	}
	return fmt.Sprintf("start=%s,end=%s", above.First, above.Last)
}
