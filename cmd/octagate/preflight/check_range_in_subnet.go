package preflight

import "net/netip"

var rangeInSubnet = check{
	name: "range-in-subnet",
	what: "The service range is inside the service subnet",
	why:  "a ClusterIP becomes a VIP, and Octavia makes no VIP outside its subnet",
	look: func(g Ground) Result {
		return g.each(true, func(p place) Result {
			for _, r := range p.ranges {
				if !within(r, p.service.CIDR) {
					return found(Failure, "inside "+p.service.CIDR.String(), "%s is not inside %s", r, p.service.CIDR).
						or("start kube-apiserver with --service-cluster-ip-range=%s", lower(p.service.CIDR)).
						or("or make a subnet around the range: octagate network plan --service-cidr %s", r)
				}
			}
			return passed("inside "+p.service.CIDR.String(), "%s is inside %s", list(p.ranges), p.service.CIDR)
		})
	},
}

// within reports whether a range is all inside another.
func within(r, of netip.Prefix) bool { return r.Bits() >= of.Bits() && of.Contains(r.Addr()) }

// lower is the lower half of a range, which the reference documents keep for Services.
func lower(r netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(r.Masked().Addr(), min(r.Bits()+1, r.Addr().BitLen()))
}
