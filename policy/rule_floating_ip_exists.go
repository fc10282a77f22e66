package policy

import (
	"cmp"
	"fmt"

	"github.com/octagate/octagate/policy/facts"
)

// externalFacts are the kinds of facts that are needed to object to an external IP: that it
// is there is not enough.
const externalFacts = facts.FloatingIPs | facts.Externals | facts.Routes

// floatingIPExists: loadBalancerIP names a floating IP that the author made before.
//
//	Field:   spec.loadBalancerIP, or metadata.annotations[octagate.dev/load-balancer-ip]
//	Denies:  an address that is not a floating IP of the project
//	Unsure:  when OpenStack could not be asked
//	Source:  GET floatingips; the reference's "User" method
var floatingIPExists = rule{name: "floating-ip-exists", live: externalFacts, check: func(q question) []Finding {
	a := q.in.ExternalIP.Address
	if !a.Is4() {
		return nil
	}
	at, asked := requestedIP(q.subject.Service)
	switch _, answer := q.known.FloatingIP(a); answer {
	case facts.Unknown:
		return one(Unsure, at, asked, "is unverified: OpenStack did not answer in time")
	case facts.No:
		return one(Deny, at, asked, "is not a floating IP of this project; "+instead(q))
	}
	return nil
}}

// instead names floating IPs that could be had in place of a refused one: of the external
// network that is chosen, where one is.
func instead(q question) string {
	if q.known.FloatingIPs == nil {
		return "name another"
	}
	network := externalNetwork(q)
	free := q.known.FreeFloatingIPs(network, q.subject.Service.Namespace, 3)
	if len(free) == 0 {
		return "none is free; try: openstack floating ip create " + cmp.Or(network, "<external network>")
	}
	return fmt.Sprintf("free here: %s", words(free))
}
