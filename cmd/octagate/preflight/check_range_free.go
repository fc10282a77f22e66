package preflight

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/octagate/octagate/reconcile/ground"
)

// Where octagate guards addresses, those that others have are kept from Services, and the
// range is only the smaller for them. But the first is Kubernetes' own in any case.
var rangeFree = check{
	name: "range-free",
	what: "Nobody else has an address of the service range in the service subnet",
	why:  "Kubernetes gives it to a Service all the same, which then gets no load balancer",
	look: func(g Ground) Result {
		return g.each(true, func(p place) Result {
			ports, why := g.Cloud.Ports.Look()
			if why != "" {
				return unchecked(why)
			}
			var results []Result
			for _, port := range ports {
				if at, here := port.In(p.service.ID); here && p.in(at) {
					results = append(results, g.holds(p, port, at))
				}
			}
			if len(results) == 0 {
				results = append(results, Result{})
			}
			r := all(results)
			if r.Severity == Passed {
				return passed("nobody but load balancers of ours", "nobody else is in %s", list(p.ranges))
			}
			return r
		})
	},
}

// holds looks at somebody who has an address.
func (g Ground) holds(p place, port ground.Port, at netip.Addr) Result {
	balancers, why := g.Cloud.Balancers.Look()
	for _, b := range balancers {
		if b.Port == port.ID {
			return g.shares(b, at)
		}
	}
	if strings.HasPrefix(port.Owner, "Octavia") || strings.HasPrefix(port.Name, "ovn-lb-vip-") {
		if why != "" {
			return unchecked(why)
		}
		return Result{} // coming, going or left behind: the check of orphans tells
	}
	who := fmt.Sprintf("port %s%s has %s", port.ID, owner(port), at)
	if at == p.firstOf(at) {
		return found(Failure, "the first address for the API server's load balancer", "%s", who).or("openstack port delete %s", port.ID)
	}
	return g.foreign(who).or("openstack port delete %s (or give it another address)", port.ID)
}

// shares looks at a load balancer in the range.
func (g Ground) shares(b ground.Balancer, at netip.Addr) Result {
	ours := b.Owner.Cluster == g.ClusterName
	unowned := b.Owner.Cluster == ""
	switch {
	case ours, unowned && b.Name == apiService, unowned && g.Policy.Adopts && g.named(b.Name):
		return Result{}
	case !unowned:
		return g.foreign(fmt.Sprintf("load balancer %s of the cluster %s has %s", b.Name, b.Owner.Cluster, at)).
			or("take another service subnet for one of the clusters")
	}
	return g.foreign(fmt.Sprintf("load balancer %s %s has %s", b.Name, b.ID, at)).
		or("openstack loadbalancer delete --cascade %s, or octavia.adopt: Kuryr", b.ID)
}

// named reports whether a Service is called so.
func (g Ground) named(name string) bool {
	services, why := g.Cluster.Services.Look()
	for _, s := range services {
		if s.Name == name {
			return true
		}
	}
	return why != "" // as far as is known
}

// foreign is how bad it is that somebody else has an address.
func (g Ground) foreign(who string) Result {
	if g.Guarded {
		return found(Warning, "nobody but load balancers of ours", "%s; it is kept from Services", who)
	}
	return found(Failure, "nobody but load balancers of ours", "%s", who)
}

// owner is what has a port, in parentheses.
func owner(p ground.Port) string {
	if who := strings.TrimSpace(p.Name + " " + p.Owner); who != "" {
		return " (" + who + ")"
	}
	return ""
}

// firstOf is the first address of the range that an address is in.
func (p place) firstOf(a netip.Addr) netip.Addr {
	for _, r := range p.ranges {
		if r.Contains(a) {
			return APIs([]netip.Prefix{r})[0]
		}
	}
	return netip.Addr{}
}
