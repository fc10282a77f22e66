package plan

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A Step is one call that changes the cloud. Its text is the log line, the event
// and the line in golden files.
type Step interface {
	fmt.Stringer
	// Locks reports whether Octavia is busy with the load balancer after the step,
	// and refuses it while busy.
	Locks() bool
}

// The steps. Only those whose IDs are known can be taken; the others say what follows.
type (
	// CreateLoadBalancer makes a load balancer and all that is under it in one call.
	CreateLoadBalancer struct{ Tree octavia.Tree }
	// DeleteLoadBalancer deletes a load balancer and all that is under it in one call.
	DeleteLoadBalancer struct {
		ID, Name string
		While    octavia.Status // only while it has this status; empty: whatever it has
		Alone    bool           // nothing is under it any more
	}
	// UpdateLoadBalancer changes a load balancer itself.
	UpdateLoadBalancer struct {
		ID      string
		Tree    octavia.Tree
		Changes []octavia.Change // what of it is otherwise; the rest is left alone
	}
	// MarkLoadBalancer writes our tags onto one thing of a load balancer that says in words
	// that it is ours. It is taken until nothing is left to mark.
	MarkLoadBalancer struct{ ID, Name string }
	// OpenVIP takes the security groups off the port of a VIP.
	OpenVIP struct{ Port string }
	// CreateListener opens a port. A pool that is missing is made by a step of its own.
	CreateListener struct {
		LoadBalancerID string
		Listener       octavia.Listener
		PoolID         string // empty: it has none yet
	}
	// UpdateListener changes settings of a listener.
	UpdateListener struct {
		ID       string
		Key      octavia.Key
		Settings octavia.Settings
		Timed    string // which timeouts were of our choosing before
		PoolID   string
		Changes  []octavia.Change // what of them is otherwise; the rest is left alone
	}
	// DeleteListener closes a port. Octavia keeps its pool.
	DeleteListener struct {
		ID  string
		Key octavia.Key
	}
	// CreatePool makes a pool without members: of a listener that has none, or one that
	// listeners will lead to.
	CreatePool struct {
		ListenerID, LoadBalancerID string // one of them
		Pool                       octavia.Pool
	}
	// UpdatePool changes a pool, and leaves its members alone.
	UpdatePool struct {
		Pool    octavia.Pool     // with its ID
		Changes []octavia.Change // what of it is otherwise; the rest is left alone
	}
	// CreateMonitor makes a pool's health monitor.
	CreateMonitor struct {
		PoolID  string
		Pool    octavia.PoolKey // whose name it gets
		Monitor octavia.Monitor
	}
	// UpdateMonitor changes a health monitor.
	UpdateMonitor struct {
		Name    string
		Monitor octavia.Monitor // with its ID
	}
	// DeleteMonitor takes a pool's health monitor away.
	DeleteMonitor struct{ ID, Name string }
	// DeletePool deletes a pool that no listener uses.
	DeletePool struct{ ID, Name string }
	// SetMembers replaces all the members of a pool in one call.
	SetMembers struct {
		PoolID  string
		Name    string
		Have    []octavia.Member // what there is
		Members []octavia.Member
	}
	// CreateMember makes one member, where a cloud cannot take them all at once.
	CreateMember struct {
		PoolID, Name string // the pool's
		Member       octavia.Member
	}
	// DeleteMember deletes one.
	DeleteMember struct {
		PoolID, Name string // the pool's
		Member       octavia.Member
	}
	// AllocateFloatingIP makes a floating IP that is ours and associates it in one call.
	AllocateFloatingIP struct {
		Network, Subnet, Port string
		Service               string // ns/name, for its description
		Keep                  bool   // so is that it is to be kept in the end
	}
	// MarkFloatingIP writes on a floating IP that is ours whether it is to be kept in the end.
	MarkFloatingIP struct {
		ID      string
		Address netip.Addr
		Service string // ns/name, for its description
		Keep    bool
	}
	// AssociateFloatingIP associates a floating IP that exists, provided it is free.
	AssociateFloatingIP struct {
		Address netip.Addr
		Port    string
	}
	// DissociateFloatingIP gives a floating IP back to the user whose it is.
	DissociateFloatingIP struct {
		ID      string
		Address netip.Addr
		Port    string // where it is; it stays if it is elsewhere by now
	}
	// KeepFloatingIP leaves a floating IP that was ours to the project.
	KeepFloatingIP struct {
		ID      string
		Address netip.Addr
		Port    string // where it is; it stays if it is elsewhere by now
	}
	// ReleaseFloatingIP deletes a floating IP that is ours.
	ReleaseFloatingIP struct {
		ID      string
		Address netip.Addr
	}
)

func (s CreateLoadBalancer) String() string { return s.which() + " with " + content(s.Tree) }
func (s DeleteLoadBalancer) String() string { return "delete load balancer " + s.Name }
func (s UpdateLoadBalancer) String() string {
	return fmt.Sprintf("update load balancer %s: %s", s.Tree.Name, words(s.Changes))
}
func (s MarkLoadBalancer) String() string { return "mark load balancer " + s.Name + " by tags" }
func (s OpenVIP) String() string          { return "take the security groups off VIP port " + s.Port }
func (s CreateListener) String() string   { return "create listener " + s.Listener.Key.String() }
func (s UpdateListener) String() string {
	return fmt.Sprintf("update listener %s: %s", s.Key, words(s.Changes))
}
func (s UpdatePool) String() string {
	return fmt.Sprintf("update pool %s: %s", s.Pool.Name, words(s.Changes))
}
func (s CreateMonitor) String() string  { return "create health monitor of pool " + s.Pool.Name }
func (s UpdateMonitor) String() string  { return "update health monitor of pool " + s.Name }
func (s DeleteMonitor) String() string  { return "delete health monitor of pool " + s.Name }
func (s DeleteListener) String() string { return "delete listener " + s.Key.String() }
func (s CreatePool) String() string     { return "create pool " + s.Pool.PoolKey.String() }
func (s DeletePool) String() string     { return "delete pool " + s.Name }
func (s SetMembers) String() string {
	return fmt.Sprintf("set %s of pool %s", count(len(s.Members), "member"), s.Name)
}
func (s CreateMember) String() string {
	return fmt.Sprintf("create member %s of pool %s", s.Member.Name, s.Name)
}
func (s DeleteMember) String() string {
	return fmt.Sprintf("delete member %s of pool %s", s.Member.Name, s.Name)
}
func (s AllocateFloatingIP) String() string { return "allocate a floating IP for " + s.Service }
func (s MarkFloatingIP) String() string {
	if s.Keep {
		return fmt.Sprintf("mark floating IP %s: to be kept", s.Address)
	}
	return fmt.Sprintf("mark floating IP %s: not to be kept", s.Address)
}
func (s AssociateFloatingIP) String() string {
	return fmt.Sprintf("associate floating IP %s", s.Address)
}
func (s DissociateFloatingIP) String() string {
	return fmt.Sprintf("dissociate floating IP %s", s.Address)
}
func (s KeepFloatingIP) String() string    { return fmt.Sprintf("keep floating IP %s", s.Address) }
func (s ReleaseFloatingIP) String() string { return fmt.Sprintf("release floating IP %s", s.Address) }

// Locks implements Step.
func (CreateLoadBalancer) Locks() bool   { return true }
func (DeleteLoadBalancer) Locks() bool   { return true }
func (UpdateLoadBalancer) Locks() bool   { return true }
func (MarkLoadBalancer) Locks() bool     { return true }
func (OpenVIP) Locks() bool              { return false }
func (CreateMember) Locks() bool         { return true }
func (DeleteMember) Locks() bool         { return true }
func (KeepFloatingIP) Locks() bool       { return false }
func (CreateListener) Locks() bool       { return true }
func (UpdateListener) Locks() bool       { return true }
func (UpdatePool) Locks() bool           { return true }
func (CreateMonitor) Locks() bool        { return true }
func (UpdateMonitor) Locks() bool        { return true }
func (DeleteMonitor) Locks() bool        { return true }
func (DeleteListener) Locks() bool       { return true }
func (CreatePool) Locks() bool           { return true }
func (DeletePool) Locks() bool           { return true }
func (SetMembers) Locks() bool           { return true }
func (AllocateFloatingIP) Locks() bool   { return false }
func (MarkFloatingIP) Locks() bool       { return false }
func (AssociateFloatingIP) Locks() bool  { return false }
func (DissociateFloatingIP) Locks() bool { return false }
func (ReleaseFloatingIP) Locks() bool    { return false }

// steps are one of each kind.
var steps = []Step{
	CreateLoadBalancer{}, UpdateLoadBalancer{}, MarkLoadBalancer{}, DeleteLoadBalancer{}, OpenVIP{},
	CreateListener{}, UpdateListener{}, DeleteListener{}, CreatePool{}, UpdatePool{}, DeletePool{},
	SetMembers{}, CreateMember{}, DeleteMember{}, CreateMonitor{}, UpdateMonitor{}, DeleteMonitor{},
	AllocateFloatingIP{}, MarkFloatingIP{}, AssociateFloatingIP{}, DissociateFloatingIP{}, KeepFloatingIP{}, ReleaseFloatingIP{},
}

// Kind is the kind of a step in a word, such as CreateLoadBalancer.
func Kind(s Step) string { return strings.TrimPrefix(fmt.Sprintf("%T", s), "plan.") }

// Kinds are the kinds of all steps.
func Kinds() []string {
	var all []string
	for _, s := range steps {
		all = append(all, Kind(s))
	}
	return all
}

func words(changes []octavia.Change) string {
	var all []string
	for _, c := range changes {
		all = append(all, string(c))
	}
	return strings.Join(all, ", ")
}

// which is the load balancer, without what is in it.
func (s CreateLoadBalancer) which() string {
	if !s.Tree.VIP.Address.IsValid() { // in a forecast: it is not allocated yet
		return "create load balancer " + s.Tree.Name
	}
	return fmt.Sprintf("create load balancer %s at %s", s.Tree.Name, s.Tree.VIP.Address)
}

// Creates reports whether words are those of the step that made an observed load balancer, whatever
// was to be in it, and do not go on with why that failed.
func Creates(words string, observed octavia.Tree) bool {
	return strings.HasPrefix(words, CreateLoadBalancer{Tree: observed}.which()+" with ") && !strings.Contains(words, ": ")
}

// content is what is under a tree, in numbers as far as they are known.
func content(t octavia.Tree) string {
	members := 0
	for _, p := range t.Pools {
		if p.Unseen {
			return count(len(t.Listeners), "listener") + ", and the members that will be ready"
		}
		members += len(p.Members)
	}
	return count(len(t.Listeners), "listener") + " and " + count(members, "member")
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// A Plan is the steps from one tree to another, in the order they must be taken.
type Plan []Step

// String is one step a line.
func (p Plan) String() string {
	var b strings.Builder
	for _, s := range p {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}
