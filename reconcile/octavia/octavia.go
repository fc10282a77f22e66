// Package octavia describes a load balancer as a tree of plain values.
//
// The same types say what should be and what is, so that a plan is a
// comparison. Nothing here talks to a cloud.
package octavia

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/octagate/octagate/policy"
)

// A Status is Octavia's provisioning status.
type Status string

// The statuses at which Octavia rests. Every other one is a change under way,
// during which it refuses any other.
const (
	Active Status = "ACTIVE"
	Failed Status = "ERROR"
)

// Busy reports whether Octavia is at work.
func (s Status) Busy() bool { return s != "" && s != Active && s != Failed }

// A Tree is one load balancer with all that is under it and its floating IP. The
// zero Tree is no load balancer at all, which is what a leaving Service desires.
type Tree struct {
	ID         string // empty when only desired
	Status     Status // empty when only desired
	Name       string
	VIP        VIP
	Provider   string // read when a load balancer is made; empty: the cloud's default
	Flavor     string // ID; read when a load balancer is made; empty: the cloud's default
	Zone       string // availability zone; read when a load balancer is made; empty: the cloud's default
	Listeners  []Listener
	Loose      []Pool // observed only: pools of ours that no listener uses
	Stuck      string // observed only: what Octavia never finished making under an ACTIVE load balancer
	FloatingIP FloatingIP
}

// A VIP is the address at which a load balancer listens.
type VIP struct {
	Address netip.Addr
	Subnet  string // ID
	Port    string // ID of the Neutron port; empty when only desired
}

// A Key identifies a listener within its tree.
type Key struct {
	Protocol string
	Port     int32
}

// String is the key as people write it: TCP/80.
func (k Key) String() string { return fmt.Sprintf("%s/%d", k.Protocol, k.Port) }

func (k Key) compare(l Key) int {
	return cmp.Or(cmp.Compare(k.Port, l.Port), cmp.Compare(k.Protocol, l.Protocol))
}

// A Listener is one open port.
type Listener struct {
	Key
	ID       string // empty when only desired
	Settings Settings
	Pool     Pool
}

// Settings are what can be changed on a listener.
type Settings struct {
	Sources         []netip.Prefix // who is let in, in order; empty: everybody
	ConnectionLimit int            // 0: none
	Timeouts        Timeouts
}

// Timeouts are how long a listener waits before it gives up. Where nothing is desired
// (0) the cloud's own is as good as any: it may be whatever its operator chose.
type Timeouts policy.Timeouts

// fulfil reports whether the timeouts are what is wanted, as far as anything is.
func (t Timeouts) fulfil(want Timeouts) bool {
	return (want.ClientData == 0 || t.ClientData == want.ClientData) && (want.MemberData == 0 || t.MemberData == want.MemberData) &&
		(want.MemberConnect == 0 || t.MemberConnect == want.MemberConnect) && (want.TCPInspect == 0 || t.TCPInspect == want.TCPInspect)
}

// A Change names one of the settings.
type Change string

// The settings of listeners and of pools.
const (
	SourcesChange     Change = "sources"
	LimitChange       Change = "connection limit"
	TimeoutsChange    Change = "timeouts"
	AlgorithmChange   Change = "algorithm"
	PersistenceChange Change = "session persistence"
)

// Changes names what is otherwise in want; empty: nothing.
func (s Settings) Changes(want Settings) []Change {
	var names []Change
	if !slices.Equal(s.Sources, want.Sources) {
		names = append(names, SourcesChange)
	}
	if s.ConnectionLimit != want.ConnectionLimit {
		names = append(names, LimitChange)
	}
	if !s.Timeouts.fulfil(want.Timeouts) {
		names = append(names, TimeoutsChange)
	}
	return names
}

// A Pool is the members behind a listener. A pool without a name is none.
type Pool struct {
	ID        string // empty when only desired
	Name      string
	Protocol  string
	Algorithm string
	Sticky    bool // a client stays with its member
	Monitor   Monitor
	Members   []Member
}

// A Monitor asks the members of a pool whether they are well. The zero Monitor is none.
type Monitor struct {
	ID             string        // empty when only desired
	Delay, Timeout time.Duration // from one question to the next, and until an answer; whole seconds
	MaxRetries     int           // good answers that make a member well again
	MaxRetriesDown int           // missing answers until it gets no more connections
}

// Like reports whether two monitors differ in nothing but their IDs.
func (m Monitor) Like(n Monitor) bool {
	m.ID, n.ID = "", ""
	return m == n
}

// Changes names what is otherwise in want, of what can be changed on a pool beside
// its members; empty: nothing.
func (p Pool) Changes(want Pool) []Change {
	var names []Change
	if p.Algorithm != want.Algorithm {
		names = append(names, AlgorithmChange)
	}
	if p.Sticky != want.Sticky {
		names = append(names, PersistenceChange)
	}
	return names
}

// A Member is one ready endpoint on one port.
type Member struct {
	Name    string // podns/pod:port
	Address netip.Addr
	Port    int32
	Subnet  string // ID of the subnet that it is reached in
}

// Compare orders members by what identifies them in a pool: address and port.
func (m Member) Compare(n Member) int {
	return cmp.Or(m.Address.Compare(n.Address), cmp.Compare(m.Port, n.Port))
}

// A FloatingIP is the external IP of a tree. Its zero value is none.
type FloatingIP struct {
	Allocate bool       // desired: from Network; observed: was allocated by us, so is ours to release
	Network  string     // desired, Allocate: ID of the external network
	Subnet   string     // desired, Allocate: ID of a subnet of it; empty: any
	Address  netip.Addr // desired, not Allocate: the user's; observed: as it is
	ID       string     // observed only
	Port     string     // observed only: ID of the port that it is associated with
}

// Exists reports whether there is a load balancer.
func (t Tree) Exists() bool { return t.ID != "" || t.Name != "" }

// Broken reports whether Octavia has given up on the load balancer.
func (t Tree) Broken() bool { return t.Status == Failed || t.Stuck != "" }

// Empty reports whether there is nothing at all, not even a floating IP.
func (t Tree) Empty() bool { return !t.Exists() && len(t.Loose) == 0 && t.FloatingIP == FloatingIP{} }

// Listener is the listener for a key, and whether there is one.
func (t Tree) Listener(k Key) (Listener, bool) {
	i := slices.IndexFunc(t.Listeners, func(l Listener) bool { return l.Key == k })
	if i < 0 {
		return Listener{}, false
	}
	return t.Listeners[i], true
}

// Sort puts everything in the tree in its one order, so that equal trees are equal values.
func (t Tree) Sort() {
	sortListeners(t.Listeners)
	for _, l := range t.Listeners {
		slices.SortFunc(l.Pool.Members, Member.Compare)
	}
	slices.SortFunc(t.Loose, func(a, b Pool) int { return cmp.Compare(a.ID, b.ID) })
}
