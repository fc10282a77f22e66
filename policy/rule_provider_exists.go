package policy

import (
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// providerExists: a load balancer is made by a provider that the cloud has.
//
//	Field:   metadata.annotations[octagate.dev/provider]
//	Denies:  one that is not enabled, also where the operator chose it
//	Allows:  any where a load balancer is there already, or the providers are not known
//	Source:  GET lbaas/providers. Octavia answers 400, "Provider 'f5' is not enabled"
var providerExists = rule{name: "provider-exists", live: facts.Providers | facts.Balancers, check: func(q question) []Finding {
	return choice{what: "provider", by: annotation.Provider, chosen: q.in.Provider, configured: q.cfg.Provider, offers: q.known.Providers}.judge(q)
}}
