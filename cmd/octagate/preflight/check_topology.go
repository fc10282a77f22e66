package preflight

// Who runs the cloud chooses the topology, in octavia.conf or in a flavor's profile. Members
// of a project are shown neither, but see what became of it: an amphora has a port beside
// each VIP.
var topology = check{
	name: "topology",
	what: "Load balancers run on two amphorae, one of which takes over",
	why:  "on a single amphora every Service is away for a minute or more when its machine dies",
	look: func(g Ground) Result {
		if !g.onMachines() {
			return passed("none", "this provider's load balancers run on no machines of their own")
		}
		is, how, why := g.topology()
		switch {
		case why != "":
			return unchecked(why)
		case is == single:
			return found(Warning, activeStandby, "%s: %s", is, how).
				or("openstack loadbalancer flavorprofile create --provider amphora --flavor-data '{\"loadbalancer_topology\": \"ACTIVE_STANDBY\"}' (as an administrator), a flavor of it, and octavia.flavor")
		}
		return passed(activeStandby, "%s: %s", is, how)
	},
}
