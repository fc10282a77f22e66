package openstack

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// numbered is the owner of a number of those that are settled.
func numbered(n int) octavia.Owner {
	return octavia.Owner{Cluster: "test", UID: types.UID(fmt.Sprint("uid-", n))}
}

// among is a sky with so many Services, of which everybody was looked at just now.
func among(t *testing.T, services int) *sky {
	s := newSky(t)
	s.settled(services, 1)
	s.watch.Idle = time.Hour
	s.cloud.ResetTranscript()
	return s
}

// does takes a step for somebody, and lets the cloud do its work.
func (s *sky) does(o octavia.Owner, step plan.Step) {
	s.Helper()
	if err := s.watch.Take(s.Context(), o, step); err != nil {
		s.Fatal(err)
	}
	s.clock.Pass(settle)
}

// rows checks how many things lists have answered.
func (s *sky) rows(want map[string]int) {
	s.Helper()
	if diff := cmp.Diff(want, s.cloud.Rows()); diff != "" {
		s.Error(diff)
	}
}

// What lists cost the cloud is what is under way, whatever else there is.
func TestWhatIsUnderWayIsLookedAtByItself(t *testing.T) {
	s := among(t, 100)
	o := numbered(7)
	built := s.watch.Trees()[o]
	s.does(o, plan.SetMembers{PoolID: built.Pools[0].ID, Members: s.ported(false, 1, pods(1)...).Pools[0].Members})
	if told := s.watch.round(t.Context()); !slices.Equal(told, []octavia.Owner{o}) {
		t.Errorf("told: %v", told)
	}
	if got, err := s.watch.Observe(o); err != nil || len(got.Pools[0].Members) != 1 {
		t.Errorf("%v %+v", err, got)
	}
	s.rows(map[string]int{"GET lbaas/loadbalancers": 1, "GET lbaas/listeners": 1, "GET lbaas/pools": 1})
	if n := len(s.watch.Trees()); n != 100 {
		t.Errorf("%d trees are left", n)
	}
}

// More are asked for than one request can name.
func TestManyWhoAreUnderWayAreLookedAtInParts(t *testing.T) {
	s := among(t, 100)
	for n := range longestQuery + 5 {
		s.does(numbered(n), plan.AllocateFloatingIP{Network: s.networks.ExternalNetwork, Port: s.watch.Trees()[numbered(n)].VIP.Port, Service: "shop/web"})
	}
	s.cloud.ResetTranscript()
	s.watch.round(t.Context())
	n := longestQuery + 5
	s.rows(map[string]int{"GET lbaas/loadbalancers": n, "GET lbaas/listeners": n, "GET lbaas/pools": n, "GET floatingips": n})
	want := map[string]int{"GET lbaas/loadbalancers": 2, "GET lbaas/listeners": 2, "GET lbaas/pools": 2, "GET floatingips": 2}
	if diff := cmp.Diff(want, s.cloud.Counts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(s.anew(), s.watch.Trees(), exact); diff != "" {
		t.Error(diff)
	}
}

// What is still being made is only asked for whether it is, when there is much of it; then there are
// few others.
func TestOfWhatIsBeingMadeNothingElseIsListed(t *testing.T) {
	s := among(t, 100)
	making := 2 * longestQuery
	for n := range making {
		tree := s.desired(octavia.FloatingIP{})
		tree.VIP.Address = netip.AddrFrom4([4]byte{10, 2, 9, byte(n)})
		if err := s.watch.Take(t.Context(), numbered(100+n), plan.CreateLoadBalancer{Tree: tree}); err != nil {
			t.Fatal(err)
		}
	}
	s.watch.round(t.Context()) // who is new is looked at
	built := s.watch.Trees()[numbered(7)]
	if err := s.watch.Take(t.Context(), numbered(7), plan.SetMembers{PoolID: built.Pools[0].ID}); err != nil {
		t.Fatal(err)
	}
	s.cloud.ResetTranscript()
	s.watch.round(t.Context())
	s.rows(map[string]int{"GET lbaas/loadbalancers": making + 1, "GET lbaas/listeners": 1, "GET lbaas/pools": 1})
	s.clock.Pass(settle)
	if told := s.watch.round(t.Context()); len(told) != making+1 {
		t.Errorf("%d are told that something is ready", len(told))
	}
	if diff := cmp.Diff(s.anew(), s.watch.Trees(), exact); diff != "" {
		t.Error(diff)
	}
}

// After a restart everybody is looked at once. Those who are looked into later are looked at by
// themselves.
func TestARestartListsEverythingOnce(t *testing.T) {
	const services = 2*mostGlances + 100
	s := among(t, services)
	before := s.watch.Trees()
	s.watch = s.again()
	s.watch.Idle = time.Hour
	s.cloud.ResetTranscript()
	for s.watch.round(t.Context()); s.dark(); s.watch.round(t.Context()) {
	}
	if n := s.cloud.Rows()["GET lbaas/pools"]; n != services+services-mostGlances {
		t.Errorf("%d pools were listed", n)
	}
	if diff := cmp.Diff(before, s.watch.Trees(), exact); diff != "" {
		t.Error(diff)
	}
}

// Everybody is looked at when it is not known who is concerned.
func TestEverybodyIsLookedAt(t *testing.T) {
	o := numbered(7)
	for claim, tt := range map[string]struct {
		services int
		before   func(*sky)
	}{
		"at first":                            {9, func(s *sky) { s.watch = s.again(); s.watch.Idle = time.Hour; s.watch.touch(o) }},
		"when every look shall be one":        {9, func(s *sky) { s.watch.touch(o); s.watch.Idle = 0 }},
		"when nobody was looked at for long":  {9, func(s *sky) { s.watch.touch(o); s.watch.wideTried = time.Now().Add(-time.Hour) }},
		"when nothing is under way":           {9, func(*sky) {}},
		"when something is with all":          {9, func(s *sky) { s.touchMany(9) }},
		"when something is with very many":    {2*longestQuery + 2, func(s *sky) { s.touchMany(longestQuery + 2) }},
		"when an allocation was not answered": {9, func(s *sky) { s.unanswered(o) }},
	} {
		t.Run(claim, func(t *testing.T) {
			s := among(t, tt.services)
			tt.before(s)
			s.cloud.ResetTranscript()
			s.watch.round(t.Context())
			if n := s.cloud.Rows()["GET lbaas/loadbalancers"]; n != tt.services {
				t.Errorf("%d of %d were looked at", n, tt.services)
			}
		})
	}
}

// unanswered has a floating IP allocated without anybody being told.
func (s *sky) unanswered(o octavia.Owner) {
	s.Helper()
	end := s.fault("POST floatingips", emulator.Fault{After: true, Status: http.StatusBadGateway})
	defer end()
	step := plan.AllocateFloatingIP{Network: s.networks.ExternalNetwork, Port: s.watch.Trees()[o].VIP.Port, Service: "shop/web"}
	if err := s.watch.Take(s.Context(), o, step); err == nil {
		s.Fatal("it was answered")
	}
}

func (s *sky) touchMany(n int) {
	for i := range n {
		s.watch.touch(numbered(i))
	}
}

// A cloud without tags lists everything; so does one in which something of ours has none yet.
func TestWithoutTagsEverybodyIsLookedAt(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	desired := s.desired(octavia.FloatingIP{})
	s.reach(desired)
	s.watch.Idle = time.Hour
	s.watch.touch(octavia.Owner{Cluster: "test", UID: "bbbb"})
	s.watch.touch(owner)
	if about := s.watch.scope(); about != nil {
		t.Errorf("only %v would be looked at", about)
	}
}

// A round that comes to nothing is no reason to look at everybody, nor is anything lost by it.
func TestAfterATroubleWhatIsUnderWayIsLookedAtByItself(t *testing.T) {
	s := among(t, 9)
	o := numbered(7)
	built := s.watch.Trees()[o]
	s.does(o, plan.AllocateFloatingIP{Network: s.networks.ExternalNetwork, Port: built.VIP.Port, Service: "shop/web"})
	s.does(o, plan.SetMembers{PoolID: built.Pools[0].ID})
	s.meddle(func(balance, network *gophercloud.ServiceClient) error {
		return errors.Join(
			floatingips.Update(t.Context(), network, s.watch.notes[o].allocated[0], floatingips.UpdateOpts{PortID: new(string)}).Err,
			pools.CreateMember(t.Context(), balance, built.Pools[0].ID, pools.CreateMemberOpts{Address: "10.1.9.9", ProtocolPort: 1}).Err)
	})
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if emulator.CallOf(r) == "GET lbaas/pools/{id}/members" {
			return &emulator.Fault{}
		}
		return nil
	})
	s.watch.round(t.Context())
	if s.watch.trouble == nil {
		t.Fatal("there is no trouble")
	}
	s.cloud.SetFault(nil)
	s.cloud.ResetTranscript()
	s.watch.round(t.Context())
	s.rows(map[string]int{"GET lbaas/loadbalancers": 1, "GET lbaas/listeners": 1, "GET lbaas/pools": 1, "GET lbaas/pools/{id}/members": 1, "GET floatingips": 1})
	if tree, err := s.watch.Observe(o); err != nil || !tree.FloatingIP.Allocate || len(tree.Pools[0].Members) != 1 {
		t.Errorf("%v %+v", err, tree)
	}
}

// A cloud that fails to list everything, as long lists may, is asked for what is under way all the
// same.
func TestWhatIsUnderWayDoesNotWaitForTheRest(t *testing.T) {
	s := among(t, 9)
	o := numbered(7)
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if emulator.CallOf(r) == "GET lbaas/loadbalancers" && r.URL.Query().Has("tags") {
			return &emulator.Fault{Status: http.StatusGatewayTimeout}
		}
		return nil
	})
	s.watch.wideTried = time.Now().Add(-time.Hour)
	s.watch.touch(o)
	if s.watch.round(t.Context()); s.watch.trouble == nil {
		t.Error("there is no trouble")
	}
	if s.watch.round(t.Context()); s.watch.trouble != nil {
		t.Error(s.watch.trouble)
	}
	if _, err := s.watch.Observe(o); err != nil {
		t.Error(err)
	}
	if s.watch.round(t.Context()); s.watch.trouble == nil {
		t.Error("nothing is under way, and not everything is tried again")
	}
}

// A cloud that takes long to list everything is asked for that more rarely.
func TestLongLooksAreRare(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		2 * time.Second: 30 * time.Second, 20 * time.Second: time.Minute, 10 * time.Minute: longestRest,
	} {
		w := &Watch{Idle: 30 * time.Second, wideTook: took}
		if got := w.between(); got != want {
			t.Errorf("after %s: %s, not %s", took, got, want)
		}
	}
}

// What somebody does to what is under way is seen as it would be if everything were looked at.
func TestMeddlingWithWhatIsUnderWayIsSeen(t *testing.T) {
	o := numbered(1)
	for claim, meddle := range map[string]func(t octavia.Tree, s *sky, balance, network *gophercloud.ServiceClient) error{
		"a floating IP of ours taken off": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			return floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{PortID: new(string)}).Err
		},
		"a floating IP of ours moved": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			return floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{PortID: new(s.watch.Trees()[numbered(2)].VIP.Port)}).Err
		},
		"a floating IP of ours described otherwise": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			said := "mine now " + o.Description("shop/web", false)
			return floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{Description: &said, PortID: new(string)}).Err
		},
		"a floating IP of ours given away": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			return floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{Description: new("mine"), PortID: new(string)}).Err
		},
		"a floating IP of ours deleted": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			return floatingips.Delete(s.Context(), network, t.FloatingIP.ID).Err
		},
		"somebody's floating IP in its place": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			if err := floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{PortID: new(string)}).Err; err != nil {
				return err
			}
			return floatingips.Create(s.Context(), network, floatingips.CreateOpts{FloatingNetworkID: s.networks.ExternalNetwork, PortID: t.VIP.Port}).Err
		},
		"a load balancer that claims to be its": func(_ octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Create(s.Context(), balance, loadbalancers.CreateOpts{VipSubnetID: s.networks.ServiceSubnet, Tags: o.Tags()}).Err
		},
		"a load balancer without our tags": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Update(s.Context(), balance, t.ID, loadbalancers.UpdateOpts{Tags: &[]string{"mine"}}).Err
		},
		"a load balancer of two": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			tags := append([]string{numbered(3).Tag()}, o.Tags()...)
			return loadbalancers.Update(s.Context(), balance, t.ID, loadbalancers.UpdateOpts{Tags: &tags}).Err
		},
		"a listener without our tags": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return listeners.Update(s.Context(), balance, t.Listeners[0].ID, listeners.UpdateOpts{Tags: &[]string{}}).Err
		},
		"the load balancer deleted": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Delete(s.Context(), balance, t.ID, loadbalancers.DeleteOpts{Cascade: true}).Err
		},
		"the load balancer deleted, but for its floating IP": func(t octavia.Tree, s *sky, balance, network *gophercloud.ServiceClient) error {
			if err := floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{PortID: new(string)}).Err; err != nil {
				return err
			}
			return loadbalancers.Delete(s.Context(), balance, t.ID, loadbalancers.DeleteOpts{Cascade: true}).Err
		},
	} {
		t.Run(claim, func(t *testing.T) {
			s := among(t, 5)
			s.does(o, plan.AllocateFloatingIP{Network: s.networks.ExternalNetwork, Port: s.watch.Trees()[o].VIP.Port, Service: "shop/web"})
			s.watch.round(t.Context())
			before := s.watch.Trees()
			s.meddle(func(balance, network *gophercloud.ServiceClient) error { return meddle(before[o], s, balance, network) })
			s.watch.touch(o)
			s.cloud.ResetTranscript()
			s.watch.round(t.Context())
			if s.cloud.Rows()["GET lbaas/loadbalancers"] > 2 {
				t.Fatal("everybody was looked at")
			}
			anew := s.again()
			if err := anew.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(anew.Trees()[o], s.watch.Trees()[o], exact); diff != "" {
				t.Error(diff)
			}
			if anew.rivals[o] != s.watch.rivals[o] {
				t.Errorf("its rival is %q, not %q", s.watch.rivals[o], anew.rivals[o])
			}
			for _, other := range []int{0, 2, 3, 4} {
				if diff := cmp.Diff(before[numbered(other)], s.watch.Trees()[numbered(other)], exact); diff != "" {
					t.Errorf("%d: %s", other, diff)
				}
			}
		})
	}
}

// What was allocated is seen, although somebody deletes what it leads to before anybody looks.
func TestWhatIsAllocatedIsSeenWithoutItsLoadBalancer(t *testing.T) {
	s := among(t, 3)
	o := numbered(1)
	built := s.watch.Trees()[o]
	s.does(o, plan.AllocateFloatingIP{Network: s.networks.ExternalNetwork, Port: built.VIP.Port, Service: "shop/web"})
	s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
		return loadbalancers.Delete(t.Context(), balance, built.ID, loadbalancers.DeleteOpts{Cascade: true}).Err
	})
	s.cloud.ResetTranscript()
	s.watch.round(t.Context())
	s.rows(map[string]int{"GET floatingips": 1})
	if tree, err := s.watch.Observe(o); err != nil || tree.Exists() || !tree.FloatingIP.Allocate {
		t.Errorf("%v %+v", err, tree)
	}
}

// What is seen of floating IPs is known, although not all were listed, and what was asked for before
// does not hide it.
func TestWhatIsSeenOfFloatingIPsIsKnown(t *testing.T) {
	s := among(t, 3)
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.20")
	known := s.facts()
	s.watch.Facts = known
	o, address := numbered(1), netip.MustParseAddr("172.24.4.13")
	port := s.watch.Trees()[o].VIP.Port
	known.Fresh(t.Context(), ofEverything)
	session, err := s.watch.Client.meet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	old, err := askFloatingIPs(t.Context(), session, known)
	if err != nil {
		t.Fatal(err)
	}
	s.does(o, plan.AssociateFloatingIP{Address: address, Port: port})
	s.watch.round(t.Context())
	for range 2 {
		got := known.Known()
		if f := got.FloatingIPs[address]; f.Port != port || len(got.FloatingIPs) != 2 || len(got.FreeFloatingIPs("", "shop", 9)) != 1 {
			t.Errorf("%+v", got.FloatingIPs)
		}
		known.remember(facts.FloatingIPs, said{before, old})
	}
	known.Fresh(t.Context(), ofEverything)
	if f := known.Known().FloatingIPs[address]; f.Port != port || len(known.glimpses) > 0 {
		t.Errorf("%+v, and %d are still remembered by themselves", f, len(known.glimpses))
	}
}

// Where VIPs have no security groups, those of what is under way are looked at.
func TestTheSecurityGroupsOfWhatIsUnderWayAreSeen(t *testing.T) {
	s := newSky(t)
	s.watch.Client.Opens = true
	s.settled(3, 1)
	s.watch.Idle = time.Hour
	o := numbered(1)
	s.does(o, plan.OpenVIP{Port: s.watch.Trees()[o].VIP.Port})
	s.cloud.ResetTranscript()
	s.watch.round(t.Context())
	s.rows(map[string]int{"GET lbaas/loadbalancers": 1, "GET lbaas/listeners": 1, "GET lbaas/pools": 1, "GET ports": 1})
	if tree, err := s.watch.Observe(o); err != nil || !tree.VIP.Open {
		t.Errorf("%v %+v", err, tree.VIP)
	}
}
