package preflight

import "slices"

var externalSubnet = check{
	name: "external-subnet",
	what: "The subnet that external IPs come from is one of the external network",
	why:  "Neutron allocates no floating IP from another network's subnet",
	look: func(g Ground) Result {
		id := g.Policy.ExternalSubnet
		if id == "" {
			return passed("", "none is configured: any of the network will do")
		}
		known, why := g.Cloud.Networks.Look()
		n := known[g.Policy.ExternalNetwork]
		expected := "a subnet of " + n.Name
		switch {
		case g.Policy.ExternalNetwork == "":
			return found(Failure, "neutron.externalNetwork, too", "only neutron.externalSubnet is set").or("set neutron.externalNetwork")
		case why != "":
			return unchecked(why)
		case slices.Contains(n.Subnets, id):
			return passed(expected, "%s is of %s", id, n.Name)
		case len(n.Subnets) == 0:
			return unchecked("the subnets of the external network are not shown to us")
		}
		return found(Failure, expected, "%s is none", id).or("openstack subnet list --network %s; then set neutron.externalSubnet", n.ID)
	},
}
