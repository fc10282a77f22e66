package preflight

import (
	"fmt"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
)

var quotas = check{
	name: "quotas",
	what: "The quotas of the project have room for what the Services to come need, or for one where that is not known",
	why:  "what exceeds a quota is refused when it is made, one Service after the other",
	look: func(g Ground) Result {
		n, why := g.coming()
		if why != "" {
			n = 1
		}
		octavia := g.within(g.Cloud.BalancerQuota, "openstack loadbalancer quota set --%s %d PROJECT", n, "loadbalancer", "listener", "pool", "member")
		if g.Policy.Legacy {
			octavia = passed("", "LBaaS v2's are Neutron's")
		}
		results := []Result{octavia, g.within(g.Cloud.NetworkQuota, "openstack quota set --%ss %d PROJECT", n, "port")}
		if external := g.external(n); g.Policy.ExternalNetwork != "" && external > 0 {
			results = append(results, g.within(g.Cloud.NetworkQuota, "openstack quota set --floating-ips %[2]d PROJECT", external, "floatingip"))
		}
		return all(results)
	},
}

// external is how many of n Services to come need a floating IP, at most.
func (g Ground) external(n int) int {
	services, why := g.Cluster.Services.Look()
	if why != "" {
		return n
	}
	pool := 0
	for _, s := range services {
		if s.Balanced && s.Pool {
			pool++
		}
	}
	floatingIPs, _ := g.Cloud.FloatingIPs.Look()
	for _, f := range floatingIPs {
		if f.Owner.Cluster == g.ClusterName {
			pool--
		}
	}
	return max(0, pool)
}

// within looks whether there may be n more of some resources.
func (g Ground) within(fact ground.Fact[map[string]ground.Quota], command string, n int, resources ...string) Result {
	known, why := fact.Look()
	if why != "" {
		return unchecked(why)
	}
	var results []Result
	for _, resource := range resources {
		q, told := known[resource]
		expected := fmt.Sprintf("room for %d", n)
		switch {
		case !told:
			results = append(results, unchecked("the quota of "+resource+"s is not told"))
		case n > 0 && q.Limit.Room(q.Used+n-1) == facts.No:
			results = append(results, found(Failure, expected, "%d of %d %ss are there", q.Used, q.Limit.Most, resource).
				or(command+" (as an administrator)", resource, q.Used+n))
		default:
			results = append(results, passed(expected, "%ss: %d of %s", resource, q.Used, limit(q.Limit)))
		}
	}
	return all(results)
}

// limit is a limit in words.
func limit(l facts.Limit) string {
	if l.Most < 0 {
		return "any number"
	}
	return fmt.Sprint(l.Most)
}
