package preflight

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/octavia"
)

var orphans = check{
	name: "orphans",
	what: "Nothing in the cloud is left of a Service that is gone",
	why:  "it costs quota and addresses; and a VIP's port that was left behind keeps its address from everybody for ever",
	look: func(g Ground) Result {
		const expected = "nothing"
		leaked := g.leaked()
		services, why := g.Cluster.Services.Look()
		if why != "" && len(leaked) == 0 {
			return unchecked(why)
		}
		if why == "" {
			leaked = append(leaked, g.left(services)...)
		}
		if len(leaked) == 0 {
			return passed(expected, "nothing is left")
		}
		return all(leaked)
	},
}

// leaked are the ports of VIPs whose load balancer is not there.
func (g Ground) leaked() []Result {
	ports, _ := g.Cloud.Ports.Look()
	balancers, why := g.Cloud.Balancers.Look()
	if why != "" {
		return nil
	}
	there := map[string]bool{}
	for _, b := range balancers {
		there[b.ID], there[b.Port] = true, true
	}
	var all []Result
	for _, p := range ports {
		id, vip := strings.CutPrefix(p.Name, "octavia-lb-")
		if vip && p.Ours && p.Owner == "Octavia" && !there[id] && !there[p.ID] {
			all = append(all, found(Warning, "no port of a VIP without its load balancer", "port %s is left of load balancer %s", p.ID, id).
				or("openstack port delete %s", p.ID))
		}
	}
	return all
}

// left are load balancers and floating IPs of Services that are not there.
func (g Ground) left(services []Service) []Result {
	there := map[types.UID]bool{}
	for _, s := range services {
		there[s.UID] = true
	}
	var all []Result
	balancers, _ := g.Cloud.Balancers.Look()
	for _, b := range balancers {
		if gone := g.gone(b.Owner, there); gone != "" {
			all = append(all, found(Warning, "no load balancer without its Service", "%s %s is %s", b.Name, b.ID, gone).
				or("openstack loadbalancer delete --cascade %s, or octavia.orphans: Collect", b.ID))
		}
	}
	floatingIPs, _ := g.Cloud.FloatingIPs.Look()
	for _, f := range floatingIPs {
		if gone := g.gone(f.Owner, there); gone != "" {
			all = append(all, found(Warning, "no floating IP without its Service", "%s is %s", f.Address, gone).
				or("openstack floating ip delete %s, or octavia.orphans: Collect", f.Address))
		}
	}
	return append(all, g.impostors(balancers)...)
}

// gone says of whom something is left; empty: it is in use, or not ours.
func (g Ground) gone(o octavia.Owner, there map[types.UID]bool) string {
	switch {
	case o.Cluster != g.ClusterName || g.ClusterName == "" || there[o.UID] || g.other(o):
		return ""
	}
	return fmt.Sprintf("left of Service %s", o.UID)
}

// other reports whether something is of another cluster of the same name.
func (g Ground) other(o octavia.Owner) bool {
	system, why := g.Cluster.System.Look()
	return why == "" && o.System != "" && o.System != system
}

// impostors are load balancers of other clusters of our name.
func (g Ground) impostors(balancers []ground.Balancer) []Result {
	var names []string
	for _, b := range balancers {
		if b.Owner.Cluster == g.ClusterName && g.other(b.Owner) {
			names = append(names, b.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Result{found(Warning, "one cluster of the name "+g.ClusterName, "another cluster of this name made %s", some(names)).
		or("give each cluster of the project a clusterName of its own")}
}
