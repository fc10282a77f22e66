package preflight

import (
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile/ground"
)

// ovn is the provider whose load balancers run on no machines of their own.
const ovn = "ovn"

// coming is how many Services are to get a load balancer, or why that is not known.
func (g Ground) coming() (n int, why string) {
	services, why := g.Cluster.Services.Look()
	if why != "" {
		return 0, why
	}
	balancers, why := g.Cloud.Balancers.Look()
	has := map[types.UID]bool{}
	for _, b := range balancers {
		if b.Owner.Cluster == g.ClusterName {
			has[b.Owner.UID] = true
		}
	}
	for _, s := range services {
		if s.Balanced && !has[s.UID] {
			n++
		}
	}
	return n, why
}

// The topologies, in Octavia's words.
const (
	single        = "SINGLE"
	activeStandby = "ACTIVE_STANDBY"
)

// onMachines reports whether load balancers run on amphorae, as far as is known.
func (g Ground) onMachines() bool {
	offered, _ := g.Cloud.Providers.Look()
	_, has := offered[ovn]
	only := has && len(offered) == 1
	return !g.Policy.Legacy && g.Policy.Provider != ovn && !(g.Policy.Provider == "" && only)
}

// topology is that of load balancers to come, and how it is known; or why it is not known.
func (g Ground) topology() (is, how, why string) {
	is, why = g.Cloud.Topology.Look()
	if why == "" {
		return is, "the flavor's profile says so", ""
	}
	pairs, singles := g.machines()
	switch {
	case len(singles) > 0:
		return single, "one amphora has load balancer " + some(singles), ""
	case pairs > 0:
		return activeStandby, "those that there are run on two", ""
	}
	return "", "", why
}

// machines are how many of the load balancers run on two amphorae, and the names of those
// that run on one: an amphora's port answers for the VIP, too, and whoever owns the network
// sees it.
func (g Ground) machines() (pairs int, singles []string) {
	balancers, _ := g.Cloud.Balancers.Look()
	ports, _ := g.Cloud.Ports.Look()
	for _, b := range balancers {
		beside := 0
		for _, p := range ports {
			if strings.HasPrefix(p.Name, "octavia-lb-vrrp-") && answers(p, b) {
				beside++
			}
		}
		switch {
		case b.Status != "ACTIVE" || beside == 0:
		case beside == 1:
			singles = append(singles, b.Name)
		default:
			pairs++
		}
	}
	return pairs, singles
}

// answers reports whether a port may answer for a load balancer's VIP.
func answers(p ground.Port, b ground.Balancer) bool {
	for _, a := range p.Beside {
		if a == b.VIP {
			_, here := p.In(b.Subnet)
			return here
		}
	}
	return false
}

// amphorae is how many addresses of its own a load balancer takes, at least and at most.
func (g Ground) amphorae() (least, most int) {
	is, _, _ := g.topology()
	switch {
	case !g.onMachines():
		return 0, 0
	case is == single:
		return 1, 1
	case is == activeStandby:
		return 2, 2
	}
	return 1, 2
}
