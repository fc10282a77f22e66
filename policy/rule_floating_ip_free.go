package policy

import (
	"fmt"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// floatingIPFree: a floating IP serves one load balancer. Neutron would move it silently.
//
//	Field:   spec.loadBalancerIP, or metadata.annotations[octagate.dev/load-balancer-ip]
//	Denies:  a floating IP that is associated with another port, or that octagate allocated
//	         itself, since it deletes that one when the pool has no more use for it
//	Unsure:  when nobody knows whose load balancer it leads to
//	Allows:  one of the author's own that is associated with this Service's VIP, or with that
//	         of a load balancer that the Service had, and one that was allocated for it and
//	         is to be kept
//	Guards:  the owners of other floating IPs
//	Source:  GET floatingips: port_id, fixed_ip_address, description; GET lbaas/loadbalancers
var floatingIPFree = rule{name: "floating-ip-free", live: externalFacts | facts.Balancers, check: func(q question) []Finding {
	f, answer := q.known.FloatingIP(q.in.ExternalIP.Address)
	here := q.leadsHere(f)
	at, asked := requestedIP(q.subject.Service)
	switch {
	case answer != facts.Yes, f.Free(), here && (!f.Pool || q.in.ExternalIP.Keep):
		return nil
	case !here && !f.Pool && q.known.Balancers == nil && q.subject.Service.UID != "":
		return one(Unsure, at, asked, use(f)+"; OpenStack does not say whether that is this Service's")
	case here:
		return one(Deny, at, asked, fmt.Sprintf("was allocated for this Service; to have it stay, set %s: \"true\"", annotation.KeepFloatingIP.Key))
	}
	return one(Deny, at, asked, fmt.Sprintf("%s; %s", use(f), instead(q)))
}}

// use says what a floating IP is used for.
func use(f facts.FloatingIP) string {
	switch {
	case f.Pool:
		return "was allocated by octagate, which also releases it"
	case f.FixedIP.IsValid():
		return fmt.Sprintf("is in use by %s", f.FixedIP)
	}
	return fmt.Sprintf("is in use by port %s", f.Port)
}
