package policy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/octagate/octagate/policy/annotation"
)

// fixedOnceBuilt: Octavia cannot change the provider, the flavor or the availability
// zone of a load balancer.
//
//	Field:   metadata.annotations[octagate.dev/provider], [octagate.dev/flavor-id],
//	         [octagate.dev/availability-zone]
//	Denies:  once there is a load balancer, another value than the one that was pinned
//	Allows:  leaving the annotation out, which keeps the pin
var fixedOnceBuilt = rule{name: "fixed-once-built", check: func(q question) []Finding {
	return slices.Concat(
		changed(q, annotation.Provider, q.in.Provider),
		changed(q, annotation.FlavorID, q.in.Flavor),
		changed(q, annotation.AvailabilityZone, q.in.Zone),
	)
}}

// changed objects when the value now differs from the one decided before.
func changed(q question, d annotation.Def[string], now string) []Finding {
	decided := q.subject.decided()
	before, _ := d.Read(decided)
	if !built(decided) || before == now {
		return nil
	}
	return one(Deny, keyed(d), now, fmt.Sprintf("cannot replace %s on an existing load balancer; make a new Service", cmp.Or(before, "the cloud's default")))
}
