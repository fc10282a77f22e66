package openstack

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/go-logr/logr"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/octagate/octagate/reconcile/octavia"
)

// yield deals with an address that is taken: what is ours will be seen, what Kuryr made is
// adopted if it shall be, and a port that nobody needs is deleted. Of all others err says
// who they are.
func (s *session) yield(ctx context.Context, o octavia.Owner, t octavia.Tree, err error) error {
	lb, looked := s.holder(ctx, t.VIP)
	switch {
	case looked != nil:
		return looked
	case lb == nil:
		return s.unblock(ctx, t.VIP, err)
	}
	if err := s.claim(o, t, lb); err != nil {
		return err
	}
	return s.adopt(ctx, o, t, lb)
}

// claim is why a load balancer that has a tree's address does not become o's; nil: it does.
func (s *session) claim(o octavia.Owner, t octavia.Tree, lb *seenBalancer) error {
	holder, marked := lb.owner()
	switch {
	case marked && holder == o:
		return busy("load balancer %s has %s already, and is this Service's", lb.ID, t.VIP.Address)
	case marked:
		return refused("%s is the VIP of load balancer %s (%s), which is of Service %s of cluster %s; delete it if that is gone",
			t.VIP.Address, lb.ID, lb.Name, holder.UID, holder.Cluster)
	case lb.Name != t.Name:
		return refused("%s is the VIP of load balancer %s (%s), which is not ours; delete it", t.VIP.Address, lb.ID, lb.Name)
	case !s.adopts:
		return refused("%s is the VIP of load balancer %s (%s), which is not ours; delete it, or set octavia.adopt: Kuryr", t.VIP.Address, lb.ID, lb.Name)
	}
	if why := unfit(t, lb); why != "" {
		return refused("load balancer %s (%s), which has %s, cannot be adopted: %s", lb.ID, lb.Name, t.VIP.Address, why)
	}
	return nil
}

// holder is the load balancer of our project that has an address; nil: none has.
func (s *session) holder(ctx context.Context, vip octavia.VIP) (*seenBalancer, error) {
	filter := loadbalancers.ListOpts{ProjectID: s.project, VipAddress: vip.Address.String(), VipSubnetID: vip.Subnet}
	found, err := all[seenBalancer](ctx, "load balancers", "loadbalancers", loadbalancers.List(s.balance, filter))
	if err != nil {
		return nil, err
	}
	has := func(lb seenBalancer) bool { // further pages are not filtered
		address, err := netip.ParseAddr(lb.VipAddress)
		return err == nil && address == vip.Address && string(lb.VipSubnetID) == vip.Subnet
	}
	if i := slices.IndexFunc(found, has); i >= 0 {
		return &found[i], nil
	}
	return nil, nil
}

// adopt makes ours what Kuryr made for a Service, in one write, and is to be called again
// until the load balancer is seen as ours. Only marks are written: nothing is done to the
// traffic. The load balancer comes last, so that it is ours with all that is under it or
// not at all, whatever happens in between.
func (s *session) adopt(ctx context.Context, o octavia.Owner, t octavia.Tree, lb *seenBalancer) error {
	if lb.ProvisioningStatus.Busy() {
		return busy("load balancer %s is adopted when it is not %s any more", lb.ID, lb.ProvisioningStatus)
	}
	what, err := s.inherit(ctx, o, t, lb)
	if what == "" && err == nil {
		what, err = s.markNext(ctx, o, lb)
	}
	if err != nil {
		return fmt.Errorf("adopting load balancer %s: %w", lb.ID, refusal(err))
	}
	logr.FromContextOrDiscard(ctx).Info("Marked as ours what Kuryr made", "what", what, "loadBalancer", lb.ID)
	return busy("load balancer %s is being adopted: %s is marked as ours", lb.ID, what)
}

// unfit is why a load balancer cannot be adopted for a tree; empty: it can.
func unfit(t octavia.Tree, lb *seenBalancer) string {
	switch {
	case lb.ProvisioningStatus == octavia.Failed:
		return "it is in ERROR; delete it"
	case t.Provider != "" && called(t.Provider) != called(string(lb.Provider)):
		return fmt.Sprintf("its provider is %s; annotate the Service with octagate.dev/provider: %s", lb.Provider, lb.Provider)
	}
	return ""
}

// called is the name of a provider that has two.
func called(provider string) string {
	if provider == "octavia" {
		return "amphora"
	}
	return provider
}

// kuryrs is how Kuryr describes the floating IPs that it allocates
// (kuryr_kubernetes/controller/drivers/lb_public_ip.py).
const kuryrs = "kuryr_lb"

// inherit makes ours the floating IP that Kuryr allocated for a load balancer, where the
// Service wants one that is allocated. what is empty if there is nothing to do.
func (s *session) inherit(ctx context.Context, o octavia.Owner, t octavia.Tree, lb *seenBalancer) (what string, err error) {
	if !t.FloatingIP.Allocate {
		return "", nil
	}
	found, err := s.floatingIPs(ctx, query{"port_id": {lb.VipPortID}})
	if err != nil || len(found) == 0 {
		return "", err
	}
	f := found[0]
	if is, err := inherited(o, f); is || err != nil {
		return "", err
	}
	// Its port is named, too: an old Neutron takes it off otherwise.
	return "floating IP " + f.Address.String(), floatingips.Update(ctx, s.network, f.ID, floatingips.UpdateOpts{
		Description: new(o.Description(t.Name, t.FloatingIP.Keep)), PortID: &lb.VipPortID, RevisionNumber: &f.Revision,
	}).Err
}

// inherited reports whether a floating IP is o's already. It is an error if it cannot become
// that.
func inherited(o octavia.Owner, f floatingIP) (bool, error) {
	owner, ours := octavia.DescribedOwner(f.Description)
	switch {
	case ours && owner == o:
		return true, nil
	case ours && o.Succeeds(owner):
		return false, nil
	case f.Description != kuryrs:
		return false, refused("its floating IP %s is not one that Kuryr allocated; name it as the Service's loadBalancerIP, or take it off", f.Address)
	}
	return false, nil
}
