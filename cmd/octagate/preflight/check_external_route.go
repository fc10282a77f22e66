package preflight

import "slices"

var externalRoute = check{
	name: "external-route",
	what: "The router of the Services leads to the external network",
	why:  "a floating IP can be associated with a VIP only where a router joins their networks",
	look: func(g Ground) Result {
		external := g.Policy.ExternalNetwork
		if external == "" {
			return passed("", "no external network is configured")
		}
		return g.each(false, func(p place) Result {
			if p.service.CIDR.Addr().Is6() {
				return passed("", "a floating IP leads to an IPv4 address only")
			}
			known, why := g.Cloud.Routers.Look()
			ids := g.routersOf(p)
			switch {
			case why != "":
				return unchecked(why)
			case len(ids) == 0:
				return unchecked("no router has a port in " + p.service.CIDR.String())
			}
			return g.leads(ids, known[ids[0]].ID != "", external)
		})
	},
}

// routersOf are the IDs of the routers with a port in the subnet of the VIPs, in order.
func (g Ground) routersOf(p place) []string {
	ports, _ := g.Cloud.Ports.Look()
	var ids []string
	for _, port := range ports {
		if _, here := port.In(p.service.ID); here && port.Routes() {
			ids = append(ids, port.Device)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// leads looks whether one of the routers leads to a network.
func (g Ground) leads(ids []string, shown bool, external string) Result {
	known, _ := g.Cloud.Routers.Look()
	for _, id := range ids {
		if known[id].External == external {
			return passed("a gateway on "+external, "router %s leads there", name(known[id]))
		}
	}
	if !shown {
		return unchecked("router " + ids[0] + " is another project's, and not shown to us")
	}
	r := known[ids[0]]
	repair := "openstack router set --external-gateway " + external + " " + r.ID
	if r.External == "" {
		return found(Failure, "a gateway on "+external, "router %s has none", name(r)).or("%s", repair)
	}
	return found(Failure, "a gateway on "+external, "router %s has one on %s", name(r), r.External).
		or("%s, or neutron.externalNetwork: %s", repair, r.External)
}
