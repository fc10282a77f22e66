package facts

import (
	"fmt"
	"iter"
	"net/netip"

	"k8s.io/apimachinery/pkg/types"
)

// A Subnet is a subnet of the cloud. The zero Subnet is none.
type Subnet struct {
	ID      string       `json:"id"`
	Network string       `json:"network"` // ID
	CIDR    netip.Prefix `json:"cidr"`
	Gateway netip.Addr   `json:"gateway,omitzero"`          // the zero address: it has none
	Pools   []Span       `json:"allocationPools,omitempty"` // what Neutron hands out to whoever names no address
}

// A Span is all addresses from the first to the last.
type Span struct {
	First netip.Addr `json:"first"`
	Last  netip.Addr `json:"last"`
}

// String is the span as Neutron writes it.
func (s Span) String() string { return fmt.Sprintf("%s-%s", s.First, s.Last) }

// Contains reports whether an address is one of the span.
func (s Span) Contains(a netip.Addr) bool {
	return a.BitLen() == s.First.BitLen() && s.First.Compare(a) <= 0 && a.Compare(s.Last) <= 0
}

// All are the addresses of the span, in order.
func (s Span) All() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for a := s.First; s.Contains(a) && yield(a); a = a.Next() {
		}
	}
}

// Within is what a span has in common with a range, and whether that is anything.
func (s Span) Within(r netip.Prefix) (Span, bool) {
	first, last := r.Masked().Addr(), lastOf(r)
	if s.First.BitLen() != first.BitLen() || s.Last.Less(first) || last.Less(s.First) {
		return Span{}, false
	}
	if first.Less(s.First) {
		first = s.First
	}
	if s.Last.Less(last) {
		last = s.Last
	}
	return Span{first, last}, true
}

// lastOf is the highest address of a range.
func lastOf(r netip.Prefix) netip.Addr {
	bytes := r.Addr().AsSlice()
	for bit := r.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

// Pool is the allocation pool that an address is in, and whether there is one.
func (s Subnet) Pool(a netip.Addr) (Span, bool) {
	for _, p := range s.Pools {
		if p.Contains(a) {
			return p, true
		}
	}
	return Span{}, false
}

// Subnet looks a subnet up by its ID. What nobody looked for is unknown.
func (s Snapshot) Subnet(id string) (Subnet, Answer) {
	switch subnet, looked := s.Subnets[id]; {
	case !looked:
		return subnet, Unknown
	case subnet.ID == "":
		return subnet, No
	default:
		return subnet, Yes
	}
}

// A Port is a Neutron port.
type Port struct {
	ID    string `json:"id"`
	Owner string `json:"owner,omitempty"` // what has it, in Neutron's words, such as compute:nova; may be empty
	VIP   bool   `json:"vip,omitempty"`   // it looks like one that a load balancer has for its VIP
}

// Port looks up who has an address in the service subnet.
func (s Snapshot) Port(a netip.Addr) (Port, Answer) { return find(s.Ports, a) }

// A Balancer is a load balancer of our project.
type Balancer struct {
	ID      string    `json:"id"`
	Service types.UID `json:"service,omitempty"` // whose it is; empty: nobody's in this cluster
	Name    string    `json:"name,omitempty"`    // of one that no cluster's octagate made, as far as it says
	Leaving bool      `json:"leaving,omitempty"` // Octavia is deleting it

	Listeners int `json:"listeners,omitempty"` // how many it has
	Pools     int `json:"pools,omitempty"`
}

// Balancer looks up the load balancer whose VIP a port is. It is unknown where the port
// looks like one, but there is no such load balancer: it is just coming or going, or
// Octavia left the port behind.
func (s Snapshot) Balancer(p Port) (Balancer, Answer) {
	b, found := s.Balancers[p.ID]
	switch {
	case found:
		return b, Yes
	case p.VIP:
		return b, Unknown
	}
	return b, No
}

// A Version is one of an API. The zero Version is unknown.
type Version struct {
	Major int `json:"major"`
	Minor int `json:"minor"`
}

// AtLeast reports whether v is w or later.
func (v Version) AtLeast(w Version) Answer {
	switch {
	case v == Version{}:
		return Unknown
	case v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor:
		return No
	}
	return Yes
}

// String is the version as Octavia writes it: v2.26.
func (v Version) String() string { return fmt.Sprintf("v%d.%d", v.Major, v.Minor) }
