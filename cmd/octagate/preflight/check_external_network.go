package preflight

var externalNetwork = check{
	name: "external-network",
	what: "The network that external IPs come from is external",
	why:  "floating IPs can be allocated from external networks only",
	look: func(g Ground) Result {
		id := g.Policy.ExternalNetwork
		if id == "" {
			return passed("", "none is configured: a LoadBalancer Service has to name its floating IP")
		}
		known, why := g.Cloud.Networks.Look()
		n, there := known[id]
		switch {
		case why != "":
			return unchecked(why)
		case !there:
			return found(Failure, "an external network", "neutron.externalNetwork %s is not there", id).or("openstack network list --external; then set neutron.externalNetwork")
		case !n.External:
			return found(Failure, "an external network", "%s is a network, but not external", n.Name).or("openstack network list --external; then set neutron.externalNetwork")
		}
		return passed("an external network", "%s is external", n.Name)
	},
}
