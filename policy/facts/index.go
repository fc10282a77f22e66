package facts

import (
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// A project may have ten thousand load balancers, and as many floating IPs. An index is made
// once of all of a kind, so that no review and no reconciliation goes through them.

// A FloatingIPIndex finds floating IPs by other than their addresses.
type FloatingIPIndex struct {
	free     []netip.Addr        // the addresses of those that are free, in order
	idle     bool                // one of the pool leads nowhere
	ports    map[string]bool     // the IDs of the ports that some are associated with
	fixedIPs map[netip.Addr]bool // the addresses of those ports
}

// IndexFloatingIPs makes an index of floating IPs, which stay as they are from then on.
func IndexFloatingIPs(all map[netip.Addr]FloatingIP) *FloatingIPIndex {
	i := &FloatingIPIndex{}
	if len(all) > 0 {
		i.ports, i.fixedIPs = map[string]bool{}, map[netip.Addr]bool{}
	}
	for a, f := range all {
		switch {
		case f.Free():
			i.free = append(i.free, a)
		case f.Port == "":
			i.idle = true
		default:
			i.ports[f.Port] = true
		}
		if f.FixedIP.IsValid() {
			i.fixedIPs[f.FixedIP] = true
		}
	}
	slices.SortFunc(i.free, netip.Addr.Compare)
	return i
}

// A BalancerIndex finds load balancers by other than their VIPs' ports.
type BalancerIndex struct {
	stay  Size
	of    map[types.UID][]string // the VIPs' ports of a Service's load balancers, in the order of their IDs
	named map[string]string      // that of the load balancer of a name; of several, the one whose ID comes first
}

// A Size is how many there are of what the project has quotas of.
type Size struct{ Balancers, Listeners, Pools int }

// IndexBalancers makes an index of load balancers, which stay as they are from then on.
func IndexBalancers(all map[string]Balancer) *BalancerIndex {
	i := &BalancerIndex{}
	if len(all) > 0 {
		i.of, i.named = map[types.UID][]string{}, map[string]string{}
	}
	for port, b := range all {
		if !b.Leaving {
			i.stay = Size{i.stay.Balancers + 1, i.stay.Listeners + b.Listeners, i.stay.Pools + b.Pools}
		}
		if b.Service != "" {
			i.of[b.Service] = append(i.of[b.Service], port)
		}
		if first, more := i.named[b.Name]; b.Name != "" && (!more || b.ID < all[first].ID) {
			i.named[b.Name] = port
		}
	}
	for _, ports := range i.of {
		slices.SortFunc(ports, func(a, b string) int { return strings.Compare(all[a].ID, all[b].ID) })
	}
	return i
}

func (s Snapshot) floatingIPs() *FloatingIPIndex {
	if s.FloatingIPIndex == nil {
		return IndexFloatingIPs(s.FloatingIPs)
	}
	return s.FloatingIPIndex
}

func (s Snapshot) balancers() *BalancerIndex {
	if s.BalancerIndex == nil {
		return IndexBalancers(s.Balancers)
	}
	return s.BalancerIndex
}

// Idle reports whether a floating IP of the pool leads nowhere.
func (s Snapshot) Idle() bool { return s.floatingIPs().idle }

// Leads reports whether a floating IP leads to a port, or to an address.
func (s Snapshot) Leads(port string, a netip.Addr) bool {
	i := s.floatingIPs()
	return i.ports[port] || i.fixedIPs[a]
}

// PortsOf are the ports of the VIPs of a Service's load balancers, in the order of the load
// balancers' IDs.
func (s Snapshot) PortsOf(service types.UID) []string { return s.balancers().of[service] }

// BalancerNamed is the load balancer of a name that no cluster's octagate made; of several,
// the one whose ID comes first.
func (s Snapshot) BalancerNamed(name string) (b Balancer, found bool) {
	if port, found := s.balancers().named[name]; found {
		return s.Balancers[port], true
	}
	return Balancer{}, false
}

// Staying is how many load balancers there are, less those that Octavia is deleting, and how
// much is in them.
func (s Snapshot) Staying() Size { return s.balancers().stay }
