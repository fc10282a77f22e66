package preflight

var families = check{
	name: "families",
	what: "The subnets of Services and of Pods are of one IP family, and a second family is IPv6 beside IPv4 on the same networks",
	why:  "a load balancer does not translate between families, and both addresses of a VIP are on one port",
	look: func(g Ground) Result {
		places, why := g.places()
		if why != "" {
			return unchecked(why)
		}
		var results []Result
		for _, p := range places {
			results = append(results, agrees(p, places[0]))
		}
		return all(results)
	},
}

// agrees looks at a place, beside the first.
func agrees(p, first place) Result {
	six := p.service.CIDR.Addr().Is6()
	switch {
	case six != p.pod.CIDR.Addr().Is6():
		return found(Failure, "one family", "%s is %s, and %s is %s", p.serviceKey, p.service.CIDR, p.podKey, p.pod.CIDR).
			or("openstack subnet list; then set %s and %s to subnets of one family", p.serviceKey, p.podKey)
	case p.six && !six:
		return found(Failure, "IPv6", "%s is %s", p.serviceKey, p.service.CIDR).or("set %s to a subnet of IPv6", p.serviceKey)
	case p.six && first.service.CIDR.Addr().Is6():
		return found(Failure, "IPv4 first", "neutron.serviceSubnet is %s", first.service.CIDR).or("swap them, or leave the second away")
	case p.service.Network != first.service.Network || p.pod.Network != first.pod.Network:
		return found(Failure, "the networks of the IPv4 subnets", "%s or %s is on another network", p.serviceKey, p.podKey).
			or("openstack subnet create --ip-version 6 --network %s …, and set %s", first.service.Network, p.serviceKey)
	}
	return passed("one family", "%s and %s are of one family", p.service.CIDR, p.pod.CIDR)
}
