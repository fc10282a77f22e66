package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// marks are written onto everything of a tree in place of ours.
func (s *sky) marked(t octavia.Tree, m mark) {
	s.Helper()
	write := func(call func(balance *gophercloud.ServiceClient) error) {
		s.meddle(func(balance, _ *gophercloud.ServiceClient) error { return call(balance) })
	}
	tags, words := m.asTags(), &m.description
	write(func(balance *gophercloud.ServiceClient) error {
		return loadbalancers.Update(s.Context(), balance, t.ID, loadbalancers.UpdateOpts{Tags: tags, Description: words}).Err
	})
	for _, l := range t.Listeners {
		write(func(balance *gophercloud.ServiceClient) error {
			return listeners.Update(s.Context(), balance, l.ID, listeners.UpdateOpts{Tags: tags, Description: words}).Err
		})
	}
	for _, p := range t.Pools {
		write(func(balance *gophercloud.ServiceClient) error {
			return pools.Update(s.Context(), balance, p.ID, pools.UpdateOpts{Tags: tags, Description: words}).Err
		})
		if p.Monitor != (octavia.Monitor{}) && tags != nil {
			write(func(balance *gophercloud.ServiceClient) error {
				return monitors.Update(s.Context(), balance, p.Monitor.ID, monitors.UpdateOpts{Tags: *tags}).Err
			})
		}
	}
}

// kuryr is what Kuryr has made: t, which is its way to make it, too, with a tag of the
// operator's. The floating IP is Kuryr's if it was allocated.
func (s *sky) kuryr(t octavia.Tree) octavia.Tree {
	s.Helper()
	built := s.reach(t)
	m := mark{tags: []string{"kuryr"}}
	if s.legacy {
		m = mark{description: "kuryr"}
	}
	s.marked(built, m)
	if t.FloatingIP.Allocate {
		s.describe(built, kuryrs)
	}
	s.watch = s.again()
	s.watch.Client.session.Load().adopts = true
	s.cloud.ResetTranscript()
	return built
}

// describe writes onto a tree's floating IP.
func (s *sky) describe(t octavia.Tree, description string) {
	s.Helper()
	s.meddle(func(_, network *gophercloud.ServiceClient) error {
		return floatingips.Update(s.Context(), network, t.FloatingIP.ID, floatingips.UpdateOpts{Description: &description, PortID: &t.FloatingIP.Port}).Err
	})
}

// tags are those of a load balancer.
func (s *sky) tags(id string) (tags []string) {
	s.Helper()
	s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
		lb, err := loadbalancers.Get(s.Context(), balance, id).Extract()
		tags = append(lb.Tags, lb.Description)
		return err
	})
	return tags
}

// What Kuryr made as octagate would have costs a mark on each thing, and as many creates
// that are refused; what it made otherwise is set right afterwards. It is the same load
// balancer at the same floating IP all the while, and the operator's tags stay.
func TestKuryrsLoadBalancersAreAdopted(t *testing.T) {
	members := func(t octavia.Tree, edit func([]octavia.Member) []octavia.Member) octavia.Tree {
		t.Pools[0].Members = edit(t.Pools[0].Members)
		return t
	}
	for claim, tt := range map[string]struct {
		made, want func(*sky) octavia.Tree
		writes     map[string]int
	}{
		"a port": {
			made: func(s *sky) octavia.Tree { return s.ported(false, 1, pods(3)...) },
			writes: map[string]int{"POST lbaas/loadbalancers": 3, "PUT lbaas/pools/{id}": 1, "PUT lbaas/listeners/{id}": 1,
				"PUT lbaas/loadbalancers/{id}": 1}},
		"three ports and a floating IP": {
			made: func(s *sky) octavia.Tree {
				t := s.ported(false, 3, pods(3)...)
				t.FloatingIP = octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
				return t
			},
			writes: map[string]int{"POST lbaas/loadbalancers": 8, "PUT lbaas/pools/{id}": 3, "PUT lbaas/listeners/{id}": 3,
				"PUT lbaas/loadbalancers/{id}": 1, "PUT floatingips/{id}": 1}},
		"the user's floating IP": {
			made: func(s *sky) octavia.Tree {
				t := s.ported(false, 1, pods(1)...)
				t.FloatingIP = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.13")}
				return t
			},
			writes: map[string]int{"POST lbaas/loadbalancers": 3, "PUT lbaas/pools/{id}": 1, "PUT lbaas/listeners/{id}": 1,
				"PUT lbaas/loadbalancers/{id}": 1}},
		"a member is missing": {
			made: func(s *sky) octavia.Tree {
				return members(s.ported(false, 1, pods(3)...), func(ms []octavia.Member) []octavia.Member { return ms[1:] })
			},
			want: func(s *sky) octavia.Tree { return s.ported(false, 1, pods(3)...) },
			writes: map[string]int{"POST lbaas/loadbalancers": 3, "PUT lbaas/pools/{id}": 1, "PUT lbaas/listeners/{id}": 1,
				"PUT lbaas/loadbalancers/{id}": 1, "PUT lbaas/pools/{id}/members": 1}},
		"a port is missing": {
			made: func(s *sky) octavia.Tree { return s.ported(false, 1, pods(1)...) },
			want: func(s *sky) octavia.Tree { return s.ported(false, 2, pods(1)...) },
			writes: map[string]int{"POST lbaas/loadbalancers": 3, "PUT lbaas/pools/{id}": 1, "PUT lbaas/listeners/{id}": 1,
				"PUT lbaas/loadbalancers/{id}": 1, "POST lbaas/listeners": 1, "POST lbaas/pools": 1, "PUT lbaas/pools/{id}/members": 1}},
	} {
		t.Run(claim, func(t *testing.T) {
			s := newSky(t)
			s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
			made := s.kuryr(tt.made(s))
			want := tt.made(s)
			if tt.want != nil {
				want = tt.want(s)
			}
			got := s.reach(want)
			if diff := cmp.Diff(want, got, same); diff != "" || got.ID != made.ID || got.FloatingIP.Address != made.FloatingIP.Address {
				t.Errorf("%+v becomes %+v: %s", made, got, diff)
			}
			if diff := cmp.Diff(tt.writes, s.writes()); diff != "" {
				t.Error(diff)
			}
			if !slices.Contains(s.tags(made.ID), "kuryr") {
				t.Errorf("the operator's tag is gone: %v", s.tags(made.ID))
			}
			if left := s.reach(octavia.Tree{}); !left.Empty() {
				t.Errorf("left: %+v", left)
			}
		})
	}
}

// Wherever octagate dies, the next one goes on.
func TestAnAdoptionOutlivesOctagate(t *testing.T) {
	s := newSky(t)
	want := s.ported(false, 3, pods(2)...)
	want.FloatingIP = octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
	want.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
	made := s.kuryr(want)
	const things = 1 + 1 + 3 + 3 + 1 // floating IP, health monitor, pools, listeners, load balancer
	for n := range things {
		s.watch = s.again()
		observed := s.see()
		p := plan.Diff(want, observed)
		if err := s.watch.Take(t.Context(), owner, p[0]); plan.ReasonOf(err) != plan.Busy || observed.Exists() {
			t.Fatalf("step %d: %v, %+v", n, err, observed)
		}
		s.clock.Pass(settle)
	}
	s.watch = s.again()
	if got := s.see(); got.ID != made.ID || len(plan.Diff(want, got)) > 0 {
		t.Errorf("%+v, left to do:\n%s", got, plan.Diff(want, got))
	}
}

// A Service may be gone before all is adopted. One that comes after it under its name takes over
// what was, too, and nothing stays somebody's who is gone.
func TestAnAdoptionOutlivesItsService(t *testing.T) {
	const things = 1 + 1 + 2 + 2 // floating IP, health monitor, pools, listeners: with the load balancer it is over
	for n := range things + 1 {
		t.Run(fmt.Sprint("after ", n), func(t *testing.T) {
			s := newSky(t)
			want := s.ported(false, 2, pods(2)...)
			want.FloatingIP = octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
			want.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
			made := s.kuryr(want)
			before := octavia.Owner{Cluster: owner.Cluster, UID: "gone"}
			s.see()
			for range n {
				if err := s.watch.Take(t.Context(), before, plan.CreateLoadBalancer{Tree: want}); plan.ReasonOf(err) != plan.Busy {
					t.Fatal(err)
				}
				s.clock.Pass(settle)
			}
			if got := s.reach(want); got.ID != made.ID {
				t.Errorf("%s becomes %s", made.ID, got.ID)
			}
			for kind, rows := range s.cloud.Snapshot() {
				for _, row := range rows {
					if text := fmt.Sprint(row["tags"], row["description"]); strings.Contains(text, "gone") {
						t.Errorf("%s: %s", kind, text)
					}
				}
			}
			if n := s.writes()["POST floatingips"]; n > 0 {
				t.Errorf("%d floating IPs were allocated beside Kuryr's", n)
			}
		})
	}
}

// LBaaS v2 has no tags: the mark is beside what stands in the description.
func TestKuryrsLoadBalancersAreAdoptedInOldClouds(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	want := s.ported(false, 2, pods(2)...)
	made := s.kuryr(want)
	if got := s.reach(want); got.ID != made.ID {
		t.Errorf("%s becomes %s", made.ID, got.ID)
	}
	writes := map[string]int{"POST lbaas/loadbalancers": 5, "PUT lbaas/pools/{id}": 2, "PUT lbaas/listeners/{id}": 2, "PUT lbaas/loadbalancers/{id}": 1}
	if diff := cmp.Diff(writes, s.writes()); diff != "" {
		t.Error(diff)
	}
	if words := s.tags(made.ID); !strings.HasPrefix(words[0], "kuryr octagate:cluster=test ") {
		t.Errorf("described as %v", words)
	}
}

// What is under Kuryr's load balancer and not Kuryr's stays as it is.
func TestWhatIsNotKuryrsIsNotAdopted(t *testing.T) {
	s := newSky(t)
	want := s.ported(false, 1, pods(1)...)
	made := s.kuryr(want)
	s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
		return listeners.Create(t.Context(), balance, listeners.CreateOpts{LoadbalancerID: made.ID, Name: "by hand", Protocol: "TCP", ProtocolPort: 9000}).Err
	})
	s.reach(want)
	s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
		page, err := listeners.List(balance, listeners.ListOpts{Name: "by hand"}).AllPages(t.Context())
		if err != nil {
			return err
		}
		found, err := listeners.ExtractListeners(page)
		if len(found) != 1 || len(found[0].Tags) > 0 {
			t.Errorf("got %+v", found)
		}
		return err
	})
}

// Whose a load balancer at our address is, and what to do about it, is told; it is not touched.
func TestAForeignLoadBalancerOnOurVIPIsNamed(t *testing.T) {
	const foreign, offer = "which is not ours; delete it", "which is not ours; delete it, or set octavia.adopt: Kuryr"
	for claim, tt := range map[string]struct {
		adopts  bool
		meddle  func(s *sky, made octavia.Tree)
		want    string
		options emulator.Options
	}{
		"Kuryr's, and nobody said that it shall be adopted": {want: offer},
		"somebody's": {adopts: true, want: foreign, meddle: func(s *sky, made octavia.Tree) {
			s.meddle(func(balance, _ *gophercloud.ServiceClient) error {
				return loadbalancers.Update(s.Context(), balance, made.ID, loadbalancers.UpdateOpts{Name: new("theirs")}).Err
			})
		}},
		"another cluster's": {adopts: true, want: "which is of Service bbbb of cluster elsewhere; delete it if that is gone", meddle: func(s *sky, made octavia.Tree) {
			s.marked(made, mark{tags: octavia.Owner{Cluster: "elsewhere", UID: "bbbb"}.Tags()})
		}},
		"Kuryr's in ERROR": {adopts: true, want: "cannot be adopted: it is in ERROR; delete it", meddle: func(s *sky, made octavia.Tree) {
			s.cloud.Break(made.ID)
		}},
		"Kuryr's of another provider": {adopts: true, options: emulator.Options{Providers: []string{"ovn", "amphora"}},
			want: "cannot be adopted: its provider is ovn; annotate the Service with octagate.dev/provider: ovn"},
		"Kuryr's with somebody's floating IP": {adopts: true, want: "is not one that Kuryr allocated; name it as the Service's loadBalancerIP, or take it off",
			meddle: func(s *sky, made octavia.Tree) { s.describe(made, "by hand") }},
	} {
		t.Run(claim, func(t *testing.T) {
			s := skyWith(t, tt.options)
			want := s.ported(false, 1, pods(1)...)
			want.FloatingIP = octavia.FloatingIP{Allocate: true, Network: s.networks.ExternalNetwork}
			if tt.options.Providers != nil {
				want.Pools[0].Algorithm = "SOURCE_IP_PORT"
			}
			made := s.kuryr(want)
			if tt.meddle != nil {
				tt.meddle(s, made)
			}
			s.watch.Client.session.Load().adopts = tt.adopts
			s.see()
			s.cloud.ResetTranscript()
			want.Provider = "amphora"
			for range 2 {
				err := s.watch.Take(t.Context(), owner, plan.CreateLoadBalancer{Tree: want})
				if plan.ReasonOf(err) != plan.Conflict || !strings.HasSuffix(err.Error(), tt.want) || !strings.Contains(err.Error(), made.ID) {
					t.Errorf("got %v", err)
				}
			}
			if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 2}, s.writes()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A create whose answer never came may have succeeded: then it is looked again.
func TestOurOwnLoadBalancerOnOurVIPIsLookedFor(t *testing.T) {
	s := newSky(t)
	want := s.ported(false, 1, pods(1)...)
	s.see()
	s.step(plan.CreateLoadBalancer{Tree: want})
	if err := s.watch.Take(t.Context(), owner, plan.CreateLoadBalancer{Tree: want}); plan.ReasonOf(err) != plan.Busy {
		t.Errorf("got %v", err)
	}
}

// What says in words whose it is, since the cloud had no tags when it was made, is ours
// all the same, and is tagged, one thing after the other.
func TestWhatWasMarkedInWordsIsTagged(t *testing.T) {
	s := newSky(t)
	want := s.ported(false, 2, pods(2)...)
	want.Pools[0].Monitor = octavia.Monitor{Delay: time.Minute, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
	made := s.reach(want)
	words := mark{tags: []string{"shop"}, description: strings.Join(owner.Tags(), " ")}
	s.marked(made, words)
	s.watch = s.again()
	if got := s.see(); got.ID != made.ID || plan.Diff(want, got).String() != "mark load balancer shop/web by tags\n" {
		t.Errorf("%+v, to do:\n%s", got, plan.Diff(want, got))
	}
	s.cloud.ResetTranscript()
	got := s.reach(want)
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Error(diff)
	}
	writes := map[string]int{"PUT lbaas/healthmonitors/{id}": 1, "PUT lbaas/pools/{id}": 2, "PUT lbaas/listeners/{id}": 2, "PUT lbaas/loadbalancers/{id}": 1}
	if diff := cmp.Diff(writes, s.writes()); diff != "" {
		t.Error(diff)
	}
	s.watch = s.again()
	if left := plan.Diff(want, s.see()); len(left) > 0 {
		t.Errorf("after a restart:\n%s", left)
	}
}

// A Service that leaves in between takes along what is marked in words.
func TestWhatWasMarkedInWordsLeaves(t *testing.T) {
	s := newSky(t)
	made := s.reach(s.ported(false, 2, pods(2)...))
	s.marked(made, mark{tags: []string{"shop"}, description: strings.Join(owner.Tags(), " ")})
	s.watch = s.again()
	s.reach(octavia.Tree{})
	s.empty()
}
