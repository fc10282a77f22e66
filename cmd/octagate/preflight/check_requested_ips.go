package preflight

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/octagate/octagate/reconcile/ground"
)

var requestedIPs = check{
	name: "requested-ips",
	what: "Every loadBalancerIP in use is a floating IP of the project, free or the Service's own",
	why:  "a Service whose floating IP is not there, or is another's, gets no external IP",
	look: func(g Ground) Result {
		services, why := g.Cluster.Services.Look()
		if why != "" {
			return unchecked(why)
		}
		floatingIPs, why := g.Cloud.FloatingIPs.Look()
		if why != "" {
			return unchecked(why)
		}
		asked := map[netip.Addr]string{}
		results := []Result{passed("", "no Service asks for a loadBalancerIP")}
		for _, s := range services {
			if !s.Balanced || !s.Requested.IsValid() {
				continue
			}
			results[0].Found = "" // some do
			if first := asked[s.Requested]; first != "" {
				results = append(results, found(Failure, "one Service for each", "%s and %s both ask for %s", first, s.Name, s.Requested).
					or("openstack floating ip create %s; then give it to one of them", g.network()))
				continue
			}
			asked[s.Requested] = s.Name
			results = append(results, g.requested(s, floatingIPs))
		}
		return all(results)
	},
}

// network is what a floating IP is created from, in a command.
func (g Ground) network() string {
	if g.Policy.ExternalNetwork == "" {
		return "NETWORK"
	}
	return g.Policy.ExternalNetwork
}

// requested looks at the floating IP that one Service asks for.
func (g Ground) requested(s Service, all []ground.FloatingIP) Result {
	expected := fmt.Sprintf("%s free, or at %s", s.Requested, s.Name)
	i := slices.IndexFunc(all, func(f ground.FloatingIP) bool { return f.Address == s.Requested })
	switch {
	case i < 0:
		return found(Failure, expected, "%s of %s is not a floating IP of this project", s.Requested, s.Name).
			or("openstack floating ip create --floating-ip-address %s %s (an address of your choice may be an administrator's), or another loadBalancerIP", s.Requested, g.network())
	case all[i].Port != "" && !slices.Contains(s.VIPs, all[i].FixedIP):
		return found(Failure, expected, "%s of %s leads to %s", s.Requested, s.Name, all[i].FixedIP).
			or("openstack floating ip unset --port %s, or another loadBalancerIP", s.Requested)
	case all[i].Owner.UID != "" && all[i].Owner.UID != s.UID:
		return found(Failure, expected, "%s of %s is one that octagate allocated for another Service", s.Requested, s.Name).or("another loadBalancerIP")
	}
	return passed(expected, "%s is there for %s", s.Requested, s.Name)
}
