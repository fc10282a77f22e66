package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/facts"
)

// floatingIPAllowed: the owner of a floating IP may keep it for namespaces, by its tags.
//
//	Field:   spec.loadBalancerIP, or metadata.annotations[octagate.dev/load-balancer-ip]
//	Denies:  a floating IP with tags octagate:namespace=<namespace>, none of which is the
//	         Service's
//	Allows:  anybody, where there is no such tag
//	Guards:  the namespaces that a floating IP is kept for
//	Source:  GET floatingips: tags
var floatingIPAllowed = rule{name: "floating-ip-allowed", live: externalFacts, check: func(q question) []Finding {
	f, answer := q.known.FloatingIP(q.in.ExternalIP.Address)
	if answer != facts.Yes || f.For(q.subject.Service.Namespace) {
		return nil
	}
	at, asked := requestedIP(q.subject.Service)
	kept := slices.Sorted(slices.Values(f.Namespaces))
	return one(Deny, at, asked, fmt.Sprintf("is kept for the namespace %s; %s", strings.Join(kept, " or "), instead(q)))
}}
