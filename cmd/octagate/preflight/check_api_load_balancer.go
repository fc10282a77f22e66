package preflight

import (
	"fmt"
	"net/netip"

	"github.com/octagate/octagate/reconcile/ground"
)

// apiService is the Service by which Pods find the API server, and the name of its load
// balancer.
const apiService = "default/kubernetes"

// The ports of the API server's load balancer, and of API servers.
const (
	apiPort    = 443
	serverPort = 6443
)

var apiBalancer = check{
	name: "api-load-balancer",
	what: "The first address of the service range is the VIP of a load balancer that leads from port 443 to API servers that are alive, at 6443",
	why:  "Kubernetes gives this address to default/kubernetes, by which Pods find the API server",
	look: func(g Ground) Result {
		return g.each(true, func(p place) Result {
			known, why := g.Cloud.Balancers.Look()
			if why != "" {
				return unchecked(why)
			}
			var results []Result
			for _, at := range APIs(p.ranges[:1]) {
				results = append(results, g.api(p, at, known))
			}
			return all(results)
		})
	},
}

// api looks at the load balancer at an address.
func (g Ground) api(p place, at netip.Addr, known []ground.Balancer) Result {
	expected := fmt.Sprintf("a load balancer at %s, %d to %d", at, apiPort, serverPort)
	for _, b := range known {
		if b.VIP == at && b.Subnet == p.service.ID {
			return alive(b, expected)
		}
	}
	if g.Policy.APIServer {
		return passed(expected, "there is none yet; octagate run makes it (kubernetes.apiServer)")
	}
	return found(Warning, expected, "there is none: Pods reach the API server only if something else has this address").
		or("octagate network apply --api-server ADDRESS…, or kubernetes.apiServer: true")
}

// alive looks whether a load balancer leads to API servers.
func alive(b ground.Balancer, expected string) Result {
	remake := "openstack loadbalancer delete --cascade " + b.ID + "; octagate network apply --api-server ADDRESS…"
	switch {
	case b.Status == "ERROR":
		return found(Failure, expected, "%s is in ERROR", b.Name).or("%s", remake)
	case b.Status != "ACTIVE":
		return found(Warning, expected, "%s is %s", b.Name, b.Status).or("wait, and check again")
	case b.Under == nil:
		return unchecked("what is under " + b.Name + " was not looked at")
	}
	pool, listens := leadsFrom(b.Under, apiPort)
	switch {
	case !listens:
		return found(Failure, expected, "%s has no listener on port %d", b.Name, apiPort).or("%s", remake)
	case len(pool.Members) == 0:
		return found(Failure, expected, "%s has no members", b.Name).or("octagate network apply --api-server ADDRESS…")
	}
	return living(b.Name, pool.Members, expected)
}

// leadsFrom is the pool that the listener on a port leads to, and whether there is such a
// listener.
func leadsFrom(u *ground.Under, port int) (ground.Pool, bool) {
	for _, l := range u.Listeners {
		if l.Port != port || l.Protocol == "UDP" || l.Protocol == "SCTP" {
			continue
		}
		for _, p := range u.Pools {
			if p.ID == l.Pool {
				return p, true
			}
		}
		return ground.Pool{}, true
	}
	return ground.Pool{}, false
}

// living looks at API servers. Without a health monitor nobody knows whether they live.
func living(name string, members []ground.Member, expected string) Result {
	var dead, other []string
	for _, m := range members {
		at := netip.AddrPortFrom(m.Address, uint16(m.Port)).String()
		if m.Operating == "ERROR" || m.Operating == "OFFLINE" {
			dead = append(dead, at)
		}
		if m.Port != serverPort {
			other = append(other, at)
		}
	}
	switch {
	case len(dead) == len(members):
		return found(Failure, expected, "no member of %s is alive: %s", name, some(dead)).or("look after the API servers, and what keeps the load balancer from them")
	case len(dead) > 0:
		return found(Warning, expected, "members of %s are not alive: %s", name, some(dead)).or("look after these API servers")
	case len(other) > 0:
		return found(Warning, expected, "%s leads to %s", name, some(other)).or("nothing, if your API servers are there")
	}
	return passed(expected, "%s leads to %d API servers", name, len(members))
}
