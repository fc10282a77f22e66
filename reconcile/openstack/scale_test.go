package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// settled are so many Services, each with as many ports, as they are desired and built.
func (s *sky) settled(services, ports int) map[octavia.Owner]octavia.Tree {
	s.Helper()
	all := map[octavia.Owner]octavia.Tree{}
	for i := range services {
		o := octavia.Owner{Cluster: "test", UID: types.UID(fmt.Sprint("uid-", i))}
		t := s.ported(false, ports, pods(2)...)
		t.VIP.Address = netip.AddrFrom4([4]byte{10, 2, byte(i / 240), byte(10 + i%240)})
		if err := s.watch.Take(s.Context(), o, plan.CreateLoadBalancer{Tree: t}); err != nil {
			s.Fatal(err)
		}
		all[o] = t
	}
	s.clock.Pass(settle)
	s.see()
	return all
}

// unfinished is how much is left to plan for any of the owners.
func (s *sky) unfinished(all map[octavia.Owner]octavia.Tree) int {
	s.Helper()
	steps := 0
	for o, t := range all {
		observed, err := s.watch.Observe(o)
		if err != nil {
			s.Fatal(err)
		}
		steps += len(plan.Diff(t, observed))
	}
	return steps
}

// What rests costs the shared lists and nothing else, however much of it there is, but for one
// look at each pool that was made or changed; what was there before a restart costs one call
// each, and the first round waits for no more than 200 of them. Where that call is for several
// pools, each is looked at later.
func TestCallsDoNotGrowWithServices(t *testing.T) {
	for _, tt := range []struct{ services, ports int }{{1, 1}, {1, 3}, {100, 1}, {100, 3}, {1000, 1}} {
		t.Run(fmt.Sprintf("%d Services, %d ports", tt.services, tt.ports), func(t *testing.T) {
			s := skyWith(t, emulator.Options{})
			all := s.settled(tt.services, tt.ports)
			for range 3 {
				s.cloud.ResetTranscript()
				s.see()
				if left := s.unfinished(all); left > 0 || len(s.calls(0)) > 0 {
					t.Errorf("at rest: %d steps, calls %v", left, s.calls(0))
				}
				s.fewLists(tt.services * tt.ports)
			}
			s.cloud.ResetTranscript()
			for range rested + tt.services*tt.ports/mostAgain {
				s.see()
			}
			if diff := cmp.Diff(map[string]int{"GET lbaas/pools/{id}/members": tt.services * tt.ports}, s.calls(0)); diff != "" {
				t.Errorf("once more: %s", diff)
			}
			s.cloud.ResetTranscript()
			if s.see(); len(s.calls(0)) > 0 {
				t.Errorf("it does not come to rest: calls %v", s.calls(0))
			}
			s.watch = s.again()
			s.cloud.ResetTranscript()
			rounds := 0
			for s.see(); s.dark(); s.see() {
				rounds++
			}
			if left, want := s.unfinished(all), tt.services/mostGlances; left > 0 || rounds > want {
				t.Errorf("after a restart: %d steps, %d more rounds", left, rounds)
			}
			glance := map[bool]string{false: "GET lbaas/pools/{id}/members", true: "GET lbaas/loadbalancers/{id}/status"}[tt.ports > 1]
			if got := s.calls(0); got[glance] != tt.services {
				t.Errorf("after a restart: calls %v", got)
			}
			for range 1 + tt.services*tt.ports/mostAgain {
				s.see()
			}
			want := map[string]int{"GET lbaas/pools/{id}/members": tt.services * tt.ports}
			want[glance] = tt.services
			if diff := cmp.Diff(want, s.calls(0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// dark reports whether there is a pool whose members nobody has looked at.
func (s *sky) dark() bool {
	for _, t := range s.watch.trees {
		if slices.ContainsFunc(t.Pools, func(p octavia.Pool) bool { return p.Unseen }) {
			return true
		}
	}
	return false
}

// fewLists checks that a round listed each kind once, page by page.
func (s *sky) fewLists(things int) {
	s.Helper()
	counts := s.cloud.Counts()
	for _, list := range lists {
		if pages := 2 + things/1000; counts[list] > pages {
			s.Errorf("%s: %d calls", list, counts[list])
		}
	}
}
