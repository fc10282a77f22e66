package preflight

import (
	"fmt"
	"maps"
	"slices"
)

// The provider ovn balances by SOURCE_IP_PORT only, and knows members by the switch that
// they are at: L2. Where it is configured octagate sees to that; where it is the cloud's
// default octagate does not know that it is.
var providerLimits = check{
	name: "provider-limits",
	what: "What the configuration asks of every Service is something that the provider does: ovn has SOURCE_IP_PORT and L2 only",
	why:  "Octavia answers 501 to what a provider does not do, when it is too late to tell the author; and ovn reaches no members through a router",
	look: func(g Ground) Result {
		name, why := g.provider()
		if why != "" {
			return unchecked(why)
		}
		var results []Result
		for key, fit := range sorted(g.Policy.Unfit(name)) {
			results = append(results, found(Failure, fmt.Sprintf("%s: %s", key, fit), "the provider %s does not do what %s says", name, key).or("%s: %s", key, fit))
		}
		if len(results) == 0 {
			return passed("nothing that it does not do", "the provider is %s", name)
		}
		return all(results)
	},
}

// provider is the one that makes load balancers, or why that is not known.
func (g Ground) provider() (name, why string) {
	if g.Policy.Legacy {
		return "haproxy", ""
	}
	if g.Policy.Provider != "" {
		return g.Policy.Provider, ""
	}
	offered, why := g.Cloud.Providers.Look()
	_, mixed := offered[ovn]
	names := slices.Sorted(maps.Keys(offered))
	switch {
	case why != "":
		return "", why
	case len(names) == 0:
		return "", "Octavia has no provider"
	case mixed && len(names) > 1:
		return "", "which provider is the cloud's default is not told by Octavia: set octavia.provider"
	}
	return names[0], ""
}
