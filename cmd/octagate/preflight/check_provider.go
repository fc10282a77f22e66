package preflight

import (
	"maps"
	"slices"
	"strings"
)

var provider = check{
	name: "provider",
	what: "The provider that makes load balancers is one that Octavia has",
	why:  "a load balancer of an unknown provider is refused when it is made, after its Service was accepted",
	look: func(g Ground) Result {
		offered, why := g.Cloud.Providers.Look()
		if why != "" {
			return unchecked(why)
		}
		names := slices.Sorted(maps.Keys(offered))
		_, there := offered[g.Policy.Provider]
		switch {
		case len(names) == 0:
			return found(Failure, "at least one", "Octavia has none that is enabled").or("ask an administrator; octavia.conf: enabled_provider_drivers")
		case g.Policy.Provider == "":
			return passed("any", "the cloud's default, of %s", strings.Join(names, ", "))
		case !there:
			return found(Failure, g.Policy.Provider, "Octavia has %s", strings.Join(names, ", ")).or("octavia.provider: %s", names[0])
		}
		return passed(g.Policy.Provider, "Octavia has %s", strings.Join(names, ", "))
	},
}
