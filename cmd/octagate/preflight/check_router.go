package preflight

import (
	"slices"
	"strings"

	"github.com/octagate/octagate/reconcile/ground"
)

var router = check{
	name: "router",
	what: "One router has a port in the subnet of Services and in that of Pods, and is ACTIVE",
	why:  "in L3 load balancers reach Pods through it, and in any case Pods reach VIPs through it",
	look: func(g Ground) Result {
		return g.each(false, func(p place) Result {
			joining, why := g.joining(p)
			const expected = "one router with a port in both, ACTIVE"
			switch {
			case why != "":
				return unchecked(why)
			case len(joining) == 0:
				return found(Failure, expected, "no router has a port in %s", places(p)).
					or("openstack router add subnet ROUTER %s", p.service.ID).or("openstack router add subnet ROUTER %s", p.pod.ID)
			}
			return g.routes(joining, expected)
		})
	},
}

// places are the subnets of a place in words.
func places(p place) string {
	if p.service.ID == p.pod.ID {
		return p.service.CIDR.String()
	}
	return p.service.CIDR.String() + " and in " + p.pod.CIDR.String()
}

// joining are the IDs of the routers with a port in both subnets, in order.
func (g Ground) joining(p place) (ids []string, why string) {
	ports, why := g.Cloud.Ports.Look()
	for _, service := range ports {
		if _, here := service.In(p.service.ID); !here || !service.Routes() {
			continue
		}
		if slices.ContainsFunc(ports, func(pod ground.Port) bool {
			_, there := pod.In(p.pod.ID)
			return there && pod.Routes() && pod.Device == service.Device
		}) {
			ids = append(ids, service.Device)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), why
}

// routes looks whether one of the routers works.
func (g Ground) routes(ids []string, expected string) Result {
	known, why := g.Cloud.Routers.Look()
	if why != "" {
		return unchecked(why)
	}
	var down Result
	for _, id := range ids {
		switch r, shown := known[id]; {
		case !shown:
			return unchecked("router " + id + " is another project's, and not shown to us")
		case r.Up && r.Status == "ACTIVE":
			return passed(expected, "router %s joins them, and is ACTIVE", name(r))
		case !r.Up:
			down = found(Failure, expected, "router %s is switched off", name(r)).or("openstack router set --enable %s", id)
		default:
			down = found(Failure, expected, "router %s is %s", name(r), r.Status).or("openstack router show %s; ask an administrator", id)
		}
	}
	return down
}

// name is what a router is called.
func name(r ground.Router) string { return strings.TrimSpace(r.Name + " " + r.ID) }
