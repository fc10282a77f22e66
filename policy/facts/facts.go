// Package facts is what is known of the cloud and the cluster at one moment.
//
// A Snapshot is immutable and answers without I/O, so that policy may ask it
// while the API server waits. It never confuses "there is none" with "nobody
// could look", and each kind of facts may be known or unknown by itself.
package facts

import (
	"cmp"
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
	BalancerLimits // of listeners and pools, too
	FloatingIPLimit
)

// Has reports whether any of the others is among the kinds.
func (k Kinds) Has(others Kinds) bool { return k&others != 0 }

// A Question is what the cloud is to be asked anew: kinds of facts, and what there is at one
// address, for which nobody has to list all floating IPs. The zero Question asks for nothing.
type Question struct {
	Kinds      Kinds
	FloatingIP netip.Addr // its address; zero: of none
}

// And is both questions in one. Not more than one of them asks for a floating IP, or both for
// the same.
func (q Question) And(other Question) Question {
	return Question{q.Kinds | other.Kinds, cmp.Or(q.FloatingIP, other.FloatingIP)}
}

// A FloatingIP is a floating IP of our project.
type FloatingIP struct {
	ID      string     `json:"id"`
	Address netip.Addr `json:"address"`
	Network string     `json:"network"`          // ID of the external network
	Port    string     `json:"port,omitempty"`   // ID of the port that it is associated with; empty: none
	FixedIP netip.Addr `json:"fixedIP,omitzero"` // that port's address
	Pool    bool       `json:"pool,omitempty"`   // allocated by octagate for a Service, which releases it

	Namespaces []string `json:"namespaces,omitempty"` // that may claim it; empty: any
}

// For reports whether Services of a namespace may claim the floating IP.
func (f FloatingIP) For(namespace string) bool {
	return len(f.Namespaces) == 0 || slices.Contains(f.Namespaces, namespace)
}

// Free reports whether a Service may claim the floating IP.
func (f FloatingIP) Free() bool { return f.Port == "" && !f.Pool }

// A Snapshot is everything that is known. Its zero value knows nothing.
type Snapshot struct {
	ServiceCIDRs []netip.Prefix            `json:"serviceCIDRs,omitzero"`      // of the cluster; nil: unknown
	FloatingIPs  map[netip.Addr]FloatingIP `json:"floatingIPs,omitzero"`       // of the project; nil: unknown
	Subnets      map[string]Subnet         `json:"subnets,omitzero"`           // what was looked for, by ID; the zero Subnet is not there
	Ports        map[netip.Addr]Port       `json:"ports,omitzero"`             // with an address in the service subnet; nil: unknown
	Balancers    map[string]Balancer       `json:"loadBalancers,omitzero"`     // of the project, by the ID of their VIP's port; nil: unknown
	Externals    map[string]bool           `json:"externalNetworks,omitzero"`  // the external networks, by ID; nil: unknown
	OuterSubnets map[string][]string       `json:"externalSubnets,omitzero"`   // theirs, by the network's ID, as far as it shows them
	Routes       map[string]bool           `json:"routedNetworks,omitzero"`    // those that a router of the service subnet leads to; nil: unknown
	Octavia      Version                   `json:"octaviaVersion,omitzero"`    // of its API
	Providers    map[string]Offer          `json:"providers,omitzero"`         // of load balancers, by name; nil: unknown
	Flavors      map[string]Offer          `json:"flavors,omitzero"`           // by ID; nil: unknown
	Zones        map[string]Offer          `json:"availabilityZones,omitzero"` // for load balancers, by name; nil: unknown

	BalancerLimit   Limit `json:"loadBalancerQuota,omitzero"` // of load balancers in the project
	ListenerLimit   Limit `json:"listenerQuota,omitzero"`     // in all of them together
	PoolLimit       Limit `json:"poolQuota,omitzero"`
	FloatingIPLimit Limit `json:"floatingIPQuota,omitzero"`

	Old   Kinds                     `json:"-"` // what was known before, and the cloud was not heard to say again: nobody is refused for it
	Asked map[netip.Addr]FloatingIP `json:"-"` // floating IPs that the cloud was asked for by their addresses, and not before: the zero FloatingIP is not there

	FloatingIPIndex *FloatingIPIndex `json:"-"` // of FloatingIPs; nil: is made when it is needed
	BalancerIndex   *BalancerIndex   `json:"-"` // of Balancers, likewise

	Claims map[netip.Addr][]Claim `json:"claims,omitzero"` // of the cluster's Services, those first that go before others; nil: unknown
}

// A Claim is a Service that names a floating IP.
type Claim struct {
	Service types.UID `json:"service"`
	Name    string    `json:"name"` // ns/name
	Since   time.Time `json:"since"`
}

// Kinds are the kinds of facts that are known.
func (s Snapshot) Kinds() Kinds {
	var all Kinds
	for kind, known := range map[Kinds]bool{
		FloatingIPs: s.FloatingIPs != nil, Subnets: s.Subnets != nil, Ports: s.Ports != nil, Balancers: s.Balancers != nil,
		Externals: s.Externals != nil, Routes: s.Routes != nil, Octavia: s.Octavia != Version{},
		Providers: s.Providers != nil, Flavors: s.Flavors != nil, Zones: s.Zones != nil,
		BalancerLimits: s.BalancerLimit.Known, FloatingIPLimit: s.FloatingIPLimit.Known,
	} {
		if known {
			all |= kind
		}
	}
	return all
}

// Confirms reports whether the cloud was heard to say all of that anew.
func (s Snapshot) Confirms(q Question) bool {
	_, asked := s.Asked[q.FloatingIP]
	return !s.Old.Has(q.Kinds) && (asked || !q.FloatingIP.IsValid() || !s.Old.Has(FloatingIPs))
}

// FloatingIP looks a floating IP up by its address.
func (s Snapshot) FloatingIP(a netip.Addr) (FloatingIP, Answer) {
	f, asked := s.Asked[a]
	switch {
	case !asked:
		return find(s.FloatingIPs, a)
	case f.ID == "":
		return f, No
	}
	return f, Yes
}

// lost reports whether the cloud was asked for a floating IP, and nobody can claim it.
func (s Snapshot) lost(a netip.Addr) bool {
	f, asked := s.Asked[a]
	return asked && (f.ID == "" || !f.Free())
}

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

// FreeFloatingIPs are the first n addresses that a Service of a namespace may claim, in order:
// those of an external network; of any, if it is empty.
func (s Snapshot) FreeFloatingIPs(network, namespace string, n int) []netip.Addr {
	var free []netip.Addr
	for _, a := range s.floatingIPs().free {
		if len(free) == n {
			break
		}
		f := s.FloatingIPs[a]
		if f.For(namespace) && len(s.Claims[a]) == 0 && !s.lost(a) && (network == "" || f.Network == network) && s.Reached(f.Network) != No {
			free = append(free, a)
		}
	}
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

// Outer reports whether a subnet is one of an external network.
func (s Snapshot) Outer(network, subnet string) Answer {
	switch subnets := s.OuterSubnets[network]; {
	case len(subnets) == 0:
		return Unknown
	case slices.Contains(subnets, subnet):
		return Yes
	}
	return No
}
