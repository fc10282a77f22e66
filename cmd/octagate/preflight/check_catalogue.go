package preflight

import "slices"

var catalogue = check{
	name: "catalogue",
	what: "The catalogue of Keystone has Neutron, and the service that makes load balancers",
	why:  "octagate finds services there, and has no other way to them",
	look: func(g Ground) Result {
		services, why := g.Cloud.Services.Look()
		if why != "" {
			return unchecked(why)
		}
		if g.Policy.Legacy {
			return lbaas(g)
		}
		if services["load-balancer"] == "" {
			return found(Failure, "a service of type load-balancer", "there is none for us").
				or("openstack catalog list; ask an administrator for Octavia, or set octavia.backend: neutron-lbaasv2 where Neutron has LBaaS v2")
		}
		return passed("a service of type load-balancer", "Neutron at %s, Octavia at %s", services["network"], services["load-balancer"])
	},
}

// lbaas looks for the load balancers that Neutron made itself.
func lbaas(g Ground) Result {
	const expected = "Neutron's extension lbaasv2"
	extensions, why := g.Cloud.Extensions.Look()
	switch {
	case why != "":
		return unchecked(why)
	case !slices.Contains(extensions, "lbaasv2"):
		return found(Failure, expected, "Neutron does not have it").or("octavia.backend: octavia")
	}
	return passed(expected, "Neutron has it")
}
