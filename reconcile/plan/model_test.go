package plan

import (
	"fmt"
	"slices"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A model is Octavia and Neutron as far as one Service can see them, without a clock: a
// step is either refused, for the reasons for which they refuse it, or done.
type model struct {
	tree   octavia.Tree // without its floating IP
	ours   *publicIP    // floating IP that we allocated
	theirs *publicIP    // floating IP of a user at our port; ours is elsewhere then
	manner Manner
	ids    int
}

// A publicIP is a floating IP and where it is.
type publicIP struct {
	address octavia.FloatingIP
	port    string
}

// observed is what a round of the Watch would see.
func (m *model) observed() octavia.Tree {
	t := copied(m.tree)
	switch {
	case m.ours != nil:
		t.FloatingIP = octavia.FloatingIP{Allocate: true, Address: m.ours.address.Address, ID: "ours", Port: m.ours.port, Keep: m.ours.address.Keep}
		if m.theirs != nil {
			t.Foreign = octavia.FloatingIP{Address: m.theirs.address.Address, ID: "theirs", Port: m.theirs.port}
		}
	case m.theirs != nil:
		t.FloatingIP = octavia.FloatingIP{Address: m.theirs.address.Address, ID: "theirs", Port: m.theirs.port}
	}
	return t
}

// copied shares nothing with t that a model changes.
func copied(t octavia.Tree) octavia.Tree {
	t.Listeners, t.Pools = slices.Clone(t.Listeners), slices.Clone(t.Pools)
	for i := range t.Pools {
		t.Pools[i].Members = slices.Clone(t.Pools[i].Members)
	}
	return t
}

func (m *model) id(kind string) string {
	m.ids++
	return fmt.Sprintf("%s-%d", kind, m.ids)
}

// leads are the protocols of pools that listeners can lead to.
var leads = map[string][]string{
	"TCP": {"TCP", "HTTP", "HTTPS", "PROXY", "PROXYV2"}, "HTTP": {"HTTP", "PROXY", "PROXYV2"},
	"TERMINATED_HTTPS": {"HTTP", "PROXY", "PROXYV2"}, "UDP": {"UDP"},
}

// refused is an error that says why.
func refused(because string, args ...any) error { return fmt.Errorf(because, args...) }

// take does a step, or says why it is refused.
func (m *model) take(s Step) error {
	if done, err := m.takeWhole(s); done {
		return err
	}
	if m.tree.ID == "" {
		return refused("there is no load balancer")
	}
	if m.tree.Broken() && s.Locks() {
		if !m.manner.Curable {
			return refused("the load balancer is immutable")
		}
		m.tree.Status = octavia.Active
	}
	if done, err := m.takeListener(s); done {
		return err
	}
	if done, err := m.takePool(s); done {
		return err
	}
	return m.takeMember(s)
}

// takeWhole does what concerns a load balancer as a whole, and its floating IP.
func (m *model) takeWhole(s Step) (bool, error) {
	switch s := s.(type) {
	case CreateLoadBalancer:
		return true, m.create(s.Tree)
	case DeleteLoadBalancer:
		return true, m.remove(s)
	case AllocateFloatingIP:
		if m.ours != nil || m.theirs != nil || s.Port != m.tree.VIP.Port {
			return true, refused("the port has a floating IP, or is not there")
		}
		m.ours = &publicIP{allocated, s.Port}
		m.ours.address.Keep = s.Keep
	case MarkFloatingIP:
		m.ours.address.Keep = s.Keep
	case AssociateFloatingIP:
		return true, m.associate(s)
	case DissociateFloatingIP:
		m.theirs = nil
	case ReleaseFloatingIP, KeepFloatingIP:
		m.ours = nil
	default:
		return false, nil
	}
	return true, nil
}

func (m *model) associate(s AssociateFloatingIP) error {
	if s.Port != m.tree.VIP.Port || s.Port == "" {
		return refused("there is no such port")
	}
	if m.theirs != nil || m.ours != nil && m.ours.port == s.Port {
		return refused("the port has a floating IP")
	}
	if m.ours != nil && m.ours.address.Address == s.Address {
		m.ours.port = s.Port
		return nil
	}
	m.theirs = &publicIP{octavia.FloatingIP{Address: s.Address}, s.Port}
	return nil
}

func (m *model) create(t octavia.Tree) error {
	if m.tree.ID != "" {
		return refused("the address is taken")
	}
	if m.manner.Stepwise && len(t.Listeners)+len(t.Pools) > 0 {
		return refused("it would stay half made")
	}
	m.tree = octavia.Tree{ID: m.id("lb"), Status: octavia.Active, Name: t.Name, Tags: t.Tags, VIP: t.VIP, More: t.More}
	m.tree.VIP.Port = m.id("port")
	m.tree.VIP.Open = false
	names := map[string]bool{}
	for _, p := range t.Pools {
		if names[p.Name] {
			return refused("pool names must be unique")
		}
		names[p.Name] = true
		if err := m.grow(p); err != nil {
			return err
		}
	}
	for _, l := range t.Listeners {
		pool, there := m.tree.Pool(l.Pool)
		if !there {
			return refused("pool %s was referenced and not defined", l.Pool.Name)
		}
		if err := m.open(l, pool.ID); err != nil {
			return err
		}
	}
	return nil
}

// grow makes a pool with members and health monitor, as only a whole load balancer can be made.
func (m *model) grow(p octavia.Pool) error {
	members, monitor := p.Members, p.Monitor
	p.ID, p.Members, p.Monitor = m.id("pool"), nil, octavia.Monitor{}
	m.tree.Pools = append(m.tree.Pools, p)
	if monitor != (octavia.Monitor{}) {
		monitor.ID = m.id("monitor")
		m.pool(p.ID).Monitor = monitor
	}
	return m.set(p.ID, members)
}

func (m *model) remove(s DeleteLoadBalancer) error {
	if m.manner.Leafwise != s.Alone || s.Alone && len(m.tree.Listeners)+len(m.tree.Pools) > 0 {
		return refused("it is in use")
	}
	if m.ours != nil && m.ours.port == m.tree.VIP.Port {
		m.ours.port = ""
	}
	m.tree, m.theirs = octavia.Tree{}, nil
	return nil
}

func (m *model) takeListener(s Step) (bool, error) {
	switch s := s.(type) {
	case UpdateLoadBalancer:
		m.tree.Name, m.tree.Disabled = s.Tree.Name, false
		if slices.Contains(s.Changes, octavia.TagsChange) {
			m.tree.Tags = s.Tree.Tags
		}
	case MarkLoadBalancer:
		m.tree.Untagged = false
	case OpenVIP:
		m.tree.VIP.Open = true
	case CreateListener:
		return true, m.open(s.Listener, s.PoolID)
	case UpdateListener:
		return true, m.update(s)
	case DeleteListener:
		before := len(m.tree.Listeners)
		m.tree.Listeners = slices.DeleteFunc(m.tree.Listeners, func(l octavia.Listener) bool { return l.ID == s.ID })
		if before == len(m.tree.Listeners) {
			return true, refused("listener %s is not there", s.ID)
		}
	default:
		return false, nil
	}
	return true, nil
}

func (m *model) open(l octavia.Listener, pool string) error {
	for _, other := range m.tree.Listeners {
		if other.Place() == l.Place() {
			return refused("another listener is already using port %d", l.Port)
		}
	}
	l.ID, l.Pool = m.id("listener"), octavia.PoolKey{}
	m.tree.Listeners = append(m.tree.Listeners, l)
	return m.lead(&m.tree.Listeners[len(m.tree.Listeners)-1], pool)
}

func (m *model) lead(l *octavia.Listener, pool string) error {
	if pool == "" {
		return nil
	}
	p := m.pool(pool)
	if p == nil || !slices.Contains(leads[l.Protocol], p.Protocol) {
		return refused("a listener of %s cannot lead to pool %q", l.Protocol, pool)
	}
	l.Pool = p.PoolKey
	return nil
}

func (m *model) update(s UpdateListener) error {
	i := slices.IndexFunc(m.tree.Listeners, func(l octavia.Listener) bool { return l.ID == s.ID })
	if i < 0 {
		return refused("listener %s is not there", s.ID)
	}
	l := &m.tree.Listeners[i]
	l.Settings = s.Settings
	if !slices.Contains(s.Changes, octavia.PoolChange) {
		return nil
	}
	if s.PoolID == "" {
		return refused("no pool to lead to")
	}
	return m.lead(l, s.PoolID)
}

func (m *model) pool(id string) *octavia.Pool {
	i := slices.IndexFunc(m.tree.Pools, func(p octavia.Pool) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &m.tree.Pools[i]
}

func (m *model) takePool(s Step) (bool, error) {
	switch s := s.(type) {
	case CreatePool:
		return true, m.createPool(s)
	case UpdatePool:
		p := m.pool(s.Pool.ID)
		if p == nil {
			return true, refused("pool %s is not there", s.Pool.ID)
		}
		p.Algorithm, p.Sticky, p.Disabled = s.Pool.Algorithm, s.Pool.Sticky, false
	case DeletePool:
		return true, m.deletePool(s.ID)
	default:
		return false, nil
	}
	return true, nil
}

func (m *model) createPool(s CreatePool) error {
	if (s.ListenerID == "") == (s.LoadBalancerID == "") {
		return refused("whose pool is it?")
	}
	p := s.Pool
	p.ID, p.Members, p.Monitor = m.id("pool"), nil, octavia.Monitor{}
	m.tree.Pools = append(m.tree.Pools, p)
	for i := range m.tree.Listeners {
		if l := &m.tree.Listeners[i]; l.ID == s.ListenerID {
			if l.Pool != (octavia.PoolKey{}) {
				return refused("this listener already has a default pool")
			}
			return m.lead(l, p.ID)
		}
	}
	if s.ListenerID != "" {
		return refused("listener %s is not there", s.ListenerID)
	}
	return nil
}

// deletePool refuses what would take the pool from a listener that is open: Octavia does
// not, but nobody is served then.
func (m *model) deletePool(id string) error {
	p := m.pool(id)
	switch {
	case p == nil:
		return refused("pool %s is not there", id)
	case m.manner.Leafwise && p.Monitor != (octavia.Monitor{}):
		return refused("a health monitor is using this pool")
	case slices.ContainsFunc(m.tree.Listeners, func(l octavia.Listener) bool { return l.Pool == p.PoolKey }):
		return refused("pool %s is in use", p.Name)
	}
	m.tree.Pools = slices.DeleteFunc(m.tree.Pools, func(p octavia.Pool) bool { return p.ID == id })
	return nil
}

func (m *model) takeMember(s Step) error {
	switch s := s.(type) {
	case SetMembers:
		if m.manner.Memberwise {
			return refused("there are no batches here")
		}
		return m.set(s.PoolID, s.Members)
	case CreateMember:
		p := m.pool(s.PoolID)
		if p == nil {
			return refused("pool %q is not there", s.PoolID)
		}
		return m.set(s.PoolID, append(slices.Clone(p.Members), s.Member))
	case DeleteMember:
		p := m.pool(s.PoolID)
		p.Members = slices.DeleteFunc(p.Members, func(member octavia.Member) bool { return member.ID == s.Member.ID })
		return nil
	}
	return m.takeMonitor(s)
}

// set replaces the members of a pool.
func (m *model) set(pool string, members []octavia.Member) error {
	p := m.pool(pool)
	if p == nil {
		return refused("pool %q is not there", pool)
	}
	members = slices.Clone(members)
	slices.SortFunc(members, octavia.Member.Compare)
	for i := range members {
		if i > 0 && members[i].Compare(members[i-1]) == 0 {
			return refused("member %s twice", members[i].Address)
		}
		members[i].ID = m.id("member")
	}
	p.Members = members
	return nil
}

func (m *model) takeMonitor(s Step) error {
	switch s := s.(type) {
	case CreateMonitor:
		p := m.pool(s.PoolID)
		if p == nil || p.Monitor != (octavia.Monitor{}) {
			return refused("pool %q is not there, or already has a health monitor", s.PoolID)
		}
		p.Monitor = s.Monitor
		p.Monitor.ID = m.id("monitor")
		return nil
	case UpdateMonitor:
		return m.monitor(s.Monitor.ID, s.Monitor)
	case DeleteMonitor:
		return m.monitor(s.ID, octavia.Monitor{})
	}
	return refused("%T is no step", s)
}

func (m *model) monitor(id string, to octavia.Monitor) error {
	for i := range m.tree.Pools {
		if m.tree.Pools[i].Monitor.ID == id && id != "" {
			m.tree.Pools[i].Monitor = to
			return nil
		}
	}
	return refused("health monitor %q is not there", id)
}
