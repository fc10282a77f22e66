package preflight

import (
	"github.com/octagate/octagate/reconcile/ground"
)

var routerGateways = check{
	name: "router-gateways",
	what: "The router has exactly the gateway address in each subnet, and its ports are ACTIVE",
	why:  "Pods and amphorae send to the gateway of their subnet; if the router is not there, nothing answers",
	look: func(g Ground) Result {
		return g.each(false, func(p place) Result {
			joining, why := g.joining(p)
			switch {
			case why != "":
				return unchecked(why)
			case len(joining) == 0:
				return unchecked("no router joins the subnets")
			}
			var results []Result
			for key, subnet := range sorted(p.subnets()) {
				results = append(results, g.stands(joining, key, subnet))
			}
			return all(results)
		})
	},
}

// stands looks whether one of the routers is at the gateway of a subnet.
func (g Ground) stands(routers []string, key string, s ground.Subnet) Result {
	expected := "the router at " + s.Gateway.String()
	ports, _ := g.Cloud.Ports.Look()
	var elsewhere Result
	for _, id := range routers {
		for _, p := range ports {
			at, here := p.In(s.ID)
			switch {
			case !here || p.Device != id || !p.Routes():
			case at != s.Gateway:
				elsewhere = found(Failure, expected, "it is at %s in %s %s", at, key, s.CIDR).
					or("openstack router remove port %s %s", id, p.ID).
					or("openstack router add subnet %s %s", id, s.ID)
			case p.Status != "ACTIVE":
				return found(Warning, expected+", by a port that is ACTIVE", "its port %s in %s is %s", p.ID, s.CIDR, p.Status).
					or("openstack port show %s; openstack network agent list --router %s (as an administrator)", p.ID, id)
			default:
				return passed(expected, "it is at %s", s.Gateway)
			}
		}
	}
	return elsewhere
}
