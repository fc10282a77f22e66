package preflight

import "github.com/octagate/octagate/reconcile/ground"

var gateways = check{
	name: "gateways",
	what: "Each subnet has a gateway, inside it, and outside the service range and the allocation pools",
	why:  "packets between Pods and Services go by it; with another's address they go astray",
	look: func(g Ground) Result {
		return g.each(false, func(p place) Result {
			var results []Result
			for key, subnet := range sorted(p.subnets()) {
				results = append(results, gateway(p, key, subnet))
			}
			return all(results)
		})
	},
}

// gateway looks at that of one subnet.
func gateway(p place, key string, s ground.Subnet) Result {
	const expected = "an address of the subnet that nobody is given"
	set := "openstack subnet set --gateway ADDRESS " + s.ID
	pool, pooled := s.Pool(s.Gateway)
	switch {
	case !s.Gateway.IsValid():
		return found(Failure, expected, "%s %s has no gateway", key, s.CIDR).or("%s", set)
	case !s.CIDR.Contains(s.Gateway):
		return found(Failure, expected, "%s is outside %s %s", s.Gateway, key, s.CIDR).or("%s", set)
	case p.in(s.Gateway):
		return found(Failure, expected, "%s of %s is in the service range %s", s.Gateway, key, list(p.ranges)).or("%s", set)
	case pooled:
		return found(Failure, expected, "%s of %s is in the allocation pool %s", s.Gateway, key, pool).or("%s", set)
	}
	return passed(expected, "%s in %s", s.Gateway, s.CIDR)
}
