package openstack

import (
	"net/netip"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/octagate/octagate/reconcile/octavia"
)

// children is everything that may be under a load balancer, by ID.
type children struct {
	listeners map[string]listeners.Listener
	pools     map[string]octavia.Pool
	unmade    map[string]string                 // what is PENDING_CREATE
	external  map[string]floatingips.FloatingIP // by the ID of their port
}

func (i inventory) children(members map[string][]octavia.Member) children {
	c := children{map[string]listeners.Listener{}, map[string]octavia.Pool{}, map[string]string{}, map[string]floatingips.FloatingIP{}}
	for _, l := range i.listeners {
		c.listeners[l.ID] = l
		c.examine(l.ProvisioningStatus, l.ID, "listener "+l.Name)
	}
	asking := map[string]octavia.Monitor{}
	for _, m := range i.monitors {
		asking[m.ID] = observedMonitor(m)
	}
	for _, p := range i.pools {
		c.examine(p.ProvisioningStatus, p.ID, "pool "+p.Name)
		c.pools[p.ID] = octavia.Pool{ID: p.ID, Name: p.Name, Protocol: p.Protocol, Algorithm: p.LBMethod,
			Sticky: p.Persistence.Type == sticky, Monitor: asking[p.MonitorID], Members: members[p.ID]}
	}
	for _, f := range i.floatingIPs {
		if f.PortID != "" {
			c.external[f.PortID] = f
		}
	}
	return c
}

// examine remembers what is not made yet.
func (c children) examine(status, id, what string) {
	if status == unmade {
		c.unmade[id] = what
	}
}

// unmade is the status of what Octavia has accepted and not made.
const unmade = "PENDING_CREATE"

// tree is a load balancer with what is under it. What bears no tag of ours is left out.
func (c children) tree(lb loadbalancers.LoadBalancer) octavia.Tree {
	address, _ := netip.ParseAddr(lb.VipAddress)
	t := octavia.Tree{
		ID: lb.ID, Name: lb.Name, Status: octavia.Status(lb.ProvisioningStatus),
		VIP:      octavia.VIP{Address: address, Subnet: lb.VipSubnetID, Port: lb.VipPortID},
		Provider: lb.Provider, Flavor: lb.FlavorID, Zone: lb.AvailabilityZone,
		FloatingIP: floatingIP(c.external[lb.VipPortID]),
	}
	used := map[string]bool{}
	for _, l := range lb.Listeners {
		if known, ours := c.listeners[l.ID]; ours {
			used[known.DefaultPoolID] = true
			t.Listeners = append(t.Listeners, octavia.Listener{
				ID: known.ID, Key: octavia.Key{Protocol: known.Protocol, Port: int32(known.ProtocolPort)},
				Settings: observed(known), Pool: c.pools[known.DefaultPoolID],
			})
		}
	}
	t.Loose = c.loose(lb.Pools, used)
	t.Sort()
	if t.Status == octavia.Active {
		t.Stuck = c.stuck(lb)
	}
	return t
}

// stuck is something of ours under lb that is not made; empty: all is.
func (c children) stuck(lb loadbalancers.LoadBalancer) string {
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
func observed(l listeners.Listener) octavia.Settings {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	s := octavia.Settings{ConnectionLimit: max(l.ConnLimit, 0), Timeouts: octavia.Timeouts{
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

func observedMonitor(m monitors.Monitor) octavia.Monitor {
	return octavia.Monitor{
		ID: m.ID, Delay: time.Duration(m.Delay) * time.Second, Timeout: time.Duration(m.Timeout) * time.Second,
		MaxRetries: m.MaxRetries, MaxRetriesDown: m.MaxRetriesDown,
	}
}

// loose are the pools of ours that no listener uses.
func (c children) loose(all []pools.Pool, used map[string]bool) []octavia.Pool {
	var loose []octavia.Pool
	for _, p := range all {
		if known, ours := c.pools[p.ID]; ours && !used[p.ID] {
			loose = append(loose, known)
		}
	}
	return loose
}

// floatingIP is f as trees have it; none for the zero f.
func floatingIP(f floatingips.FloatingIP) octavia.FloatingIP {
	address, _ := netip.ParseAddr(f.FloatingIP)
	return octavia.FloatingIP{Address: address, ID: f.ID, Port: f.PortID}
}

// member is m as trees have it.
func member(m pools.Member) octavia.Member {
	address, _ := netip.ParseAddr(m.Address)
	return octavia.Member{Name: m.Name, Address: address, Port: int32(m.ProtocolPort), Subnet: m.SubnetID}
}
