package policy

import "github.com/octagate/octagate/policy/facts"

// clusterIPReserved: a ClusterIP is kept clear of what Neutron gives to others in the
// service subnet.
//
//	Field:   spec.clusterIP, spec.clusterIPs[1]
//	Denies:  the subnet's gateway; an address of its allocation pools, which Neutron may hand
//	         out to anybody before the load balancer is made
//	Allows:  the address of a load balancer that the Service has
//	Guards:  the gateway, and whom Neutron gives an address
//	Source:  GET subnets: gateway_ip, allocation_pools. Octavia answers 500 to the gateway, and
//	         to an address that is in use
var clusterIPReserved = rule{name: "cluster-ip-reserved", live: placeFacts, early: true, check: func(q question) []Finding {
	var fs []Finding
	for _, p := range q.places() {
		subnet, answer := q.known.Subnet(p.subnet)
		_, handedOut := subnet.Pool(p.vip)
		switch {
		case answer != facts.Yes:
		case p.vip == subnet.Gateway:
			fs = append(fs, p.denied("is the gateway of the service subnet"))
		case handedOut:
			fs = append(fs, p.denied("is in an allocation pool, which Neutron hands out"))
		}
	}
	return fs
}}
