package policy

import (
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// flavorExists: a load balancer is made by a flavor that the cloud has.
//
//	Field:   metadata.annotations[octagate.dev/flavor-id]
//	Denies:  one that is not there, or is switched off, also where the operator chose it
//	Allows:  any where a load balancer is there already, or the flavors are not known
//	Source:  GET lbaas/flavors, since v2.6. Octavia answers 400, "The selected flavor is not
//	         allowed in this deployment"
var flavorExists = rule{name: "flavor-exists", live: facts.Flavors | facts.Balancers, check: func(q question) []Finding {
	return choice{
		what: "flavor", by: annotation.FlavorID, chosen: q.in.Flavor, configured: q.cfg.Flavor, offers: q.known.Flavors,
		command: "openstack loadbalancer flavor list",
	}.judge(q)
}}
