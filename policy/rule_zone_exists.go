package policy

import (
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// zoneExists: a load balancer is put in an availability zone that the cloud has.
//
//	Field:   metadata.annotations[octagate.dev/availability-zone]
//	Denies:  one that is not there, or is switched off, also where the operator chose it
//	Allows:  any where a load balancer is there already, or the zones are not known
//	Source:  GET lbaas/availabilityzones, since v2.14. Octavia answers 400, "The selected
//	         availability zone is not allowed in this deployment"
var zoneExists = rule{name: "zone-exists", live: facts.Zones | facts.Balancers, check: func(q question) []Finding {
	return choice{what: "availability zone", by: annotation.AvailabilityZone, chosen: q.in.Zone, configured: q.cfg.Zone, offers: q.known.Zones}.judge(q)
}}
