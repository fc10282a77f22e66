package preflight

var zone = check{
	name: "availability-zone",
	what: "The availability zone of load balancers is there, and enabled",
	why:  "a load balancer in a zone that is not there, or switched off, is refused",
	look: func(g Ground) Result {
		return offer(g.Policy.Zone, "octavia.availabilityZone", "openstack loadbalancer availabilityzone list", g.Cloud.Zones.Look)
	},
}
