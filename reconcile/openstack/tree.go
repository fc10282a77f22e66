package openstack

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/octagate/octagate/reconcile/octavia"
)

// children is everything that may be under a load balancer, by ID.
type children struct {
	listeners map[string]*seenListener
	pools     map[string]octavia.Pool
	unmade    map[string]string     // what is PENDING_CREATE
	external  map[string]floatingIP // by the ID of their port
	open      map[string]bool       // ports without security groups
	worded    map[string]bool       // what says in words whose it is, and could bear tags
}

func (i inventory) children(known map[string]membership) children {
	c := children{map[string]*seenListener{}, map[string]octavia.Pool{}, map[string]string{}, map[string]floatingIP{}, map[string]bool{}, map[string]bool{}}
	for _, lb := range i.balancers {
		c.read(i, lb.ID, lb.bearer)
	}
	for n := range i.listeners {
		l := &i.listeners[n]
		c.listeners[l.ID] = l
		c.examine(l.ProvisioningStatus, l.ID, "listener ", l.Name)
		c.read(i, l.ID, l.bearer)
	}
	asking := map[string]octavia.Monitor{}
	for _, m := range i.monitors {
		asking[m.ID] = observedMonitor(m)
	}
	for _, p := range i.pools {
		c.examine(p.ProvisioningStatus, p.ID, "pool ", p.Name)
		c.read(i, p.ID, p.bearer)
		c.pools[p.ID] = observedPool(p, asking[p.MonitorID], known[p.ID])
	}
	for _, f := range i.floatingIPs {
		if f.PortID != "" {
			c.external[f.PortID] = f
		}
	}
	for _, p := range i.ports {
		c.open[p.ID] = len(p.SecurityGroups) == 0
	}
	return c
}

// examine remembers what is not made yet.
func (c children) examine(status octavia.Status, id, kind, name string) {
	if status == octavia.Creating {
		c.unmade[id] = kind + name
	}
}

// read remembers what says in words whose it is.
func (c children) read(i inventory, id string, b bearer) {
	if i.words(b.Tags) {
		c.worded[id] = true
	}
}

// tree is a load balancer with what is under it. What bears no mark of ours is left out.
func (c children) tree(lb seenBalancer) octavia.Tree {
	address, _ := netip.ParseAddr(lb.VipAddress)
	t := octavia.Tree{
		ID: lb.ID, Name: lb.Name, Status: lb.ProvisioningStatus, Tags: strange(lb.Tags), Disabled: !lb.AdminStateUp,
		VIP:      octavia.VIP{Address: address, Subnet: string(lb.VipSubnetID), Port: lb.VipPortID, Open: c.open[lb.VipPortID]},
		Provider: string(lb.Provider), Flavor: string(lb.FlavorID), Zone: string(lb.AvailabilityZone),
		Pools:      c.distinct(lb),
		FloatingIP: c.external[lb.VipPortID].onTree(),
	}
	for _, more := range lb.AdditionalVips {
		address, _ := netip.ParseAddr(more.IPAddress)
		t.More = append(t.More, octavia.VIP{Address: address, Subnet: more.SubnetID})
	}
	keys := map[string]octavia.PoolKey{}
	for _, p := range t.Pools {
		keys[p.ID] = p.PoolKey
	}
	for _, l := range lb.Listeners {
		if known, ours := c.listeners[l.ID]; ours {
			t.Listeners = append(t.Listeners, octavia.Listener{
				ID: known.ID, Key: octavia.Key{Protocol: string(known.Protocol), Port: int32(known.ProtocolPort)},
				Settings: observed(*known), Pool: c.leads(known.DefaultPoolID, keys),
			})
		}
	}
	t.Untagged = c.worded[lb.ID] || slices.ContainsFunc(t.Listeners, func(l octavia.Listener) bool { return c.worded[l.ID] }) ||
		slices.ContainsFunc(t.Pools, func(p octavia.Pool) bool { return c.worded[p.ID] })
	t.Sort()
	if t.Status == octavia.Active {
		t.Stuck = c.stuck(lb)
	}
	return t
}

// leads is the pool that a listener leads to. One that is not ours has a key that nobody
// wants.
func (c children) leads(id string, keys map[string]octavia.PoolKey) octavia.PoolKey {
	if key, ours := keys[id]; ours || id == "" {
		return key
	}
	return octavia.PoolKey{Name: "somebody else's " + id}
}

// distinct are the pools of lb. Octavia lets two have one name; the second is then
// called by its ID, too, so that nobody wants it.
func (c children) distinct(lb seenBalancer) []octavia.Pool {
	var all []octavia.Pool
	seen := map[octavia.PoolKey]bool{}
	for _, p := range lb.Pools {
		known, ours := c.pools[p.ID]
		if !ours {
			continue
		}
		if seen[known.PoolKey] {
			known.Name += " " + known.ID
		}
		seen[known.PoolKey] = true
		all = append(all, known)
	}
	return all
}

// stuck is something of ours under lb that is not made; empty: all is.
func (c children) stuck(lb seenBalancer) string {
	for _, l := range lb.Listeners {
		if what := c.unmade[l.ID]; what != "" {
			return what
		}
	}
	for _, p := range lb.Pools {
		if what := c.unmade[p.ID]; what != "" {
			return what
		}
	}
	return ""
}

// observed are the settings of a listener.
func observed(l seenListener) octavia.Settings {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	s := octavia.Settings{
		Name: l.Name, ConnectionLimit: max(l.ConnLimit, 0), Disabled: !l.AdminStateUp, Failed: inError(l.ProvisioningStatus),
		Forwarded: l.InsertHeaders.Forwarded == "true", Certificate: l.DefaultTLSContainerRef,
		Timed: timed(l),
		Timeouts: octavia.Timeouts{
			ClientData: ms(l.TimeoutClientData), MemberData: ms(l.TimeoutMemberData),
			MemberConnect: ms(l.TimeoutMemberConnect), TCPInspect: ms(l.TimeoutTCPInspect),
		}}
	for _, text := range l.AllowedCIDRs {
		if p, err := netip.ParsePrefix(text); err == nil {
			s.Sources = append(s.Sources, p)
		}
	}
	slices.SortFunc(s.Sources, netip.Prefix.Compare)
	return s
}

func observedPool(p seenPool, m octavia.Monitor, known membership) octavia.Pool {
	return octavia.Pool{
		ID: p.ID, PoolKey: octavia.PoolKey{Name: p.Name, Protocol: string(p.Protocol)}, Algorithm: string(p.LBMethod),
		Sticky: p.Persistence.Type == sticky, Disabled: !p.AdminStateUp, Failed: inError(p.ProvisioningStatus), Monitor: m,
		Members: known.members, Unseen: !known.seen,
	}
}

func observedMonitor(m seenMonitor) octavia.Monitor {
	return octavia.Monitor{
		ID: m.ID, Delay: time.Duration(m.Delay) * time.Second, Timeout: time.Duration(m.Timeout) * time.Second,
		MaxRetries: m.MaxRetries, MaxRetriesDown: m.MaxRetriesDown, Disabled: !m.AdminStateUp, Failed: inError(m.ProvisioningStatus),
	}
}

// inError reports whether Octavia gave up on something under a load balancer, which is
// ACTIVE all the same.
func inError(status octavia.Status) bool { return status == octavia.Failed }

// timed is which timeouts are of our choosing: as the tags say where it bears our tags, or
// else the description.
func timed(l seenListener) string {
	if _, tagged := octavia.OwnerOf(l.Tags); tagged {
		return octavia.TimedOf(l.Tags)
	}
	return octavia.TimedOf(strings.Fields(l.Description))
}
