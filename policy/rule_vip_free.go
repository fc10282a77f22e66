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
//	Allows:  the address of a load balancer that the Service has, or that Kuryr made for it,
//	         by its name, where octavia.adopt says so; a VIP's port whose load balancer is not
//	         there: that is coming or going, or was left behind, which building mends
//	Guards:  what has an address in the service subnet already
//	Source:  GET ports, GET lbaas/loadbalancers. Octavia answers 500, "already allocated"
var vipFree = rule{name: "vip-free", live: placeFacts, early: true, check: func(q question) []Finding {
	var fs []Finding
	for _, p := range q.places() {
		if p.subnet != q.cfg.serviceSubnet(p.vip) {
			continue // ports are known of the subnets that are configured now
		}
		fs = append(fs, q.held(p)...)
	}
	return fs
}}

// held objects to an address that somebody else has, as far as anybody knows.
func (q question) held(p place) []Finding {
	port, answer := q.known.Port(p.vip)
	if answer != facts.Yes {
		return nil
	}
	switch b, answer := q.known.Balancer(port); {
	case answer == facts.No:
		return []Finding{p.denied(fmt.Sprintf("is held by port %s%s", port.ID, device(port)))}
	case answer == facts.Unknown, b.Name == q.in.Name && q.cfg.Adopts:
		return nil
	case b.Name == q.in.Name:
		return one(Deny, p.at, p.vip.String(), "is held by load balancer "+b.ID+"; see octavia.adopt")
	default:
		return []Finding{p.denied("is held by load balancer " + b.ID)}
	}
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
