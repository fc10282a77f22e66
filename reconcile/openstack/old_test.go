package openstack

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// inOldClouds has a test done in clouds without tags.
func inOldClouds(t *testing.T, test func(t *testing.T, s *sky)) {
	for cloud, options := range map[string]emulator.Options{"LBaaS v2": {Legacy: true}, "Octavia 2.0": {APIVersion: "v2.0"}} {
		t.Run(cloud, func(t *testing.T) { test(t, skyWith(t, options)) })
	}
}

// Where nothing is done in one call, a load balancer costs a call for itself, two for each
// port and one for each member; a Pod that comes or goes one for each port; and the load
// balancer's end as many as it has ports, twice, and one: members go with their pool.
func TestLBaaSv2IsToldOneThingAtATime(t *testing.T) {
	for _, p := range []int{1, 3} {
		const n = 10
		t.Run(fmt.Sprintf("%d ports, %d Pods", p, n), func(t *testing.T) {
			s := skyWith(t, emulator.Options{Legacy: true})
			s.see()
			for _, step := range []struct {
				claim string
				tree  octavia.Tree
				want  map[string]int
			}{
				{"made", s.ported(false, p, pods(n)...), map[string]int{
					"POST lbaas/loadbalancers": 1, "POST lbaas/listeners": p, "POST lbaas/pools": p, "POST lbaas/pools/{id}/members": n * p}},
				{"as it was", s.ported(false, p, pods(n)...), map[string]int{}},
				{"another Pod", s.ported(false, p, pods(n+1)...), map[string]int{"POST lbaas/pools/{id}/members": p}},
				{"another in its place", s.ported(false, p, append(pods(n), "10.1.9.9")...), map[string]int{
					"POST lbaas/pools/{id}/members": p, "DELETE lbaas/pools/{id}/members/{id}": p}},
				{"gone", octavia.Tree{}, map[string]int{
					"DELETE lbaas/listeners/{id}": p, "DELETE lbaas/pools/{id}": p, "DELETE lbaas/loadbalancers/{id}": 1}},
			} {
				s.cloud.ResetTranscript()
				if diff := cmp.Diff(step.tree, s.reach(step.tree), same); diff != "" {
					t.Errorf("%s: %s", step.claim, diff)
				}
				if diff := cmp.Diff(step.want, s.writes()); diff != "" {
					t.Errorf("%s: %s", step.claim, diff)
				}
			}
			s.empty()
		})
	}
}

// empty fails the test if anything of a load balancer is left, ports included.
func (s *sky) empty() {
	s.Helper()
	s.meddle(func(balance, network *gophercloud.ServiceClient) error {
		for _, list := range []string{"loadbalancers", "listeners", "pools", "healthmonitors"} {
			var answer map[string][]any
			if _, err := balance.Get(s.Context(), balance.ServiceURL("lbaas", list), &answer, nil); err != nil || len(answer[list]) > 0 {
				s.Errorf("%s are left: %v %v", list, answer, err)
			}
		}
		var answer map[string][]any
		_, err := network.Get(s.Context(), network.ServiceURL("ports")+"?fixed_ips=ip_address%3D10.2.0.7", &answer, nil)
		if len(answer["ports"]) > 0 {
			s.Errorf("ports are left: %v", answer)
		}
		return err
	})
}

func TestSettingsComeAndGoInOldClouds(t *testing.T) {
	inOldClouds(t, func(t *testing.T, s *sky) {
		usual, special := s.desired(octavia.FloatingIP{}, "10.1.0.10"), s.desired(octavia.FloatingIP{}, "10.1.0.10")
		special.Listeners[0].Settings.ConnectionLimit = 100
		special.Pools[0].Algorithm, special.Pools[0].Sticky = "LEAST_CONNECTIONS", true
		special.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: 3 * time.Second, MaxRetries: 2, MaxRetriesDown: 4}
		slower := s.desired(octavia.FloatingIP{}, "10.1.0.10")
		slower.Listeners[0].Settings, slower.Pools[0] = special.Listeners[0].Settings, special.Pools[0]
		slower.Pools[0].Monitor.Delay = time.Hour
		s.reach(usual)
		for _, step := range []struct {
			claim string
			tree  octavia.Tree
			want  map[string]int
		}{
			{"set", special, map[string]int{"PUT lbaas/listeners/{id}": 1, "PUT lbaas/pools/{id}": 1, "POST lbaas/healthmonitors": 1}},
			{"changed", slower, map[string]int{"PUT lbaas/healthmonitors/{id}": 1}},
			{"taken back", usual, map[string]int{"PUT lbaas/listeners/{id}": 1, "PUT lbaas/pools/{id}": 1, "DELETE lbaas/healthmonitors/{id}": 1}},
		} {
			s.cloud.ResetTranscript()
			if diff := cmp.Diff(step.tree, s.reach(step.tree), same); diff != "" {
				t.Errorf("%s: %s", step.claim, diff)
			}
			if diff := cmp.Diff(step.want, s.writes()); diff != "" {
				t.Errorf("%s: %s", step.claim, diff)
			}
		}
		s.reach(octavia.Tree{})
		if diff := cmp.Diff(special, s.reach(special), same); diff != "" {
			t.Errorf("made with all of them: %s", diff)
		}
		s.reach(octavia.Tree{})
		s.empty()
	})
}

func TestPortsComeAndGoInOldClouds(t *testing.T) {
	inOldClouds(t, func(t *testing.T, s *sky) {
		first := s.reach(s.ported(false, 2, pods(2)...))
		for _, want := range []octavia.Tree{
			s.ported(false, 3, pods(2)...), s.ported(false, 1, pods(3)...), s.ported(true, 2, pods(3)...), s.ported(false, 2, pods(1)...),
		} {
			got := s.reach(want)
			if diff := cmp.Diff(want, got, same); diff != "" || got.ID != first.ID {
				t.Error(got.ID, diff)
			}
		}
	})
}

func TestFloatingIPsOfBothMethodsInOldClouds(t *testing.T) {
	inOldClouds(t, func(t *testing.T, s *sky) {
		address := netip.MustParseAddr("172.24.4.13")
		s.cloud.AddFloatingIP(s.networks.ExternalNetwork, address.String())
		pool := octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
		if f := s.reach(s.desired(pool, "10.1.0.10")).FloatingIP; !f.Allocate || f.Port == "" {
			t.Errorf("allocated: %+v", f)
		}
		if f := s.reach(s.desired(octavia.FloatingIP{Address: address}, "10.1.0.10")).FloatingIP; f.Address != address || f.Allocate {
			t.Errorf("the user's: %+v", f)
		}
		if left := s.reach(octavia.Tree{}); !left.Empty() {
			t.Errorf("left: %+v", left)
		}
		fresh := s.facts().Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
		if f, _ := fresh.FloatingIP(address); !f.Free() || len(fresh.FloatingIPs) != 1 {
			t.Errorf("floating IPs: %+v", fresh.FloatingIPs)
		}
	})
}

// Where there are no tags a description says whose a load balancer is, and everybody's
// are listed.
func TestOwnersAreToldApartByDescriptions(t *testing.T) {
	inOldClouds(t, func(t *testing.T, s *sky) {
		neighbour := octavia.Owner{Cluster: "test", UID: "bbbb"}
		theirs := s.desired(octavia.FloatingIP{}, "10.1.0.11")
		theirs.VIP.Address = netip.MustParseAddr("10.2.0.8")
		theirs.Listeners, theirs.Pools = nil, nil
		if err := s.watch.Take(t.Context(), neighbour, plan.CreateLoadBalancer{Tree: theirs}); err != nil {
			t.Fatal(err)
		}
		elsewhere := s.again()
		elsewhere.Cluster = "elsewhere"
		s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Create(t.Context(), balance, loadbalancers.CreateOpts{
				Name: "shop/web", Description: "by hand", VipSubnetID: s.networks.ServiceSubnet, VipAddress: "10.2.0.9"}).Err
		})
		want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
		built := s.reach(want)
		if diff := cmp.Diff(want, built, same); diff != "" {
			t.Error(diff)
		}
		if got, err := s.watch.Observe(neighbour); err != nil || got.VIP.Address != theirs.VIP.Address || got.ID == built.ID {
			t.Errorf("the neighbour's: %v %+v", err, got)
		}
		admin := s.again()
		admin.Client = s.client("admin")
		for claim, w := range map[string]*Watch{"another cluster": elsewhere, "an administrator's project": admin} {
			if w.round(t.Context()); len(w.trees) > 0 || w.ended == 0 {
				t.Errorf("%s sees %+v", claim, w.trees)
			}
		}
		s.reach(octavia.Tree{})
		if got, err := s.watch.Observe(neighbour); err != nil || got.ID == "" || s.writes()["DELETE lbaas/loadbalancers/{id}"] != 1 {
			t.Errorf("after ours has left: %v %+v %v", err, got, s.writes())
		}
	})
}

// Neutron makes the port of a VIP before it stores the load balancer, and may get no further.
func TestALeakedPortOfLBaaSv2DoesNotBlockItsAddress(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	s.see()
	s.meddle(func(_, network *gophercloud.ServiceClient) error {
		service, err := subnets.Get(t.Context(), network, s.networks.ServiceSubnet).Extract()
		if err != nil {
			return err
		}
		return ports.Create(t.Context(), network, ports.CreateOpts{
			NetworkID: service.NetworkID, Name: "loadbalancer-0a0a0a0a-0000-0000-0000-000000000000", DeviceOwner: "neutron:LOADBALANCERV2",
			FixedIPs: []ports.IP{{SubnetID: s.networks.ServiceSubnet, IPAddress: want.VIP.Address.String()}},
		}).Err
	})
	create := s.watch.Manner().Plan(want, octavia.Tree{})[0]
	if err := s.watch.Take(t.Context(), owner, create); plan.ReasonOf(err) != plan.Conflict {
		t.Errorf("the port may be of one that is just being made: %v", err)
	}
	s.clock.Pass(youngest)
	if err := s.watch.Take(t.Context(), owner, create); plan.ReasonOf(err) != plan.Busy {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
}

// Tags that an author wants and the cloud cannot have are told, and keep nobody from
// being served.
func TestTagsThatAnOldCloudCannotHaveAreRefused(t *testing.T) {
	s := skyWith(t, emulator.Options{APIVersion: "v2.0"})
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	s.reach(want)
	want.Tags = []string{"shop"}
	p := plan.Diff(want, s.see())
	if err := s.watch.Take(t.Context(), owner, p[0]); len(p) != 1 || plan.ReasonOf(err) != plan.Invalid || !strings.Contains(err.Error(), "tags") {
		t.Errorf("got %v by\n%s", err, p)
	}
}

// LBaaS v2 takes changes of what is in ERROR: nobody has to do without it.
func TestWhatIsInErrorIsSetRightWhereItCanBe(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	built := s.reach(s.ported(false, 2, pods(2)...))
	s.cloud.Break(built.ID)
	s.cloud.ResetTranscript()
	want := s.ported(false, 2, pods(3)...)
	if got := s.reach(want); got.ID != built.ID || got.Status != octavia.Active {
		t.Errorf("got %s %s", got.ID, got.Status)
	}
	if diff := cmp.Diff(map[string]int{"PUT lbaas/loadbalancers/{id}": 1, "POST lbaas/pools/{id}/members": 2}, s.writes()); diff != "" {
		t.Error(diff)
	}
}

// One that never got so far as to have a listener is made anew: whoever was to carry it
// out may not be there.
func TestABareLoadBalancerInErrorIsMadeAnew(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	s.see()
	s.step(s.watch.Manner().Plan(want, octavia.Tree{})[0])
	first := s.see()
	s.cloud.Break(first.ID)
	if got := s.reach(want); got.ID == first.ID || cmp.Diff(want, got, same) != "" {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsInErrorCanLeaveLBaaSv2(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	built := s.reach(s.ported(false, 2, pods(2)...))
	s.cloud.Break(built.ID)
	s.reach(octavia.Tree{})
	s.empty()
}

// LBaaS v2 does not say when anything was changed.
func TestAMemberThatSomebodyAlteredIsFoundWithoutADate(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	want := s.ported(false, 2, pods(2)...)
	built := s.reach(want)
	s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
		return pools.UpdateMember(s.Context(), balance, built.Pools[0].ID, built.Pools[0].Members[0].ID, pools.UpdateMemberOpts{Weight: new(0)}).Err
	})
	s.see()
	s.cloud.ResetTranscript()
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"DELETE lbaas/pools/{id}/members/{id}": 1, "POST lbaas/pools/{id}/members": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
}
