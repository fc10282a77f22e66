package preflight

import "github.com/octagate/octagate/policy/facts"

var flavor = check{
	name: "flavor",
	what: "The flavor of load balancers is there, and enabled",
	why:  "a load balancer of a flavor that is not there, or switched off, is refused",
	look: func(g Ground) Result {
		return offer(g.Policy.Flavor, "octavia.flavor", "openstack loadbalancer flavor list", g.Cloud.Flavors.Look)
	},
}

// offer looks for something that Octavia offers.
func offer(chosen, key, list string, look func() (map[string]facts.Offer, string)) Result {
	if chosen == "" {
		return passed("the cloud's own", "none is configured")
	}
	offered, why := look()
	if why != "" {
		return unchecked(why)
	}
	is, there := offered[chosen]
	switch {
	case !there:
		return found(Failure, chosen, "Octavia does not have it").or("%s; then set %s", list, key)
	case is.Off:
		return found(Failure, chosen+", enabled", "an administrator has switched it off").or("%s; then set %s to one that is enabled", list, key)
	}
	return passed(chosen, "Octavia has it: %s", is.Name)
}
