package policy

import (
	"fmt"
	"strings"

	"github.com/octagate/octagate/policy/facts"
)

// vipFree: a ClusterIP becomes a VIP, so nobody else may have it in the service subnet.
//
//	Field:   spec.clusterIP, spec.clusterIPs[1]
//	Denies:  an address that a port or a load balancer of others has
//	Allows:  the address of a load balancer that the Service has; a VIP's port whose load
//	         balancer is not there: that is coming or going, or was left behind, which building
//	         mends
//	Source:  GET ports, GET lbaas/loadbalancers. Octavia answers 500, "already allocated"
var vipFree = rule{name: "vip-free", live: placeFacts, early: true, check: func(q question) []Finding {
	var fs []Finding
	for _, p := range q.places() {
		if p.subnet != q.cfg.serviceSubnet(p.vip) {
			continue // ports are known of the subnets that are configured now
		}
		if holder := q.holder(p); holder != "" {
			fs = append(fs, p.denied("is held by "+holder))
		}
	}
	return fs
}}

// holder is who else has an address, in words; empty: nobody, as far as anybody knows.
func (q question) holder(p place) string {
	port, answer := q.known.Port(p.vip)
	if answer != facts.Yes {
		return ""
	}
	switch b, answer := q.known.Balancer(port); answer {
	case facts.Yes:
		return "load balancer " + b.ID
	case facts.No:
		return fmt.Sprintf("port %s%s", port.ID, device(port))
	}
	return ""
}

// device is what has a port, in a word; empty: it does not matter to anybody.
func device(p facts.Port) string {
	of := func(owner string) bool { return strings.HasPrefix(p.Owner, owner) }
	switch {
	case of("compute:"):
		return " (server)"
	case of("network:router"), of("network:ha_router"):
		return " (router)"
	case of("network:dhcp"):
		return " (DHCP)"
	}
	return ""
}
