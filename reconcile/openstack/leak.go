package openstack

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// vipPort is what Octavia calls the port of a VIP, before the load balancer's ID.
const vipPort = "octavia-lb-"

// vipPort is the same in this cloud, and whose the port is, to Neutron.
func (s *session) vipPort() (name, owner string) {
	if s.legacy {
		return "loadbalancer-", "neutron:LOADBALANCERV2"
	}
	return vipPort, "Octavia"
}

// youngest is how old a port must be before it can have been left behind: it is made
// first, and the load balancer shown when that is done.
const youngest = 2 * slowest

// create makes a load balancer, unless its address is taken: see yield.
func (s *session) create(ctx context.Context, o octavia.Owner, t octavia.Tree) (made map[string][]octavia.Member, err error) {
	opts := balancer(s.mark(o), t)
	answer, err := loadbalancers.Create(ctx, s.balance, opts).Extract()
	if err == nil {
		return born(answer), nil
	}
	if err = refusal(err); addressTaken(err) {
		return nil, s.yield(ctx, o, t, err)
	}
	return nil, err
}

// born are the members of a load balancer that was made with all that is under it.
func born(lb *loadbalancers.LoadBalancer) map[string][]octavia.Member {
	made := map[string][]octavia.Member{}
	for _, p := range lb.Pools {
		made[p.ID] = known(p.Members).members
	}
	return made
}

// unblock deletes a port that stands in the way of a load balancer and that nobody needs:
// Octavia may have left that of one which it refused after all. The next try succeeds.
func (s *session) unblock(ctx context.Context, vip octavia.VIP, err error) error {
	leaked, looked := s.leaked(ctx, vip)
	if looked != nil || leaked == "" {
		return err
	}
	if err := gone(ports.Delete(ctx, s.network, leaked).ExtractErr()); err != nil {
		return fmt.Errorf("deleting port %s, which a load balancer left that never was: %w", leaked, refusal(err))
	}
	return busy("port %s was left by a load balancer that never was; it is deleted", leaked)
}

func addressTaken(err error) bool {
	return plan.ReasonOf(err) == plan.Conflict && strings.Contains(err.Error(), taken)
}

// leaked is the ID of a port of our project that has the address of a load balancer to
// be, and belongs to one that is not there; empty: there is none.
func (s *session) leaked(ctx context.Context, vip octavia.VIP) (port string, err error) {
	filter := ports.ListOpts{ProjectID: s.project, FixedIPs: []ports.FixedIPOpts{{IPAddress: vip.Address.String(), SubnetID: vip.Subnet}}}
	found, err := all[ports.Port](ctx, "ports", "ports", ports.List(s.network, filter))
	if err != nil {
		return "", err
	}
	name, owner := s.vipPort()
	for _, p := range found {
		id, ofVIP := strings.CutPrefix(p.Name, name)
		dated := !p.CreatedAt.IsZero() // Neutron need not tell
		if !ofVIP || p.DeviceOwner != owner || !dated || s.now().Sub(p.CreatedAt) < youngest {
			continue
		}
		if err := loadbalancers.Get(ctx, s.balance, id).Err; gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			return p.ID, nil
		}
	}
	return "", nil
}
