package openstack

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// ported is desired with so many ports, each with a pool of its own, or with one pool
// for all.
func (s *sky) ported(shared bool, n int, members ...string) octavia.Tree {
	t := s.desired(octavia.FloatingIP{}, members...)
	first := t.Pools[0]
	t.Listeners, t.Pools = nil, nil
	for i := range n {
		k := octavia.Key{Protocol: "TCP", Port: int32(80 + i)}
		p := first
		if p.Name = octavia.Name(t.Name, k); shared {
			p.Name = "shop/web:TCP:web"
		}
		t.Listeners = append(t.Listeners, octavia.Listener{Key: k, Settings: octavia.Settings{Name: octavia.Name(t.Name, k)}, Pool: p.PoolKey})
		if i == 0 || !shared {
			t.Pools = append(t.Pools, p)
		}
	}
	return t
}

// lists are the calls of a round that finds anything.
var lists = []string{"GET lbaas/loadbalancers", "GET lbaas/listeners", "GET lbaas/pools", "GET floatingips"}

// look is the call that asks who the members of a pool are.
const look = "GET lbaas/pools/{id}/members"

// calls are all calls since the transcript was reset, less logins, the lists that every
// round shares, and one look at each pool that has another membership: when there is
// nothing else to do, it is held to what our own calls told.
func (s *sky) calls(pools int) map[string]int {
	counts := maps.Clone(s.cloud.Counts())
	if counts[look] <= pools {
		delete(counts, look)
	}
	for _, list := range lists {
		delete(counts, list)
	}
	for _, login := range []string{"POST auth/tokens", "GET load-balancer", "GET network"} {
		delete(counts, login)
	}
	return counts
}

func pods(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("10.1.%d.%d", 1+i/200, 1+i%200))
	}
	return all
}

// However many ports and Pods there are, one call makes them all, another changes the
// members of a pool, a third deletes them; and nothing is asked beside the shared lists.
func TestCallsDoNotGrowWithPortsAndPods(t *testing.T) {
	for _, p := range []int{1, 3} {
		for _, n := range []int{0, 10, 100} {
			t.Run(fmt.Sprintf("%d ports, %d Pods", p, n), func(t *testing.T) {
				s := newSky(t)
				s.see()
				for _, step := range []struct {
					claim string
					tree  octavia.Tree
					want  map[string]int
				}{
					{"made", s.ported(false, p, pods(n)...), map[string]int{"POST lbaas/loadbalancers": 1}},
					{"as it was", s.ported(false, p, pods(n)...), map[string]int{}},
					{"another Pod", s.ported(false, p, pods(n+1)...), map[string]int{"PUT lbaas/pools/{id}/members": p}},
					{"gone", octavia.Tree{}, map[string]int{"DELETE lbaas/loadbalancers/{id}": 1}},
				} {
					s.cloud.ResetTranscript()
					s.reach(step.tree)
					if diff := cmp.Diff(step.want, s.calls(p)); diff != "" {
						t.Errorf("%s: %s", step.claim, diff)
					}
				}
			})
		}
	}
}

// A port that comes costs what it is made of, a port that goes as much.
func TestAPortComesAndGoesInAsFewCallsAsThereCanBe(t *testing.T) {
	s := newSky(t)
	for _, step := range []struct {
		claim string
		tree  octavia.Tree
		want  map[string]int
	}{
		{"two ports", s.ported(false, 2, pods(10)...), map[string]int{"POST lbaas/loadbalancers": 1}},
		{"three", s.ported(false, 3, pods(10)...), map[string]int{"POST lbaas/listeners": 1, "POST lbaas/pools": 1, "PUT lbaas/pools/{id}/members": 1}},
		{"one", s.ported(false, 1, pods(10)...), map[string]int{"DELETE lbaas/listeners/{id}": 2, "DELETE lbaas/pools/{id}": 2}},
		{"one shared pool", s.ported(true, 1, pods(10)...), map[string]int{"POST lbaas/pools": 1, "PUT lbaas/pools/{id}/members": 1, "PUT lbaas/listeners/{id}": 1, "DELETE lbaas/pools/{id}": 1}},
		{"another port for it", s.ported(true, 2, pods(10)...), map[string]int{"POST lbaas/listeners": 1}},
		{"parted again", s.ported(false, 2, pods(10)...), map[string]int{"POST lbaas/pools": 2, "PUT lbaas/pools/{id}/members": 2, "PUT lbaas/listeners/{id}": 2, "DELETE lbaas/pools/{id}": 1}},
	} {
		s.cloud.ResetTranscript()
		if diff := cmp.Diff(step.tree, s.reach(step.tree), same); diff != "" {
			t.Errorf("%s: %s", step.claim, diff)
		}
		if diff := cmp.Diff(step.want, s.calls(3)); diff != "" {
			t.Errorf("%s: %s", step.claim, diff)
		}
	}
}

func TestPortsShareAPoolFromTheStart(t *testing.T) {
	s := newSky(t)
	s.see()
	want := s.ported(true, 3, pods(10)...)
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1}, s.calls(1)); diff != "" {
		t.Error(diff)
	}
}

// However many changes come while Octavia is busy, what is then true is sent once.
func TestChangesWhileOctaviaIsBusyCostOneCall(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.ported(false, 1, pods(2)...))
	s.cloud.ResetTranscript()
	for n := 3; n < 40; n++ {
		observed := s.see()
		p := plan.Diff(s.ported(false, 1, pods(n)...), observed)
		if !observed.Status.Busy() {
			s.step(p[0])
		}
		if n == 3 && len(p) != 1 || observed.ID != built.ID {
			t.Fatalf("plan: %s", p)
		}
	}
	s.clock.Pass(settle)
	s.reach(s.ported(false, 1, pods(39)...))
	if diff := cmp.Diff(map[string]int{"PUT lbaas/pools/{id}/members": 2}, s.calls(1)); diff != "" {
		t.Error(diff)
	}
}

// After a restart each load balancer is looked into by one call, whatever the number of
// its ports, and nothing is written. What that call does not tell is found out when
// there is nothing else to do, one load balancer at a time.
func TestARestartLooksOnceIntoEachLoadBalancer(t *testing.T) {
	for _, p := range []int{1, 3} {
		s := newSky(t)
		want := s.ported(false, p, pods(10)...)
		s.reach(want)
		s.watch = s.again()
		s.cloud.ResetTranscript()
		if left := plan.Diff(want, s.see()); len(left) > 0 {
			t.Errorf("plan: %s", left)
		}
		glance := map[int]string{1: "GET lbaas/pools/{id}/members", 3: "GET lbaas/loadbalancers/{id}/status"}[p]
		if diff := cmp.Diff(map[string]int{glance: 1}, s.calls(0)); diff != "" {
			t.Error(diff)
		}
		s.see()
		s.cloud.ResetTranscript()
		s.see()
		if diff := cmp.Diff(map[string]int{}, s.calls(0)); diff != "" {
			t.Errorf("it does not come to rest: %s", diff)
		}
	}
}

// again is a watch that knows nothing yet.
func (s *sky) again() *Watch {
	return &Watch{Client: s.watch.Client, Facts: &Facts{}, Cluster: s.watch.Cluster, Log: s.watch.Log}
}

// A member mode that was changed while nobody was there is noticed all the same.
func TestAfterARestartTheSubnetOfMembersIsNoticed(t *testing.T) {
	s := newSky(t)
	s.reach(s.ported(false, 3, pods(2)...))
	s.watch = s.again()
	want := s.ported(false, 3, pods(2)...)
	for _, p := range want.Pools {
		for i := range p.Members {
			p.Members[i].Subnet = s.networks.PodSubnet
		}
	}
	s.see()
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
}

// meddle is what somebody of the same project does.
func (s *sky) meddle(what func(balance, network *gophercloud.ServiceClient) error) {
	s.Helper()
	session, err := s.client("demo").meet(s.Context())
	if err == nil {
		err = what(session.balance, session.network)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.clock.Pass(settle)
}

// Whatever somebody does to what is ours is found by the shared lists and undone.
func TestWhatSomebodyDidIsUndone(t *testing.T) {
	for claim, meddle := range map[string]func(t octavia.Tree, s *sky, balance, network *gophercloud.ServiceClient) error{
		"renamed": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Update(s.Context(), balance, t.ID, loadbalancers.UpdateOpts{Name: new("mine")}).Err
		},
		"switched off": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Update(s.Context(), balance, t.ID, loadbalancers.UpdateOpts{AdminStateUp: new(false)}).Err
		},
		"a listener switched off and renamed": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return listeners.Update(s.Context(), balance, t.Listeners[0].ID, listeners.UpdateOpts{AdminStateUp: new(false), Name: new("x"), ConnLimit: new(7)}).Err
		},
		"a pool switched off": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return pools.Update(s.Context(), balance, t.Pools[0].ID, pools.UpdateOpts{AdminStateUp: new(false), LBMethod: "LEAST_CONNECTIONS"}).Err
		},
		"a pool renamed": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return pools.Update(s.Context(), balance, t.Pools[0].ID, pools.UpdateOpts{Name: new("mine")}).Err
		},
		"a listener deleted": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return listeners.Delete(s.Context(), balance, t.Listeners[0].ID).Err
		},
		"a pool deleted": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return pools.Delete(s.Context(), balance, t.Pools[0].ID).Err
		},
		"a member deleted": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return pools.DeleteMember(s.Context(), balance, t.Pools[0].ID, t.Pools[0].Members[0].ID).Err
		},
		"a member added": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return pools.CreateMember(s.Context(), balance, t.Pools[0].ID, pools.CreateMemberOpts{Address: "10.1.9.9", ProtocolPort: 1}).Err
		},
		"a member weighed down": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return pools.UpdateMember(s.Context(), balance, t.Pools[0].ID, t.Pools[0].Members[0].ID, pools.UpdateMemberOpts{Weight: new(0)}).Err
		},
		"the load balancer deleted": func(t octavia.Tree, s *sky, balance, _ *gophercloud.ServiceClient) error {
			return loadbalancers.Delete(s.Context(), balance, t.ID, loadbalancers.DeleteOpts{Cascade: true}).Err
		},
		"the floating IP taken off": func(t octavia.Tree, s *sky, _, network *gophercloud.ServiceClient) error {
			session := session{network: network}
			return session.takeFloatingIP(s.Context(), owner, plan.DissociateFloatingIP{ID: t.FloatingIP.ID})
		},
	} {
		t.Run(claim, func(t *testing.T) {
			s := newSky(t)
			s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
			want := s.ported(false, 2, pods(2)...)
			want.FloatingIP.Address = netip.MustParseAddr("172.24.4.13")
			built := s.reach(want)
			// Octavia dates changes by the second.
			s.clock.Pass(settle)
			s.meddle(func(balance, network *gophercloud.ServiceClient) error { return meddle(built, s, balance, network) })
			if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
				t.Error(diff)
			}
			if got := s.see().FloatingIP; got.Address != want.FloatingIP.Address || got.Port == "" {
				t.Errorf("floating IP: %+v", got)
			}
		})
	}
}

// What somebody does to members while a step of ours is under way is dated like that step, and
// found all the same when the load balancer has rested.
func TestWhatSomebodyDidBesideAStepIsUndone(t *testing.T) {
	s := newSky(t)
	built, want := s.reach(s.ported(false, 1, pods(2)...)), s.ported(false, 1, pods(2)...)
	want.Listeners[0].Settings.ConnectionLimit = 100
	s.step(plan.Diff(want, built)[0])
	s.clock.Pass(settle)
	s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
		return pools.UpdateMember(s.Context(), balance, built.Pools[0].ID, built.Pools[0].Members[0].ID, pools.UpdateMemberOpts{Weight: new(0)}).Err
	})
	s.cloud.ResetTranscript()
	for range rested + 1 {
		s.see()
	}
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"GET lbaas/pools/{id}/members": 1, "PUT lbaas/pools/{id}/members": 1}, s.calls(0)); diff != "" {
		t.Error(diff)
	}
}

func TestHTTPIsRead(t *testing.T) {
	s := newSky(t)
	k := octavia.Key{Protocol: "TERMINATED_HTTPS", Port: 443}
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	want.Pools[0].PoolKey = octavia.PoolKey{Name: "shop/web:HTTP:web", Protocol: "HTTP"}
	want.Listeners[0].Key.Protocol, want.Listeners[0].Settings = "HTTP", octavia.Settings{Name: "shop/web:HTTP:80", Forwarded: true}
	want.Listeners = append(want.Listeners, octavia.Listener{Key: k, Settings: octavia.Settings{Name: "shop/web:TERMINATED_HTTPS:443", Forwarded: true, Certificate: "https://barbican/v1/containers/a"}})
	for i := range want.Listeners {
		want.Listeners[i].Pool = want.Pools[0].PoolKey
	}
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	for i := range want.Listeners {
		want.Listeners[i].Settings.Forwarded = false
	}
	want.Listeners[1].Settings.Certificate = "https://barbican/v1/containers/b"
	s.cloud.ResetTranscript()
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"PUT lbaas/listeners/{id}": 2}, s.writes()); diff != "" {
		t.Error(diff)
	}
}

func TestTagsComeAndGoBesideOurs(t *testing.T) {
	s := newSky(t)
	for _, tags := range [][]string{{"shop"}, {"a", "b"}, {}} {
		want := s.desired(octavia.FloatingIP{})
		want.Tags = tags
		if got := s.reach(want); !cmp.Equal(got.Tags, tags) {
			t.Errorf("wanted %v, got %v", tags, got.Tags)
		}
	}
	if n := s.writes()["POST lbaas/loadbalancers"]; n != 1 {
		t.Errorf("made %d times", n)
	}
}

func TestAFloatingIPThatIsKeptIsTheProjects(t *testing.T) {
	s := newSky(t)
	pool := octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork, Keep: true}
	address := s.reach(s.desired(pool)).FloatingIP.Address
	if left := s.reach(octavia.Tree{FloatingIP: octavia.FloatingIP{Keep: true}}); !left.Empty() {
		t.Errorf("left: %+v", left)
	}
	facts := Facts{Client: s.watch.Client, Refresh: settle}
	if f, _ := facts.Fresh(t.Context(), ofEverything).FloatingIP(address); !f.Free() || f.ID == "" {
		t.Errorf("the floating IP: %+v", f)
	}
}

// Octavia's security group comes back with every failover; it is taken off again.
func TestAVIPIsOpened(t *testing.T) {
	s := newSky(t)
	s.watch.Client.Opens = true
	want := s.desired(octavia.FloatingIP{})
	want.VIP.Open = true
	s.cloud.ResetTranscript()
	built := s.reach(want)
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1, "PUT ports/{id}": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
	s.meddle(func(_, network *gophercloud.ServiceClient) error {
		return ports.Update(t.Context(), network, built.VIP.Port, ports.UpdateOpts{SecurityGroups: &[]string{s.securityGroup(network)}}).Err
	})
	if s.see().VIP.Open {
		t.Error("a VIP with a security group is taken for an open one")
	}
	if got := s.reach(want); !got.VIP.Open {
		t.Error("it stays closed")
	}
}

// securityGroup is the ID of any security group of the project.
func (s *sky) securityGroup(network *gophercloud.ServiceClient) string {
	s.Helper()
	var answer struct {
		Groups []struct {
			ID string `json:"id"`
		} `json:"security_groups"`
	}
	if _, err := network.Get(s.Context(), network.ServiceURL("security-groups"), &answer, nil); err != nil || len(answer.Groups) == 0 {
		s.Fatalf("no security group: %v", err)
	}
	return answer.Groups[0].ID
}

// A Service of two families has one load balancer with two addresses.
func TestTwoFamiliesShareALoadBalancer(t *testing.T) {
	s := newSky(t)
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	s.meddle(func(_, network *gophercloud.ServiceClient) error {
		service, err := subnets.Get(t.Context(), network, s.networks.ServiceSubnet).Extract()
		if err != nil {
			return err
		}
		six, err := subnets.Create(t.Context(), network, subnets.CreateOpts{NetworkID: service.NetworkID, CIDR: "fd00::/108", IPVersion: gophercloud.IPv6, EnableDHCP: new(false)}).Extract()
		if err == nil {
			want.More = []octavia.VIP{{Address: netip.MustParseAddr("fd00::7"), Subnet: six.ID}}
		}
		return err
	})
	s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10"))
	built := s.reach(want)
	if diff := cmp.Diff(want, built, same); diff != "" {
		t.Error(diff)
	}
	if got := s.reach(want); got.ID != built.ID {
		t.Error("it is made again and again")
	}
}

// A batch whose answer never came may have been carried out: then its members are asked for.
func TestAnAnswerThatNeverCameIsLookedAfter(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.ported(false, 1, pods(2)...))
	s.cloud.SetFault(afterwards("PUT", "/members"))
	err := s.watch.Take(t.Context(), owner, plan.SetMembers{PoolID: built.Pools[0].ID, Members: s.ported(false, 1, pods(3)...).Pools[0].Members})
	if plan.ReasonOf(err) != plan.Away {
		t.Fatalf("got %v", err)
	}
	s.cloud.SetFault(nil)
	s.cloud.ResetTranscript()
	want := s.ported(false, 1, pods(3)...)
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"GET lbaas/pools/{id}/members": 1}, s.calls(0)); diff != "" {
		t.Error(diff)
	}
}

func TestMarksAreTagsAndNothingElse(t *testing.T) {
	m := mark{tags: owner.Tags()}
	if got := m.with([]string{"x"}); !strings.HasSuffix(strings.Join(got, " "), " x") || len(got) != len(owner.Tags())+1 {
		t.Errorf("got %v", got)
	}
	if got := (mark{description: "octagate"}).with([]string{"x"}); got != nil {
		t.Errorf("where there are no tags: %v", got)
	}
}

// afterwards cuts the connection once a call was carried out.
func afterwards(method, path string) func(*http.Request) *emulator.Fault {
	return func(r *http.Request) *emulator.Fault {
		if r.Method != method || !strings.HasSuffix(r.URL.Path, path) {
			return nil
		}
		return &emulator.Fault{After: true}
	}
}

// However slow Octavia is to make load balancers, those that exist are looked after; and who
// waits to have one made is told as soon as it can be.
func TestSlowCreatesKeepNobodyFromWork(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.ported(false, 1, pods(1)...))
	arrived, release := make(chan struct{}, mostMade), make(chan struct{})
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "loadbalancers") {
			arrived <- struct{}{}
			<-release
		}
		return nil
	})
	told := make(chan octavia.Owner, mostMade)
	s.watch.Changed = func(_ context.Context, o octavia.Owner) { told <- o }
	made := make(chan error, mostMade)
	for i := range mostMade {
		tree := s.desired(octavia.FloatingIP{})
		tree.VIP.Address = netip.AddrFrom4([4]byte{10, 2, 1, byte(i)})
		go func() {
			made <- s.watch.Take(t.Context(), octavia.Owner{Cluster: "test", UID: types.UID(fmt.Sprint(i))}, plan.CreateLoadBalancer{Tree: tree})
		}()
	}
	for range mostMade {
		<-arrived
	}
	err := s.watch.Take(t.Context(), octavia.Owner{Cluster: "test", UID: "more"}, plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	if plan.ReasonOf(err) != plan.Busy || plan.AfterOf(err) == 0 {
		t.Errorf("one more: %v", err)
	}
	s.step(plan.SetMembers{PoolID: built.Pools[0].ID, Name: "p", Members: s.ported(false, 1, pods(2)...).Pools[0].Members})
	close(release)
	for range mostMade {
		if err := <-made; err != nil {
			t.Error(err)
		}
	}
	if o := <-told; o.UID != "more" || len(told) > 0 {
		t.Errorf("%s was told, and %d more", o.UID, len(told))
	}
}

// A round that began before a load balancer was made, and sees it, does not look into it: what
// is in it is known to who made it.
func TestWhatIsMadeDuringARoundIsNotLookedInto(t *testing.T) {
	s := newSky(t)
	s.see()
	listing, release := make(chan struct{}), make(chan struct{})
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "lbaas/loadbalancers") {
			listing <- struct{}{}
			<-release
		}
		return nil
	})
	s.cloud.ResetTranscript()
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.watch.round(t.Context())
	}()
	<-listing
	want := s.ported(false, 2, pods(3)...)
	s.step(plan.CreateLoadBalancer{Tree: want})
	s.clock.Pass(settle)
	close(release)
	<-over
	s.cloud.SetFault(nil)
	if diff := cmp.Diff(want, s.see(), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1}, s.calls(0)); diff != "" {
		t.Error(diff)
	}
}

// Neither is one whose call is under way: its answer is still to come.
func TestWhatIsBeingMadeIsNotLookedInto(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.ported(false, 2, pods(3)...))
	s.watch = s.again()
	s.cloud.ResetTranscript()
	s.watch.workshop.admit(owner)
	if got := s.see(); got.ID != built.ID || !got.Pools[0].Unseen || len(s.calls(0)) > 0 {
		t.Errorf("got %+v by %v", got, s.calls(0))
	}
	s.watch.workshop.leave(owner)
	if got := s.see(); got.Pools[0].Unseen || len(s.calls(0)) == 0 {
		t.Errorf("got %+v by %v", got, s.calls(0))
	}
}

// A pool whose members the cloud does not tell is left as it is; the others go on.
func TestAPoolThatCannotBeLookedAtStopsNobody(t *testing.T) {
	s := newSky(t)
	want := s.ported(false, 1, pods(2)...)
	built := s.reach(want)
	s.watch = s.again()
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if strings.HasSuffix(r.URL.Path, "/members") {
			return &emulator.Fault{Status: http.StatusInternalServerError}
		}
		return nil
	})
	if got := s.see(); got.ID != built.ID || !got.Pools[0].Unseen || len(plan.Diff(want, got)) > 0 {
		t.Errorf("got %+v", got)
	}
	s.cloud.SetFault(nil)
	if diff := cmp.Diff(want, s.see(), same); diff != "" {
		t.Error(diff)
	}
}

// What Octavia gave up on under a load balancer that is ACTIVE is told it again.
func TestWhatOctaviaGaveUpOnIsToldAgain(t *testing.T) {
	observed := octavia.Tree{ID: "lb", Name: "shop/web", Status: octavia.Active,
		Listeners: []octavia.Listener{{ID: "l", Settings: octavia.Settings{Name: "a", Failed: inError("ERROR")}, Pool: octavia.PoolKey{Name: "p"}}},
		Pools:     []octavia.Pool{{ID: "p", PoolKey: octavia.PoolKey{Name: "p"}, Failed: true, Members: []octavia.Member{{Name: "m", Failed: true}}}}}
	desired := octavia.Tree{Name: "shop/web", Listeners: []octavia.Listener{{Settings: octavia.Settings{Name: "a"}, Pool: octavia.PoolKey{Name: "p"}}},
		Pools: []octavia.Pool{{PoolKey: octavia.PoolKey{Name: "p"}, Members: []octavia.Member{{Name: "m"}}}}}
	if got := observed.Failing(); got != "listener a" {
		t.Errorf("failing: %s", got)
	}
	if got := len(plan.Diff(desired, observed)); got != 3 {
		t.Errorf("%d steps:\n%s", got, plan.Diff(desired, observed))
	}
}
