// Package facts is what is known of the cloud and the cluster at one moment.
//
// A Snapshot is immutable and answers without I/O, so that policy may ask it
// while the API server waits. It never confuses "there is none" with "nobody
// could look", and each kind of facts may be known or unknown by itself.
package facts

import (
	"net/netip"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// An Answer is the certainty of a look-up.
type Answer int

// The answers. The zero value is the honest one.
const (
	Unknown Answer = iota
	No
	Yes
)

// Kinds are kinds of facts: each is known, or unknown, by itself.
type Kinds uint

// The kinds of facts of the cloud.
const (
	FloatingIPs Kinds = 1 << iota
	Subnets
	Ports
	Balancers
	Externals
	Routes
	Octavia
	Providers
	Flavors
	Zones
	BalancerLimit
	FloatingIPLimit
)

// Has reports whether any of the others is among the kinds.
func (k Kinds) Has(others Kinds) bool { return k&others != 0 }

// A FloatingIP is a floating IP of our project.
type FloatingIP struct {
	ID      string
	Address netip.Addr
	Network string     // ID of the external network
	Port    string     // ID of the port that it is associated with; empty: none
	FixedIP netip.Addr // that port's address
	Pool    bool       // allocated by octagate for a Service, which releases it

	Namespaces []string // that may claim it; empty: any
}

// For reports whether Services of a namespace may claim the floating IP.
func (f FloatingIP) For(namespace string) bool {
	return len(f.Namespaces) == 0 || slices.Contains(f.Namespaces, namespace)
}

// Free reports whether a Service may claim the floating IP.
func (f FloatingIP) Free() bool { return f.Port == "" && !f.Pool }

// A Snapshot is everything that is known. Its zero value knows nothing.
type Snapshot struct {
	ServiceCIDRs []netip.Prefix            // of the cluster; nil: unknown
	FloatingIPs  map[netip.Addr]FloatingIP // of the project; nil: unknown
	Subnets      map[string]Subnet         // what was looked for, by ID; the zero Subnet is not there
	Ports        map[netip.Addr]Port       // with an address in the service subnet; nil: unknown
	Balancers    map[string]Balancer       // of the project, by the ID of their VIP's port; nil: unknown
	Externals    map[string]bool           // the external networks, by ID; nil: unknown
	Routes       map[string]bool           // those that a router of the service subnet leads to; nil: unknown
	Octavia      Version                   // of its API
	Providers    map[string]Offer          // of load balancers, by name; nil: unknown
	Flavors      map[string]Offer          // by ID; nil: unknown
	Zones        map[string]Offer          // for load balancers, by name; nil: unknown

	BalancerLimit   Limit // of load balancers in the project
	FloatingIPLimit Limit

	Old Kinds // what was known before, and the cloud was not heard to say again: nobody is refused for it

	Claims map[netip.Addr][]Claim // of the cluster's Services, those first that go before others; nil: unknown
}

// A Claim is a Service that names a floating IP.
type Claim struct {
	Service types.UID
	Name    string // ns/name
	Since   time.Time
}

// FloatingIP looks a floating IP up by its address.
func (s Snapshot) FloatingIP(a netip.Addr) (FloatingIP, Answer) { return find(s.FloatingIPs, a) }

// find is what a map has for a key. A map that is nil is one that nobody could fill.
func find[K comparable, V any](m map[K]V, k K) (V, Answer) {
	v, found := m[k]
	switch {
	case found:
		return v, Yes
	case m == nil:
		return v, Unknown
	}
	return v, No
}

// FreeFloatingIPs are the addresses that a Service of a namespace may claim, in order:
// those of an external network; of any, if it is empty.
func (s Snapshot) FreeFloatingIPs(network, namespace string) []netip.Addr {
	var free []netip.Addr
	for a, f := range s.FloatingIPs {
		if f.Free() && f.For(namespace) && len(s.Claims[a]) == 0 && (network == "" || f.Network == network) && s.Reached(f.Network) != No {
			free = append(free, a)
		}
	}
	slices.SortFunc(free, netip.Addr.Compare)
	return free
}

// Reached reports whether floating IPs of a network can lead to the service subnet: it
// has to be external, and a router has to join the two.
func (s Snapshot) Reached(network string) Answer {
	if s.Externals != nil && !s.Externals[network] {
		return No
	}
	_, answer := find(s.Routes, network)
	return answer
}
