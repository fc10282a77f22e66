package openstack

import (
	"context"
	"fmt"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// An effect is what a step makes that no list tells, as far as that is known.
type effect struct {
	members    map[string][]octavia.Member // of pools, by their IDs
	floatingIP string                      // the ID of the one that was allocated
	unknown    bool                        // one may have become ours of which nobody was told
}

// take carries out one step for o, in one write. It does not try again.
func (s *session) take(ctx context.Context, o octavia.Owner, step plan.Step) (made effect, err error) {
	switch step := step.(type) {
	case plan.CreateLoadBalancer:
		made.members, err = s.create(ctx, o, step.Tree)
		made.unknown = err != nil // of what is adopted
	case plan.SetMembers:
		made.members = map[string][]octavia.Member{step.PoolID: step.Members}
		err = pools.BatchUpdateMembers(ctx, s.balance, step.PoolID, batch(step.Members)).ExtractErr()
	case plan.AllocateFloatingIP:
		made.floatingIP, err = s.allocate(ctx, o, step)
		made.unknown = err != nil
	default:
		err = s.takeBalancer(ctx, o, step)
	}
	return made, err
}

// allocate allocates a floating IP, and says its ID.
func (s *session) allocate(ctx context.Context, o octavia.Owner, step plan.AllocateFloatingIP) (string, error) {
	f, err := floatingips.Create(ctx, s.network, floatingips.CreateOpts{
		FloatingNetworkID: step.Network, SubnetID: step.Subnet, PortID: step.Port,
		Description: o.Description(step.Service, step.Keep),
	}).Extract()
	if err != nil {
		return "", err
	}
	return f.ID, nil
}

// takeBalancer takes a step on what is under a load balancer, or on the load balancer.
func (s *session) takeBalancer(ctx context.Context, o octavia.Owner, step plan.Step) error {
	switch step := step.(type) {
	case plan.UpdateLoadBalancer:
		return loadbalancers.Update(ctx, s.balance, step.ID, s.changedBalancer(o, step.Tree, step.Changes)).Err
	case plan.DeleteLoadBalancer:
		if err := s.still(ctx, step); err != nil {
			return err
		}
		return gone(loadbalancers.Delete(ctx, s.balance, step.ID, loadbalancers.DeleteOpts{Cascade: !step.Alone}).ExtractErr())
	case plan.MarkLoadBalancer:
		return s.markOn(ctx, o, step.ID)
	case plan.CreateListener:
		opts := listener(s.mark(o), step.Listener)
		opts.LoadbalancerID, opts.DefaultPoolID = step.LoadBalancerID, step.PoolID
		return listeners.Create(ctx, s.balance, opts).Err
	case plan.UpdateListener:
		return listeners.Update(ctx, s.balance, step.ID, change{changed(s.mark(o), step), step}).Err
	case plan.DeleteListener:
		return gone(listeners.Delete(ctx, s.balance, step.ID).ExtractErr())
	}
	return s.takePool(ctx, o, step)
}

// takePool takes a step on a pool and what is under it.
func (s *session) takePool(ctx context.Context, o octavia.Owner, step plan.Step) error {
	switch step := step.(type) {
	case plan.CreatePool:
		opts := pool(s.mark(o), step.Pool)
		opts.ListenerID, opts.LoadbalancerID = step.ListenerID, step.LoadBalancerID
		return pools.Create(ctx, s.balance, opts).Err
	case plan.UpdatePool:
		return pools.Update(ctx, s.balance, step.Pool.ID, changedPool(step.Pool, step.Changes)).Err
	case plan.DeletePool:
		return gone(pools.Delete(ctx, s.balance, step.ID).ExtractErr())
	case plan.CreateMember:
		return pools.CreateMember(ctx, s.balance, step.PoolID, newMember(step.Member)).Err
	case plan.DeleteMember:
		return gone(pools.DeleteMember(ctx, s.balance, step.PoolID, step.Member.ID).ExtractErr())
	case plan.CreateMonitor:
		opts := monitor(s.mark(o), step.Pool, step.Monitor)
		opts.PoolID = step.PoolID
		return monitors.Create(ctx, s.balance, opts).Err
	case plan.UpdateMonitor:
		return monitors.Update(ctx, s.balance, step.Monitor.ID, changedMonitor(step.Monitor)).Err
	case plan.DeleteMonitor:
		return gone(monitors.Delete(ctx, s.balance, step.ID).ExtractErr())
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
		return busy("it is %s by now, not %s any more", lb.ProvisioningStatus, step.While)
	}
	return nil
}

func (s *session) takeFloatingIP(ctx context.Context, o octavia.Owner, step plan.Step) error {
	switch step := step.(type) {
	case plan.MarkFloatingIP:
		return s.describe(ctx, step.ID, o.Description(step.Service, step.Keep))
	case plan.AssociateFloatingIP:
		return s.associate(ctx, o, step)
	case plan.DissociateFloatingIP:
		return s.part(ctx, step.ID, step.Port, nil)
	case plan.KeepFloatingIP:
		return s.part(ctx, step.ID, step.Port, new(string))
	case plan.OpenVIP:
		return ports.Update(ctx, s.network, step.Port, ports.UpdateOpts{SecurityGroups: &[]string{}}).Err
	case plan.ReleaseFloatingIP:
		return gone(floatingips.Delete(ctx, s.network, step.ID).ExtractErr())
	}
	return fmt.Errorf("%T is no step that this cloud can take", step)
}

// part takes a floating IP off a port, and gives it another description unless that is
// nil. One that somebody associated with another port meanwhile stays there.
func (s *session) part(ctx context.Context, id, port string, description *string) error {
	f, err := floatingips.Get(ctx, s.network, id).Extract()
	if err != nil {
		return gone(err)
	}
	opts := floatingips.UpdateOpts{Description: description, RevisionNumber: &f.RevisionNumber}
	switch {
	case f.PortID == port:
		opts.PortID = new(string)
	case description == nil:
		return nil
	case f.PortID != "":
		opts.PortID = &f.PortID // it is named, for an old Neutron takes it off otherwise
	}
	return gone(floatingips.Update(ctx, s.network, id, opts).Err)
}

// describe gives a floating IP another description. Where it is it stays, which is said, for
// an old Neutron takes it off otherwise.
func (s *session) describe(ctx context.Context, id, description string) error {
	f, err := floatingips.Get(ctx, s.network, id).Extract()
	if err != nil {
		return gone(err)
	}
	opts := floatingips.UpdateOpts{Description: &description, RevisionNumber: &f.RevisionNumber}
	if f.PortID != "" {
		opts.PortID = &f.PortID
	}
	return floatingips.Update(ctx, s.network, id, opts).Err
}

// associate looks at the floating IP and swaps it in only if nobody changed it
// since: without that condition Neutron moves one that is in use, silently.
func (s *session) associate(ctx context.Context, o octavia.Owner, step plan.AssociateFloatingIP) error {
	found, err := s.floatingIPs(ctx, query{"floating_ip_address": {step.Address.String()}})
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
		PortID: &step.Port, RevisionNumber: &f.Revision,
	}).Err
}

func busy(format string, args ...any) error {
	return &plan.Refusal{Reason: plan.Busy, Err: fmt.Errorf(format, args...)}
}

func refused(format string, args ...any) error {
	return &plan.Refusal{Reason: plan.Conflict, Err: fmt.Errorf(format, args...)}
}
