package openstack

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// adoptions are what would become of what Kuryr made if a tree were wanted. It must not
// write anything.
func (s *sky) adoptions(want octavia.Tree) ([]Adoption, []Leftover) {
	s.Helper()
	s.cloud.ResetTranscript()
	all, left, err := s.watch.Client.Adoptions(s.Context(), "test", []string{s.networks.ServiceSubnet}, map[octavia.Owner]octavia.Tree{owner: want})
	if err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{}, s.writes()); diff != "" {
		s.Error(diff)
	}
	return all, left
}

// What is foreseen is what is seen when everything is marked, and what is marked is what
// is said to be.
func TestAnAdoptionIsForeseen(t *testing.T) {
	monitored := func(t octavia.Tree) octavia.Tree {
		t.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
		return t
	}
	for claim, tt := range map[string]struct {
		options emulator.Options
		made    func(*sky) octavia.Tree
		want    []string
	}{
		"a port": {made: func(s *sky) octavia.Tree { return s.ported(false, 1, pods(2)...) },
			want: []string{"pool shop/web:TCP:80", "listener shop/web:TCP:80", "load balancer shop/web"}},
		"a floating IP and a health monitor": {made: func(s *sky) octavia.Tree {
			t := monitored(s.ported(false, 1, pods(1)...))
			t.FloatingIP = octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
			return t
		}, want: []string{"floating IP ", "health monitor of pool shop/web:TCP:80", "pool shop/web:TCP:80", "listener shop/web:TCP:80", "load balancer shop/web"}},
		"LBaaS v2": {options: emulator.Options{Legacy: true}, made: func(s *sky) octavia.Tree { return s.ported(false, 1, pods(1)...) },
			want: []string{"pool shop/web:TCP:80", "listener shop/web:TCP:80", "load balancer shop/web"}},
	} {
		t.Run(claim, func(t *testing.T) {
			s := skyWith(t, tt.options)
			made := s.kuryr(tt.made(s))
			s.meddle(func(balance, _ *gophercloud.ServiceClient) error { // which is not Kuryr's
				return listeners.Create(t.Context(), balance, listeners.CreateOpts{LoadbalancerID: made.ID, Name: "by hand", Protocol: "TCP", ProtocolPort: 9000}).Err
			})
			all, left := s.adoptions(tt.made(s))
			if len(all) != 1 || len(left) != 0 || all[0].ID != made.ID || all[0].Owner != owner || all[0].Left != "" {
				t.Fatalf("got %+v, %+v", all, left)
			}
			if got := all[0].Marked; !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("marked: %q", got)
			}
			s.reach(tt.made(s))
			s.watch = s.again()
			s.watch.Thorough = func(octavia.Owner) bool { return true }
			if diff := cmp.Diff(s.see(), all[0].Tree, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is left is left for the reasons for which the reconciler leaves it.
func TestWhatIsNotAdoptedIsForeseen(t *testing.T) {
	for claim, tt := range map[string]struct {
		meddle func(s *sky, made octavia.Tree)
		edit   func(*octavia.Tree)
		want   string
		left   string
	}{
		"nobody wants it": {edit: func(t *octavia.Tree) { t.VIP.Address = netip.MustParseAddr("10.2.0.8") }, left: "is not of a load balancer that is taken over",
			want: "no Service has its address 10.2.0.7 and wants a load balancer that it has not"},
		"it has another name": {edit: func(t *octavia.Tree) { t.Name = "shop/other" }, want: "which is not ours; delete it", left: "is not of a load balancer that is taken over"},
		"it is in ERROR":      {meddle: func(s *sky, made octavia.Tree) { s.cloud.Break(made.ID) }, want: "cannot be adopted: it is in ERROR; delete it", left: "is not of a load balancer that is taken over"},
		"its floating IP is somebody's": {meddle: func(s *sky, made octavia.Tree) { s.describe(made, "by hand") },
			want: "is not one that Kuryr allocated; name it as the Service's loadBalancerIP, or take it off"},
	} {
		t.Run(claim, func(t *testing.T) {
			s := newSky(t)
			want := s.ported(false, 1, pods(1)...)
			want.FloatingIP = octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
			made := s.kuryr(want)
			if tt.meddle != nil {
				tt.meddle(s, made)
			}
			if tt.edit != nil {
				tt.edit(&want)
			}
			all, left := s.adoptions(want)
			if len(all) != 1 || !strings.HasSuffix(all[0].Left, tt.want) || all[0].Owner != (octavia.Owner{}) {
				t.Errorf("got %+v", all)
			}
			if got := len(left) == 1 && strings.HasSuffix(left[0].Why, tt.left); got != (tt.left != "") {
				t.Errorf("left: %+v", left)
			}
		})
	}
}

// A floating IP of Kuryr's that leads nowhere is nobody's, and a load balancer elsewhere is not our matter.
func TestWhatKuryrLeftBehindIsTold(t *testing.T) {
	s := newSky(t)
	s.meddle(func(_, network *gophercloud.ServiceClient) error {
		return floatingips.Create(t.Context(), network, floatingips.CreateOpts{FloatingNetworkID: s.networks.ExternalNetwork, Description: kuryrs}).Err
	})
	elsewhere := s.desired(octavia.FloatingIP{})
	elsewhere.VIP = octavia.VIP{Address: netip.MustParseAddr("10.1.200.1"), Subnet: s.networks.PodSubnet}
	s.kuryr(elsewhere)
	all, left := s.adoptions(s.desired(octavia.FloatingIP{}))
	if len(all) != 0 || len(left) != 1 || left[0].Why != "it leads nowhere; delete it if nobody needs it" {
		t.Errorf("got %+v, %+v", all, left)
	}
}

// Who looks once sees everything at once, in as few rounds as there have to be.
func TestALookSeesEverything(t *testing.T) {
	s := newSky(t)
	want := s.ported(false, 3, pods(2)...)
	s.reach(want)
	s.watch = s.again()
	s.watch.Thorough = func(o octavia.Owner) bool { return o == owner }
	s.cloud.ResetTranscript()
	if err := s.watch.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := s.watch.Trees()[owner]
	if diff := cmp.Diff(want, got, same); diff != "" || len(plan.Diff(want, got)) != 0 {
		t.Errorf("%s\n%s", plan.Diff(want, got), diff)
	}
	if n := s.cloud.Counts()["GET lbaas/loadbalancers"]; n != 1 {
		t.Errorf("%d rounds", n)
	}
	if observed, err := s.watch.Observe(owner); err != nil || observed.ID != got.ID {
		t.Errorf("%+v %v", observed, err)
	}
	s.down.Store(true)
	if err := s.watch.Look(t.Context()); plan.ReasonOf(err) != plan.Away {
		t.Errorf("got %v", err)
	}
}

func TestStatesAreThoseOfAllThatIsInUse(t *testing.T) {
	s := newSky(t)
	made := s.reach(s.ported(false, 2, pods(2)...))
	states, err := s.watch.Client.States(t.Context(), made.ID)
	if err != nil || len(states) != 1+2+2+4 {
		t.Fatalf("%v %v", states, err)
	}
	for _, id := range []string{made.ID, made.Listeners[0].ID, made.Pools[1].ID, made.Pools[0].Members[0].ID} {
		if got := states[id]; got.Provisioning != octavia.Active || got.Operating == "" {
			t.Errorf("%s: %+v", id, got)
		}
	}
	if _, err := s.watch.Client.States(t.Context(), "gone"); err == nil {
		t.Error("there is no such load balancer")
	}
}
