// Package facts is what is known of the cloud and the cluster at one moment.
//
// A Snapshot is immutable and answers without I/O, so that policy may ask it
// while the API server waits. It never confuses "there is none" with "nobody
// could look".
package facts

import (
	"net/netip"
	"slices"
	"time"
)

// An Answer is the certainty of a look-up.
type Answer int

// The answers. The zero value is the honest one.
const (
	Unknown Answer = iota
	No
	Yes
)

// A FloatingIP is a floating IP of our project.
type FloatingIP struct {
	ID      string
	Address netip.Addr
	Network string     // ID of the external network
	Port    string     // ID of the port that it is associated with; empty: none
	FixedIP netip.Addr // that port's address
	Pool    bool       // allocated by octagate for a Service, which releases it
}

// Free reports whether a Service may claim the floating IP.
func (f FloatingIP) Free() bool { return f.Port == "" && !f.Pool }

// A Snapshot is everything that is known. Its zero value knows nothing.
type Snapshot struct {
	At           time.Time                 // when the cloud was last asked
	ServiceCIDRs []netip.Prefix            // of the cluster; nil: unknown
	FloatingIPs  map[netip.Addr]FloatingIP // of the project; nil: unknown
}

// FloatingIP looks a floating IP up by its address.
func (s Snapshot) FloatingIP(a netip.Addr) (FloatingIP, Answer) {
	f, found := s.FloatingIPs[a]
	switch {
	case found:
		return f, Yes
	case s.FloatingIPs == nil:
		return f, Unknown
	}
	return f, No
}

// FreeFloatingIPs are the addresses that a Service may claim, in order.
func (s Snapshot) FreeFloatingIPs() []netip.Addr {
	var free []netip.Addr
	for a, f := range s.FloatingIPs {
		if f.Free() {
			free = append(free, a)
		}
	}
	slices.SortFunc(free, netip.Addr.Compare)
	return free
}
