package preflight

var subnetsApart = check{
	name: "subnets-apart",
	what: "The subnets of Services and of Pods have no address in common, unless they are one subnet",
	why:  "a router does not join two subnets with the same addresses, and could not tell where to send a packet",
	look: func(g Ground) Result {
		return g.each(false, func(p place) Result {
			switch {
			case p.service.ID == p.pod.ID:
				return passed("", "they are one, %s", p.service.CIDR)
			case p.service.CIDR.Overlaps(p.pod.CIDR):
				return found(Failure, "no address in both", "%s of Services and %s of Pods overlap", p.service.CIDR, p.pod.CIDR).
					or("make one of them anew: openstack subnet create --subnet-range …")
			}
			return passed("no address in both", "%s and %s have none in common", p.service.CIDR, p.pod.CIDR)
		})
	},
}
