package openstack

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// take carries out one step for o, in one write. It does not try again.
func (s *session) take(ctx context.Context, o octavia.Owner, step plan.Step) error {
	switch step := step.(type) {
	case plan.CreateLoadBalancer:
		return s.create(ctx, balancer(o, step.Tree))
	case plan.DeleteLoadBalancer:
		if err := s.still(ctx, step); err != nil {
			return err
		}
		return gone(loadbalancers.Delete(ctx, s.balance, step.ID, loadbalancers.DeleteOpts{Cascade: true}).ExtractErr())
	case plan.CreateListener:
		opts := listener(o, step.Name, step.Listener)
		opts.LoadbalancerID = step.LoadBalancerID
		return listeners.Create(ctx, s.balance, opts).Err
	case plan.UpdateListener:
		return listeners.Update(ctx, s.balance, step.ID, changed(step.Settings, step.Changes)).Err
	case plan.DeleteListener:
		return gone(listeners.Delete(ctx, s.balance, step.ID).ExtractErr())
	case plan.CreatePool:
		opts := pool(o, step.Pool)
		opts.ListenerID = step.ListenerID
		return pools.Create(ctx, s.balance, opts).Err
	case plan.UpdatePool:
		return pools.Update(ctx, s.balance, step.Pool.ID, changedPool(step.Pool, step.Changes)).Err
	case plan.CreateMonitor:
		opts := monitor(o, step.Name, step.Protocol, step.Monitor)
		opts.PoolID = step.PoolID
		return monitors.Create(ctx, s.balance, opts).Err
	case plan.UpdateMonitor:
		return monitors.Update(ctx, s.balance, step.Monitor.ID, changedMonitor(step.Monitor)).Err
	case plan.DeleteMonitor:
		return gone(monitors.Delete(ctx, s.balance, step.ID).ExtractErr())
	case plan.DeletePool:
		return gone(pools.Delete(ctx, s.balance, step.ID).ExtractErr())
	case plan.SetMembers:
		return pools.BatchUpdateMembers(ctx, s.balance, step.PoolID, batch(step.Members)).ExtractErr()
	}
	return s.takeFloatingIP(ctx, o, step)
}

// still looks whether a load balancer has the status for which it is to go: it may have
// recovered since it was seen.
func (s *session) still(ctx context.Context, step plan.DeleteLoadBalancer) error {
	if step.While == "" {
		return nil
	}
	lb, err := loadbalancers.Get(ctx, s.balance, step.ID).Extract()
	if err != nil {
		return gone(err)
	}
	if octavia.Status(lb.ProvisioningStatus) != step.While {
		return &plan.Refusal{Reason: plan.Busy, Err: fmt.Errorf("it is %s by now, not %s any more", lb.ProvisioningStatus, step.While)}
	}
	return nil
}

func (s *session) takeFloatingIP(ctx context.Context, o octavia.Owner, step plan.Step) error {
	switch step := step.(type) {
	case plan.AllocateFloatingIP:
		return floatingips.Create(ctx, s.network, floatingips.CreateOpts{
			FloatingNetworkID: step.Network, SubnetID: step.Subnet, PortID: step.Port,
			Description: o.Description(step.Service),
		}).Err
	case plan.AssociateFloatingIP:
		return s.associate(ctx, o, step)
	case plan.DissociateFloatingIP:
		return gone(floatingips.Update(ctx, s.network, step.ID, floatingips.UpdateOpts{PortID: new(string)}).Err)
	case plan.ReleaseFloatingIP:
		return gone(floatingips.Delete(ctx, s.network, step.ID).ExtractErr())
	}
	return fmt.Errorf("%T is no step that this cloud can take", step)
}

// associate looks at the floating IP and swaps it in only if nobody changed it
// since: without that condition Neutron moves one that is in use, silently.
func (s *session) associate(ctx context.Context, o octavia.Owner, step plan.AssociateFloatingIP) error {
	found, err := s.floatingIPs(ctx, floatingips.ListOpts{FloatingIP: step.Address.String()})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return refused("%s is not a floating IP of this project", step.Address)
	}
	f := found[0]
	if owner, ours := octavia.DescribedOwner(f.Description); ours && owner != o {
		return refused("%s was allocated for another Service", step.Address)
	}
	if f.PortID != "" && f.PortID != step.Port {
		return refused("%s is in use by port %s", step.Address, f.PortID)
	}
	return floatingips.Update(ctx, s.network, f.ID, floatingips.UpdateOpts{
		PortID: &step.Port, RevisionNumber: &f.RevisionNumber,
	}).Err
}

func refused(format string, args ...any) error {
	return &plan.Refusal{Reason: plan.Conflict, Err: fmt.Errorf(format, args...)}
}

// balancer is the one request that makes a whole tree.
func balancer(o octavia.Owner, t octavia.Tree) loadbalancers.CreateOpts {
	opts := loadbalancers.CreateOpts{
		Name: t.Name, Tags: o.Tags(), Provider: t.Provider, FlavorID: t.Flavor, AvailabilityZone: t.Zone,
		VipAddress: t.VIP.Address.String(), VipSubnetID: t.VIP.Subnet,
	}
	for _, l := range t.Listeners {
		p := pool(o, l.Pool)
		for _, m := range l.Pool.Members {
			p.Members = append(p.Members, pools.CreateMemberOpts{
				Name: m.Name, Address: m.Address.String(), ProtocolPort: int(m.Port), SubnetID: m.Subnet,
			})
		}
		if l.Pool.Monitor != (octavia.Monitor{}) {
			p.Monitor = monitor(o, l.Pool.Name, l.Pool.Protocol, l.Pool.Monitor)
		}
		lo := listener(o, octavia.Name(t.Name, l.Key), l)
		lo.DefaultPool = &p
		opts.Listeners = append(opts.Listeners, lo)
	}
	return opts
}

func listener(o octavia.Owner, name string, l octavia.Listener) listeners.CreateOpts {
	opts := listeners.CreateOpts{
		Name: name, Tags: o.Tags(), Protocol: listeners.Protocol(l.Protocol), ProtocolPort: int(l.Port),
	}
	// What nobody asked for is left out: an old Octavia does not know it all.
	if l.Settings.ConnectionLimit > 0 {
		opts.ConnLimit = &l.Settings.ConnectionLimit
	}
	if len(l.Settings.Sources) > 0 {
		opts.AllowedCIDRs = texts(l.Settings.Sources)
	}
	t := l.Settings.Timeouts
	opts.TimeoutClientData, opts.TimeoutMemberData = milliseconds(t.ClientData), milliseconds(t.MemberData)
	opts.TimeoutMemberConnect, opts.TimeoutTCPInspect = milliseconds(t.MemberConnect), milliseconds(t.TCPInspect)
	return opts
}

// changed is what is to change of a listener, and nothing else: an old Octavia does
// not know it all.
func changed(s octavia.Settings, changes []octavia.Change) listeners.UpdateOpts {
	var opts listeners.UpdateOpts
	for _, change := range changes {
		switch change {
		case octavia.SourcesChange:
			opts.AllowedCIDRs = new(texts(s.Sources))
		case octavia.LimitChange:
			opts.ConnLimit = new(cmp.Or(s.ConnectionLimit, unlimited))
		case octavia.TimeoutsChange:
			opts.TimeoutClientData, opts.TimeoutMemberData = milliseconds(s.Timeouts.ClientData), milliseconds(s.Timeouts.MemberData)
			opts.TimeoutMemberConnect, opts.TimeoutTCPInspect = milliseconds(s.Timeouts.MemberConnect), milliseconds(s.Timeouts.TCPInspect)
		}
	}
	return opts
}

// changedPool is the same of a pool.
func changedPool(p octavia.Pool, changes []octavia.Change) pools.UpdateOpts {
	var opts pools.UpdateOpts
	for _, change := range changes {
		switch change {
		case octavia.AlgorithmChange:
			opts.LBMethod = pools.LBMethod(p.Algorithm)
		case octavia.PersistenceChange:
			opts.Persistence = cmp.Or(persistence(p), &pools.SessionPersistence{})
		}
	}
	return opts
}

// unlimited is Octavia's word for no limit.
const unlimited = -1

// milliseconds is nil where nothing is asked for.
func milliseconds(d time.Duration) *int {
	if d == 0 {
		return nil
	}
	return new(int(d.Milliseconds()))
}

func texts(prefixes []netip.Prefix) []string {
	all := []string{}
	for _, p := range prefixes {
		all = append(all, p.String())
	}
	return all
}

// asks is how a health monitor asks members that speak a protocol.
var asks = map[string]string{"TCP": monitors.TypeTCP, "PROXY": monitors.TypeTCP, "PROXYV2": monitors.TypeTCP, "UDP": "UDP-CONNECT", "SCTP": "SCTP"}

// monitor is a health monitor for members that speak a protocol.
func monitor(o octavia.Owner, name, protocol string, m octavia.Monitor) monitors.CreateOpts {
	return monitors.CreateOpts{
		Name: name, Tags: o.Tags(), Type: asks[protocol],
		Delay: seconds(m.Delay), Timeout: seconds(m.Timeout), MaxRetries: m.MaxRetries, MaxRetriesDown: m.MaxRetriesDown,
	}
}

func changedMonitor(m octavia.Monitor) monitors.UpdateOpts {
	return monitors.UpdateOpts{
		Delay: seconds(m.Delay), Timeout: seconds(m.Timeout), MaxRetries: m.MaxRetries, MaxRetriesDown: m.MaxRetriesDown,
	}
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// persistence is nil for a pool that has none.
func persistence(p octavia.Pool) *pools.SessionPersistence {
	if !p.Sticky {
		return nil
	}
	return &pools.SessionPersistence{Type: sticky}
}

// sticky is how a client stays with its member, whatever the protocol.
const sticky = "SOURCE_IP"

func pool(o octavia.Owner, p octavia.Pool) pools.CreateOpts {
	return pools.CreateOpts{
		Name: p.Name, Tags: o.Tags(), Protocol: pools.Protocol(p.Protocol), LBMethod: pools.LBMethod(p.Algorithm),
		Persistence: persistence(p),
	}
}

// batch is every member of a pool; Octavia removes those that are not named.
func batch(members []octavia.Member) []pools.BatchUpdateMemberOpts {
	opts := []pools.BatchUpdateMemberOpts{}
	for _, m := range members {
		opts = append(opts, pools.BatchUpdateMemberOpts{
			Name: &m.Name, Address: m.Address.String(), ProtocolPort: int(m.Port), SubnetID: subnet(m),
		})
	}
	return opts
}

// subnet is nil for a member of the VIP's own subnet by default.
func subnet(m octavia.Member) *string {
	if m.Subnet == "" {
		return nil
	}
	return &m.Subnet
}
