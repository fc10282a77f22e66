package openstack

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

func TestNothingIsKnownBeforeTheFirstRound(t *testing.T) {
	s := newSky(t)
	if _, err := s.watch.Observe(owner); plan.ReasonOf(err) != plan.Busy {
		t.Errorf("got %v", err)
	}
	if told := s.watch.round(t.Context()); !slices.Equal(told, []octavia.Owner{owner}) {
		t.Errorf("who asked is not told: %v", told)
	}
	if tree := s.see(); !tree.Empty() {
		t.Errorf("got %+v", tree)
	}
}

func TestATreeIsNotCurrentAfterAStep(t *testing.T) {
	s := newSky(t)
	s.see()
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	if _, err := s.watch.Observe(owner); plan.ReasonOf(err) != plan.Busy {
		t.Errorf("a second load balancer would be made: %v", err)
	}
	if told := s.watch.round(t.Context()); !slices.Contains(told, owner) {
		t.Error("the owner is not told that its tree is current")
	}
	if got := s.see(); got.Status != "PENDING_CREATE" {
		t.Errorf("got %s", got.Status)
	}
	if told := s.watch.round(t.Context()); len(told) > 0 {
		t.Errorf("nothing changed, and yet these are told: %v", told)
	}
	s.clock.Pass(settle)
	if told := s.watch.round(t.Context()); !slices.Contains(told, owner) {
		t.Error("the owner is not told that Octavia is done")
	}
}

// A refusal that changed nothing leaves the tree current, so that nobody is
// woken to be refused again.
func TestATreeStaysCurrentAfterARefusal(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}))
	if err := s.watch.Take(t.Context(), owner, plan.AssociateFloatingIP{Address: netip.MustParseAddr("172.24.4.99")}); err == nil {
		t.Fatal("taken")
	}
	if _, err := s.watch.Observe(owner); err != nil {
		t.Error(err)
	}
}

func TestRoundsCostTheSameWhateverIsBuilt(t *testing.T) {
	s := newSky(t)
	s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10", "10.1.0.11"))
	s.cloud.ResetTranscript()
	s.see()
	want := map[string]int{"GET lbaas/loadbalancers": 1, "GET lbaas/listeners": 1, "GET lbaas/pools": 1, "GET floatingips": 1}
	if diff := cmp.Diff(want, s.cloud.Counts()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatBearsNoTagOfOursIsNotLookedAt(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10"))
	session, err := s.watch.Client.meet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs := pools.CreateOpts{Name: "theirs", LoadbalancerID: built.ID, Protocol: "TCP", LBMethod: "ROUND_ROBIN"}
	if err := pools.Create(t.Context(), session.balance, theirs).Err; err != nil {
		t.Fatal(err)
	}
	s.see()
	s.clock.Pass(settle)
	s.cloud.ResetTranscript()
	if diff := cmp.Diff(s.desired(octavia.FloatingIP{}, "10.1.0.10"), s.see(), same); diff != "" {
		t.Error(diff)
	}
	if n := s.cloud.Counts()["GET lbaas/pools/{id}/members"]; n != 1 || len(s.cloud.Counts()) != 5 {
		t.Errorf("calls: %v", s.cloud.Counts())
	}
}

// Octavia 11.0.0 as packaged calls a load balancer ACTIVE and never makes what is
// under it.
func TestWhatOctaviaLeavesHalfMadeIsMadeStepByStep(t *testing.T) {
	s := skyWith(t, emulator.Options{AsPackaged: true})
	desired := s.desired(octavia.FloatingIP{}, "10.1.0.10", "10.1.0.11")
	if diff := cmp.Diff(desired, s.reach(desired), same); diff != "" {
		t.Error(diff)
	}
	want := map[string]int{
		"POST lbaas/loadbalancers": 2, "DELETE lbaas/loadbalancers/{id}": 1,
		"POST lbaas/listeners": 1, "POST lbaas/pools": 1, "PUT lbaas/pools/{id}/members": 1,
	}
	if diff := cmp.Diff(want, s.writes()); diff != "" {
		t.Error(diff)
	}
	s.cloud.ResetTranscript()
	s.reach(octavia.Tree{})
	s.reach(desired)
	if n := s.cloud.Counts()["POST lbaas/loadbalancers"]; n != 1 {
		t.Errorf("it fell into the same hole again: %v", s.writes())
	}
}

// Between two list calls of a round Octavia may finish one thing and begin another:
// what only once looks abandoned is left alone.
func TestWhatLooksAbandonedOnceIsTakenForWork(t *testing.T) {
	s := skyWith(t, emulator.Options{AsPackaged: true})
	s.see()
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	s.see()
	s.clock.Pass(settle)
	if tree := s.see(); tree.Status != octavia.Creating || tree.Stuck != "" || s.watch.Manner().Stepwise {
		t.Errorf("seen once: %+v", tree)
	}
	if tree := s.see(); tree.Status != octavia.Active || tree.Stuck == "" || !s.watch.Manner().Stepwise {
		t.Errorf("seen twice: %+v", tree)
	}
}

func TestADeadCloudIsNoReasonNotToStart(t *testing.T) {
	s := newSky(t)
	s.down.Store(true)
	s.watch.Observe(owner)
	if told := s.watch.round(t.Context()); !slices.Contains(told, owner) {
		t.Error("who waits is not told of the trouble")
	}
	if told := s.watch.round(t.Context()); len(told) > 0 {
		t.Error("the same trouble is told twice")
	}
	if _, err := s.watch.Observe(owner); plan.ReasonOf(err) != plan.Away || !strings.Contains(err.Error(), "logging in") {
		t.Errorf("got %v", err)
	}
	s.down.Store(false)
	if tree := s.see(); !tree.Empty() {
		t.Errorf("got %+v", tree)
	}
}

func TestWhatWasSeenOutlastsAnOutage(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}, "10.1.0.10"))
	s.down.Store(true)
	if got := s.see(); got.ID != built.ID {
		t.Errorf("got %+v", got)
	}
}

func TestTwoLoadBalancersOfOneServiceAreTouchedByNobody(t *testing.T) {
	s := newSky(t)
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	rival := s.desired(octavia.FloatingIP{})
	rival.VIP.Address = netip.MustParseAddr("10.2.0.8")
	s.step(plan.CreateLoadBalancer{Tree: rival})
	s.watch.round(t.Context())
	if _, err := s.watch.Observe(owner); plan.ReasonOf(err) != plan.Conflict {
		t.Errorf("got %v", err)
	}
	s.clock.Pass(settle)
	s.watch.round(t.Context())
	first := s.watch.trees[owner]
	s.step(plan.DeleteLoadBalancer{ID: s.watch.rivals[owner]})
	s.clock.Pass(settle)
	delete(s.watch.due, owner) // somebody else did it
	if told := s.watch.round(t.Context()); !slices.Contains(told, owner) {
		t.Error("the owner is not told that it has but one")
	}
	if got, err := s.watch.Observe(owner); err != nil || got.ID != first.ID {
		t.Errorf("got %v %s", err, got.ID)
	}
}

func TestOtherClustersAreNotSeen(t *testing.T) {
	s := newSky(t)
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	elsewhere := &Watch{Client: s.watch.Client, Facts: &Facts{}, Cluster: "elsewhere", Log: testr.New(t)}
	elsewhere.round(t.Context())
	if len(elsewhere.trees) > 0 {
		t.Errorf("got %+v", elsewhere.trees)
	}
}

func TestConfigureSaysWhatIsMissing(t *testing.T) {
	t.Setenv("OS_CLOUD", "")
	t.Setenv("OS_AUTH_URL", "")
	if _, err := Configure("", Rate{}); err == nil || !strings.Contains(err.Error(), "OS_AUTH_URL") || !strings.Contains(err.Error(), "neither openstack.cloud nor OS_CLOUD") {
		t.Errorf("got %v", err)
	}
	t.Setenv("OS_CLIENT_CONFIG_FILE", "/does/not/exist.yaml")
	if _, err := Configure("demo", Rate{}); err == nil || !strings.Contains(err.Error(), "/does/not/exist.yaml") {
		t.Errorf("got %v", err)
	}
}
