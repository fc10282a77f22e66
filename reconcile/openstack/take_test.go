package openstack

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

func TestATreeIsMadeInOneCall(t *testing.T) {
	s := newSky(t)
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10", "10.1.0.11")
	s.cloud.ResetTranscript()
	got := s.reach(want)
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
}

func TestMembersAreReplacedInOneCall(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10", "10.1.0.11"))
	s.cloud.ResetTranscript()
	want := s.desired(octavia.FloatingIP{}, "10.1.0.11", "10.1.0.12", "10.1.0.13")
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"PUT lbaas/pools/{id}/members": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
}

// Settings are made in the one call, changed in one call for each listener and pool,
// and taken back.
func TestSettingsComeAndGo(t *testing.T) {
	s := newSky(t)
	usual, special := s.desired(octavia.FloatingIP{}), s.desired(octavia.FloatingIP{})
	special.Listeners[0].Settings = octavia.Settings{
		Name:            usual.Listeners[0].Settings.Name,
		Sources:         []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.7/32")},
		ConnectionLimit: 100,
		Timeouts:        octavia.Timeouts{ClientData: time.Second, MemberData: time.Hour, MemberConnect: time.Millisecond, TCPInspect: time.Minute},
	}
	special.Listeners[0].Settings.Timed = special.Listeners[0].Settings.Timeouts.Chosen()
	special.Pools[0].Algorithm, special.Pools[0].Sticky = "LEAST_CONNECTIONS", true
	special.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: 3 * time.Second, MaxRetries: 2, MaxRetriesDown: 4}
	without := map[string]int{"PUT lbaas/listeners/{id}": 1, "PUT lbaas/pools/{id}": 1, "DELETE lbaas/healthmonitors/{id}": 1}
	with := map[string]int{"PUT lbaas/listeners/{id}": 1, "PUT lbaas/pools/{id}": 1, "POST lbaas/healthmonitors": 1}
	slower := s.desired(octavia.FloatingIP{})
	slower.Listeners[0].Settings, slower.Pools[0] = special.Listeners[0].Settings, special.Pools[0]
	slower.Pools[0].Monitor.Delay = time.Hour
	for _, step := range []struct {
		claim string
		tree  octavia.Tree
		calls map[string]int
	}{
		{"made", special, map[string]int{"POST lbaas/loadbalancers": 1}}, {"taken back", usual, without}, {"set", special, with},
		{"changed", slower, map[string]int{"PUT lbaas/healthmonitors/{id}": 1}},
	} {
		s.cloud.ResetTranscript()
		if diff := cmp.Diff(step.tree, s.reach(step.tree), same); diff != "" {
			t.Errorf("%s: %s", step.claim, diff)
		}
		if diff := cmp.Diff(step.calls, s.writes()); diff != "" {
			t.Errorf("%s: %s", step.claim, diff)
		}
	}
}

// The operator of a cloud may have chosen other timeouts than Octavia's own.
func TestTimeoutsThatNobodyAskedForAreLeftAlone(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}))
	s.step(plan.UpdateListener{ID: built.Listeners[0].ID, Changes: []octavia.Change{octavia.TimeoutsChange},
		Settings: octavia.Settings{Timeouts: octavia.Timeouts{ClientData: time.Hour}}})
	s.clock.Pass(settle)
	if p := plan.Diff(s.desired(octavia.FloatingIP{}), s.see()); len(p) > 0 {
		t.Errorf("plan:\n%s", p)
	}
	asked := s.desired(octavia.FloatingIP{})
	asked.Listeners[0].Settings.Timeouts.MemberData, asked.Listeners[0].Settings.Timed = time.Minute, octavia.MemberData
	got := s.reach(asked).Listeners[0].Settings.Timeouts
	if want := (octavia.Timeouts{ClientData: time.Hour, MemberData: time.Minute, MemberConnect: 5 * time.Second}); got != want {
		t.Errorf("got %+v", got)
	}
	got = s.reach(s.desired(octavia.FloatingIP{})).Listeners[0].Settings.Timeouts
	if want := (octavia.Timeouts{ClientData: time.Hour, MemberData: 50 * time.Second, MemberConnect: 5 * time.Second}); got != want {
		t.Errorf("what was asked for no more did not go back: %+v", got)
	}
}

// Where there are no tags, the description remembers which timeouts are of our choosing.
func TestTimeoutsGoBackWithoutTags(t *testing.T) {
	s := skyWith(t, emulator.Options{APIVersion: "v2.4"})
	asked := s.desired(octavia.FloatingIP{})
	asked.Listeners[0].Settings.Timeouts.ClientData, asked.Listeners[0].Settings.Timed = time.Hour, octavia.ClientData
	for _, tree := range []octavia.Tree{s.desired(octavia.FloatingIP{}), asked, s.desired(octavia.FloatingIP{})} {
		want := max(tree.Listeners[0].Settings.Timeouts.ClientData, 50*time.Second)
		if got := s.reach(tree).Listeners[0].Settings; got.Timeouts.ClientData != want || got.Timed != tree.Listeners[0].Settings.Timed {
			t.Errorf("wanted %s, got %s of %s", want, got.Timeouts.ClientData, got.Timed)
		}
	}
}

// An old Octavia is told of nothing that it does not know, unless it is asked for.
func TestAnOldOctaviaIsAskedOnlyForWhatItKnows(t *testing.T) {
	s := skyWith(t, emulator.Options{APIVersion: "v2.5"})
	s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10"))
	limited := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	limited.Listeners[0].Settings.ConnectionLimit = 5
	if diff := cmp.Diff(limited, s.reach(limited), same); diff != "" {
		t.Error(diff)
	}
}

// What the cloud refuses to change does not keep the members from following.
func TestMembersFollowAlthoughASettingIsRefused(t *testing.T) {
	s := skyWith(t, emulator.Options{APIVersion: "v2.5"})
	s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10"))
	want := s.desired(octavia.FloatingIP{}, "10.1.0.11")
	want.Listeners[0].Settings.Sources = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	p := plan.Diff(want, s.see())
	s.step(p[0])
	s.clock.Pass(settle)
	if got := s.see().Pools[0].Members; len(got) != 1 || got[0].Address.String() != "10.1.0.11" {
		t.Errorf("got %+v by\n%s", got, p)
	}
	if err := s.watch.Take(t.Context(), owner, p[1]); plan.ReasonOf(err) != plan.Invalid {
		t.Errorf("got %v", err)
	}
}

// A load balancer that has recovered since it was seen in ERROR stays.
func TestWhatHasRecoveredIsNotDeleted(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}))
	remove := plan.DeleteLoadBalancer{ID: built.ID, Name: built.Name, While: octavia.Failed}
	if err := s.watch.Take(t.Context(), owner, remove); plan.ReasonOf(err) != plan.Busy {
		t.Errorf("got %v", err)
	}
	s.cloud.Break(built.ID)
	s.see()
	s.step(remove)
}

// Octavia keeps the VIP's port of a load balancer that it refuses for what is in it.
func TestALeakedPortDoesNotBlockItsAddress(t *testing.T) {
	s := newSky(t)
	session, err := s.watch.Client.meet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	twice := balancer(session.mark(owner), want)
	twice.Listeners = append(twice.Listeners, twice.Listeners[0])
	twice.leads = append(twice.leads, "")
	if err := loadbalancers.Create(t.Context(), session.balance, twice).Err; err == nil {
		t.Fatal("a port twice was accepted")
	}
	s.see()
	if err := s.watch.Take(t.Context(), owner, plan.CreateLoadBalancer{Tree: want}); plan.ReasonOf(err) != plan.Conflict {
		t.Errorf("the port may be of one that is just being made: %v", err)
	}
	s.clock.Pass(youngest)
	if err := s.watch.Take(t.Context(), owner, plan.CreateLoadBalancer{Tree: want}); plan.ReasonOf(err) != plan.Busy {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
}

// An address that somebody else has is theirs.
func TestATakenAddressIsLeftToWhoHasIt(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}))
	s.clock.Pass(youngest)
	other := octavia.Owner{Cluster: "test", UID: "bbbb"}
	for range 2 {
		err := s.watch.Take(t.Context(), other, plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
		if plan.ReasonOf(err) != plan.Conflict {
			t.Errorf("got %v", err)
		}
	}
	if n := s.cloud.Counts()["DELETE ports/{id}"]; n != 0 {
		t.Errorf("%d ports were deleted", n)
	}
}

func TestALoadBalancerIsMadeWhereItShallBe(t *testing.T) {
	s := newSky(t)
	want := s.desired(octavia.FloatingIP{})
	want.Zone = "east"
	if err := s.watch.Take(t.Context(), owner, plan.CreateLoadBalancer{Tree: want}); plan.ReasonOf(err) != plan.Invalid {
		t.Errorf("a zone that is not there: %v", err)
	}
	s.cloud.AddZone("east", "where the sun rises")
	if got := s.reach(want); got.Zone != "east" {
		t.Errorf("got %q", got.Zone)
	}
}

func TestEveryProtocolIsBalancedAndAsked(t *testing.T) {
	s := newSky(t)
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	for _, k := range []octavia.Key{{Protocol: "UDP", Port: 80}, {Protocol: "SCTP", Port: 81}} {
		other := s.desired(octavia.FloatingIP{}, "10.1.0.10")
		l, p := other.Listeners[0], other.Pools[0]
		l.Key, l.Settings.Name, p.PoolKey = k, octavia.Name(want.Name, k), octavia.PoolKey{Name: octavia.Name(want.Name, k), Protocol: k.Protocol}
		l.Pool = p.PoolKey
		want.Listeners, want.Pools = append(want.Listeners, l), append(want.Pools, p)
	}
	for i := range want.Pools {
		want.Pools[i].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
	}
	want.Sort()
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
}

func TestTheProxyProtocolComesAndGoes(t *testing.T) {
	s := newSky(t)
	for _, protocol := range []string{"PROXYV2", "TCP", "PROXY"} {
		want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
		want.Pools[0].Protocol = protocol
		want.Listeners[0].Pool = want.Pools[0].PoolKey
		want.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
		if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
			t.Errorf("%s: %s", protocol, diff)
		}
	}
	if n := s.cloud.Counts()["POST lbaas/loadbalancers"]; n != 1 {
		t.Errorf("the load balancer was made %d times", n)
	}
}

func TestThePortChanges(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10"))
	want := s.desired(octavia.FloatingIP{}, "10.1.0.10")
	want.Listeners[0].Port, want.Listeners[0].Settings.Name, want.Pools[0].Name = 443, "shop/web:TCP:443", "shop/web:TCP:443"
	want.Listeners[0].Pool = want.Pools[0].PoolKey
	if diff := cmp.Diff(want, s.reach(want), same); diff != "" {
		t.Error(diff)
	}
}

func TestDeletionLeavesNothingButTheUsersFloatingIP(t *testing.T) {
	s := newSky(t)
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	s.reach(s.desired(octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.13")}, "10.1.0.10"))
	s.cloud.ResetTranscript()
	if got := s.reach(octavia.Tree{}); !got.Empty() {
		t.Errorf("left: %+v", got)
	}
	if diff := cmp.Diff(map[string]int{"DELETE lbaas/loadbalancers/{id}": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
	facts := Facts{Client: s.watch.Client, Refresh: settle}
	if f, _ := facts.Fresh(t.Context(), ofEverything).FloatingIP(netip.MustParseAddr("172.24.4.13")); !f.Free() || f.ID == "" {
		t.Errorf("the user's floating IP: %+v", f)
	}
}

func TestAPoolFloatingIPComesAndGoes(t *testing.T) {
	s := newSky(t)
	pool := octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork, Subnet: s.networks.ExternalSubnet}
	s.cloud.ResetTranscript()
	got := s.reach(s.desired(pool, "10.1.0.10"))
	if f := got.FloatingIP; !f.Allocate || f.Port != got.VIP.Port || !netip.MustParsePrefix("172.24.4.0/24").Contains(f.Address) {
		t.Errorf("floating IP: %+v", f)
	}
	if got := s.reach(octavia.Tree{}); !got.Empty() {
		t.Errorf("left: %+v", got)
	}
	want := map[string]int{
		"POST lbaas/loadbalancers": 1, "POST floatingips": 1,
		"DELETE lbaas/loadbalancers/{id}": 1, "DELETE floatingips/{id}": 1,
	}
	if diff := cmp.Diff(want, s.writes()); diff != "" {
		t.Error(diff)
	}
}

// What was allocated for another Service is that Service's, wherever it was moved.
func TestAnotherOwnersFloatingIPIsNotReleased(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}))
	stranger := octavia.Owner{Cluster: "test", UID: "bbbb"}
	allocate := plan.AllocateFloatingIP{Network: s.networks.ExternalNetwork, Port: built.VIP.Port, Service: "shop/stranger"}
	if err := s.watch.Take(t.Context(), stranger, allocate); err != nil {
		t.Fatal(err)
	}
	s.cloud.ResetTranscript()
	s.reach(s.desired(octavia.FloatingIP{}))
	if diff := cmp.Diff(map[string]int{"PUT floatingips/{id}": 1}, s.writes()); diff != "" {
		t.Error(diff)
	}
	if theirs, err := s.watch.Observe(stranger); err != nil || !theirs.FloatingIP.Allocate {
		t.Errorf("%v: %+v", err, theirs)
	}
}

func TestTheFloatingIPIsSwitched(t *testing.T) {
	s := newSky(t)
	for _, a := range []string{"172.24.4.13", "172.24.4.20"} {
		s.cloud.AddFloatingIP(s.networks.ExternalNetwork, a)
	}
	user := func(a string) octavia.FloatingIP { return octavia.FloatingIP{Address: netip.MustParseAddr(a)} }
	pool := octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
	first := s.reach(s.desired(user("172.24.4.13")))
	for _, f := range []octavia.FloatingIP{user("172.24.4.20"), pool, user("172.24.4.13"), {}, pool, {}} {
		got := s.reach(s.desired(f))
		if got.ID != first.ID {
			t.Fatalf("the load balancer was made again for %+v", f)
		}
		if f.Address.IsValid() && got.FloatingIP.Address != f.Address {
			t.Errorf("wanted %s, got %+v", f.Address, got.FloatingIP)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := newSky(t)
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	built := s.reach(s.desired(octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.13")}, "10.1.0.10"))
	address := func(a string) octavia.Tree {
		tree := s.desired(octavia.FloatingIP{})
		tree.VIP.Address = netip.MustParseAddr(a)
		return tree
	}
	twice := address("10.2.0.8")
	again := twice.Listeners[0]
	again.Settings.Name = "shop/web:TCP:again"
	twice.Listeners = append(twice.Listeners, again)
	for claim, tt := range map[string]struct {
		step plan.Step
		want plan.Reason
		text string
	}{
		"an address in use": {plan.CreateLoadBalancer{Tree: address("10.2.0.7")}, plan.Conflict,
			"create load balancer shop/web at 10.2.0.7 with 1 listener and 0 members: Conflict: 10.2.0.7 is the VIP of load balancer " + built.ID + " (shop/web), which is of Service aaaa of cluster test; delete it if that is gone"},
		"an address outside": {plan.CreateLoadBalancer{Tree: address("10.99.0.1")}, plan.Invalid,
			"create load balancer shop/web at 10.99.0.1 with 1 listener and 0 members: Refused: Provider 'amphora' reports error: IP address 10.99.0.1 is not a valid IP for the specified subnet. (500)"},
		"a port twice": {plan.CreateLoadBalancer{Tree: twice}, plan.Conflict,
			"create load balancer shop/web at 10.2.0.8 with 2 listeners and 0 members: Conflict: Another Listener on this Load Balancer is already using protocol TCP and protocol_port 80 (409)"},
		"a floating IP that is not": {plan.AssociateFloatingIP{Address: netip.MustParseAddr("172.24.4.99"), Port: "x"}, plan.Conflict,
			"associate floating IP 172.24.4.99: Conflict: 172.24.4.99 is not a floating IP of this project"},
		"a floating IP in use": {plan.AssociateFloatingIP{Address: netip.MustParseAddr("172.24.4.13"), Port: "x"}, plan.Conflict,
			"associate floating IP 172.24.4.13: Conflict: 172.24.4.13 is in use by port " + built.VIP.Port},
		"deleting what is gone is fine": {plan.DeleteLoadBalancer{ID: "00000000-0000-0000-0000-000000000000"}, "", ""},
	} {
		t.Run(claim, func(t *testing.T) {
			err := s.watch.Take(t.Context(), octavia.Owner{Cluster: "test", UID: "bbbb"}, tt.step)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(tt.text, text); diff != "" || plan.ReasonOf(err) != tt.want {
				t.Errorf("%s %s", plan.ReasonOf(err), diff)
			}
		})
	}
}

func TestOctaviaAtWorkIsNoFault(t *testing.T) {
	s := newSky(t)
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	busy := s.see()
	err := s.watch.Take(t.Context(), owner, plan.SetMembers{PoolID: busy.Pools[0].ID, Name: "p"})
	if !busy.Status.Busy() || plan.ReasonOf(err) != plan.Busy {
		t.Errorf("%s: %v", busy.Status, err)
	}
}

func TestAnExpiredTokenIsRenewed(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}))
	s.cloud.ExpireTokens()
	s.reach(octavia.Tree{})
}

// What is written on a floating IP changes nothing about where it is.
func TestAFloatingIPSaysThatItIsToBeKept(t *testing.T) {
	s := newSky(t)
	want := s.desired(octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}, "10.1.0.10")
	before := s.reach(want)
	for _, keep := range []bool{true, false} {
		want.FloatingIP.Keep, before.FloatingIP.Keep = keep, keep
		if after := s.reach(want); after.FloatingIP != before.FloatingIP {
			t.Errorf("%+v, want %+v", after.FloatingIP, before.FloatingIP)
		}
	}
	if fresh := newSky(t); !fresh.reach(fresh.desired(octavia.FloatingIP{Allocate: true, Network: fresh.networks.ExternalNetwork, Keep: true})).FloatingIP.Keep {
		t.Error("a new one does not say so")
	}
}
