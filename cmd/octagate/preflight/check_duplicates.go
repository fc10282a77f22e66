package preflight

import (
	"github.com/octagate/octagate/reconcile/ground"
)

var duplicates = check{
	name: "duplicates",
	what: "No Service has two load balancers, and no two of ours have one VIP",
	why:  "in one subnet Neutron does not allow it; in two of them nobody can tell which of the two is reached",
	look: func(g Ground) Result {
		known, why := g.Cloud.Balancers.Look()
		if why != "" {
			return unchecked(why)
		}
		byService, byVIP := map[string][]ground.Balancer{}, map[string][]ground.Balancer{}
		for _, b := range known {
			if b.Owner.Cluster != g.ClusterName {
				continue
			}
			byService[string(b.Owner.UID)] = append(byService[string(b.Owner.UID)], b)
			byVIP[b.VIP.String()] = append(byVIP[b.VIP.String()], b)
		}
		results := []Result{passed("one load balancer for each Service and VIP", "%d of ours, and no two alike", len(byService))}
		results = append(results, alike(byService, "Service")...)
		return all(append(results, alike(byVIP, "VIP")...))
	},
}

// alike are results for those that have something in common.
func alike(by map[string][]ground.Balancer, what string) []Result {
	var results []Result
	for shared, bs := range sorted(by) {
		if len(bs) > 1 {
			results = append(results, found(Failure, "one load balancer for each Service and VIP", "%s and %s have %s %s", bs[0].ID, bs[1].ID, what, shared).
				or("openstack loadbalancer show %s; then openstack loadbalancer delete --cascade ONE", bs[1].ID))
		}
	}
	return results
}
