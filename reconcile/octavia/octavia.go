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
	"strings"
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

// Creating is the status of what Octavia has accepted and not made yet.
const Creating Status = "PENDING_CREATE"

// Busy reports whether Octavia is at work.
func (s Status) Busy() bool { return s != "" && s != Active && s != Failed }

// States are what Octavia says of one thing: whether it has done what it was told, and
// whether the thing works, in Octavia's words, such as ONLINE or NO_MONITOR.
type States struct {
	Provisioning Status
	Operating    string
}

// A Tree is one load balancer with all that is under it and its floating IP. The
// zero Tree is no load balancer at all, which is what a leaving Service desires.
type Tree struct {
	ID         string // empty when only desired
	Status     Status // empty when only desired
	Name       string
	Tags       []string // what its author wants it tagged with, in order; nil: whatever
	Disabled   bool     // observed only: somebody switched it off
	Untagged   bool     // observed only: something of it says in words that it is ours, as before the cloud had tags
	VIP        VIP
	More       []VIP  // further addresses at the same port, of another family
	Provider   string // read when a load balancer is made; empty: the cloud's default
	Flavor     string // ID; read when a load balancer is made; empty: the cloud's default
	Zone       string // availability zone; read when a load balancer is made; empty: the cloud's default
	Listeners  []Listener
	Pools      []Pool // of listeners; observed: all that are ours
	Stuck      string // observed only: what Octavia never finished making under an ACTIVE load balancer
	FloatingIP FloatingIP
	Foreign    FloatingIP // observed only: somebody's at the VIP, where FloatingIP, which we allocated, is not
}

// A VIP is the address at which a load balancer listens.
type VIP struct {
	Address netip.Addr
	Subnet  string // ID
	Port    string // ID of the Neutron port; empty when only desired
	Open    bool   // desired: its port has no security groups, so that it lets everybody in; observed: it has none
}

// A Key identifies a listener within its tree.
type Key struct {
	Protocol string
	Port     int32
}

// String is the key as people write it: TCP/80.
func (k Key) String() string { return fmt.Sprintf("%s/%d", k.Protocol, k.Port) }

// Place is what no two listeners can share: a port of what carries them.
func (k Key) Place() Key {
	if k.Protocol != "UDP" && k.Protocol != "SCTP" {
		k.Protocol = "TCP"
	}
	return k
}

func (k Key) compare(l Key) int {
	return cmp.Or(cmp.Compare(k.Port, l.Port), cmp.Compare(k.Protocol, l.Protocol))
}

// A Listener is one open port.
type Listener struct {
	Key
	ID       string // empty when only desired
	Settings Settings
	Pool     PoolKey // which of the tree's pools it leads to; zero: none
}

// Settings are what can be changed on a listener.
type Settings struct {
	Name            string
	Sources         []netip.Prefix // who is let in, in order; empty: everybody
	ConnectionLimit int            // 0: none
	Timeouts        Timeouts
	Timed           string // which of the timeouts are of our choosing, as a tag remembers it; empty: none
	Forwarded       bool   // members of HTTP are told by a header who the client is
	Certificate     string // reference of the container with the key of TERMINATED_HTTPS
	Disabled        bool   // observed only: somebody switched it off
	Failed          bool   // observed only: Octavia could not do what it was told of it
}

// Timeouts are how long a listener waits before it gives up. Where nothing is desired
// (0) the cloud's own is as good as any: it may be whatever its operator chose.
type Timeouts policy.Timeouts

// fulfil reports whether the timeouts are what is wanted, as far as anything is.
func (t Timeouts) fulfil(want Timeouts) bool {
	return (want.ClientData == 0 || t.ClientData == want.ClientData) && (want.MemberData == 0 || t.MemberData == want.MemberData) &&
		(want.MemberConnect == 0 || t.MemberConnect == want.MemberConnect) && (want.TCPInspect == 0 || t.TCPInspect == want.TCPInspect)
}

// A Timeout is one of the Timeouts.
type Timeout struct {
	Name  string
	Value time.Duration
}

// Named are the timeouts by their names, in order.
func (t Timeouts) Named() []Timeout {
	return []Timeout{{ClientData, t.ClientData}, {MemberConnect, t.MemberConnect}, {MemberData, t.MemberData}, {TCPInspect, t.TCPInspect}}
}

// Chosen names the timeouts that somebody wants, with commas between them.
func (t Timeouts) Chosen() string {
	var names []string
	for _, one := range t.Named() {
		if one.Value != 0 {
			names = append(names, one.Name)
		}
	}
	return strings.Join(names, ",")
}

// The names of the timeouts, as Octavia has them.
const (
	ClientData    = "timeout_client_data"
	MemberConnect = "timeout_member_connect"
	MemberData    = "timeout_member_data"
	TCPInspect    = "timeout_tcp_inspect"
)

// A Change names one of the settings.
type Change string

// The settings of load balancers, listeners and pools.
const (
	StatusChange      Change = "status" // of what is in ERROR, where any change of it sets it right
	NameChange        Change = "name"
	TagsChange        Change = "tags"
	EnabledChange     Change = "admin state"
	SourcesChange     Change = "sources"
	LimitChange       Change = "connection limit"
	TimeoutsChange    Change = "timeouts"
	ForwardedChange   Change = "X-Forwarded-For"
	CertificateChange Change = "certificate"
	PoolChange        Change = "pool"
	AlgorithmChange   Change = "algorithm"
	PersistenceChange Change = "session persistence"
)

// changes are the names of what is otherwise.
func changes(otherwise map[Change]bool) []Change {
	var names []Change
	for _, name := range []Change{NameChange, TagsChange, EnabledChange, SourcesChange, LimitChange, TimeoutsChange, ForwardedChange, CertificateChange,
		AlgorithmChange, PersistenceChange} {
		if otherwise[name] {
			names = append(names, name)
		}
	}
	return names
}

// Changes names what is otherwise in want, of the load balancer itself; empty: nothing.
func (t Tree) Changes(want Tree) []Change {
	return changes(map[Change]bool{
		NameChange:    t.Name != want.Name,
		TagsChange:    want.Tags != nil && !slices.Equal(t.Tags, want.Tags),
		EnabledChange: t.Disabled,
	})
}

// Changes names what is otherwise in want; empty: nothing.
func (s Settings) Changes(want Settings) []Change {
	return changes(map[Change]bool{
		NameChange:        s.Name != want.Name,
		EnabledChange:     s.Disabled || s.Failed,
		SourcesChange:     !slices.Equal(s.Sources, want.Sources),
		LimitChange:       s.ConnectionLimit != want.ConnectionLimit,
		TimeoutsChange:    !s.Timeouts.fulfil(want.Timeouts) || s.Timed != want.Timed,
		ForwardedChange:   s.Forwarded != want.Forwarded,
		CertificateChange: s.Certificate != want.Certificate,
	})
}

// A PoolKey identifies a pool within its tree.
type PoolKey struct {
	Name     string
	Protocol string // in which it speaks to its members, which never changes
}

// String is the pool's name, and how it speaks where its name does not tell.
func (k PoolKey) String() string {
	if strings.Contains(k.Name, ":"+k.Protocol+":") {
		return k.Name
	}
	return k.Name + " in " + k.Protocol
}

// A Pool is the members that listeners lead to.
type Pool struct {
	PoolKey
	ID        string // empty when only desired
	Algorithm string
	Sticky    bool // a client stays with its member
	Disabled  bool // observed only: somebody switched it off
	Failed    bool // observed only: Octavia could not do what it was told of it
	Monitor   Monitor
	Members   []Member
	Unseen    bool // it is not known yet who the members are, or who they should be
}

// A Monitor asks the members of a pool whether they are well. The zero Monitor is none.
type Monitor struct {
	ID             string        // empty when only desired
	Delay, Timeout time.Duration // from one question to the next, and until an answer; whole seconds
	MaxRetries     int           // good answers that make a member well again
	MaxRetriesDown int           // missing answers until it gets no more connections
	Disabled       bool          // observed only: somebody switched it off
	Failed         bool          // observed only: Octavia could not do what it was told of it
}

// Like reports whether two monitors differ in nothing but their IDs.
func (m Monitor) Like(n Monitor) bool {
	m.ID, n.ID = "", ""
	return m == n
}

// Changes names what is otherwise in want, of what can be changed on a pool beside
// its members; empty: nothing.
func (p Pool) Changes(want Pool) []Change {
	return changes(map[Change]bool{
		EnabledChange:     p.Disabled || p.Failed,
		AlgorithmChange:   p.Algorithm != want.Algorithm,
		PersistenceChange: p.Sticky != want.Sticky,
	})
}

// A Member is one ready endpoint on one port.
type Member struct {
	ID      string // empty when only desired
	Name    string // podns/pod:port
	Address netip.Addr
	Port    int32
	Subnet  string // ID of the subnet that it is reached in
	Altered bool   // observed only: somebody gave it another weight, made it a backup or switched it off
	Failed  bool   // observed only: Octavia could not do what it was told of it
}

// Unseen stands for the subnet of an observed member that was not looked at: it is
// taken for the right one.
const Unseen = "unseen"

// Like reports whether m is as n is desired.
func (m Member) Like(n Member) bool {
	return m.Name == n.Name && m.Compare(n) == 0 && (m.Subnet == n.Subnet || m.Subnet == Unseen) && !m.Altered && !m.Failed
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
	Keep     bool       // one that we allocated and that is not wanted any more is left to the project
}

// Exists reports whether there is a load balancer.
func (t Tree) Exists() bool { return t.ID != "" || t.Name != "" }

// Broken reports whether Octavia has given up on the load balancer.
func (t Tree) Broken() bool { return t.Status == Failed || t.Stuck != "" }

// Failing names what Octavia could not do under a load balancer that is ACTIVE; empty:
// nothing. It takes changes, and one that succeeds mends it.
func (t Tree) Failing() string {
	for _, l := range t.Listeners {
		if l.Settings.Failed {
			return "listener " + l.Settings.Name
		}
	}
	for _, p := range t.Pools {
		switch {
		case p.Failed:
			return "pool " + p.Name
		case p.Monitor.Failed:
			return "the health monitor of pool " + p.Name
		case slices.ContainsFunc(p.Members, func(m Member) bool { return m.Failed }):
			return "members of pool " + p.Name
		}
	}
	return ""
}

// Empty reports whether there is nothing at all, not even a floating IP.
func (t Tree) Empty() bool { return !t.Exists() && t.FloatingIP == FloatingIP{} }

// Listener is the listener for a key, and whether there is one.
func (t Tree) Listener(k Key) (Listener, bool) {
	i := slices.IndexFunc(t.Listeners, func(l Listener) bool { return l.Key == k })
	if i < 0 {
		return Listener{}, false
	}
	return t.Listeners[i], true
}

// Pool is the pool for a key, and whether there is one.
func (t Tree) Pool(k PoolKey) (Pool, bool) {
	i := slices.IndexFunc(t.Pools, func(p Pool) bool { return p.PoolKey == k })
	if i < 0 {
		return Pool{}, false
	}
	return t.Pools[i], true
}

// Sort puts everything in the tree in its one order, so that equal trees are equal values.
func (t Tree) Sort() {
	sortListeners(t.Listeners)
	slices.SortFunc(t.Pools, func(a, b Pool) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range t.Pools {
		slices.SortFunc(p.Members, Member.Compare)
	}
	slices.SortFunc(t.More, func(a, b VIP) int { return a.Address.Compare(b.Address) })
	slices.Sort(t.Tags)
}
