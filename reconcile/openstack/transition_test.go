package openstack

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// The floating IPs that the author of a Service has.
const (
	firstAddress  = "172.24.4.13"
	secondAddress = "172.24.4.20"
)

// faces are what one Service may become: how it is reached from outside, and by what
// ports, by name.
func faces() map[string]*corev1.Service {
	all := map[string]*corev1.Service{}
	for method, reach := range map[string]func(*corev1.Service){
		"ClusterIP":      func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP },
		"NodePort":       func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort },
		"internal":       func(s *corev1.Service) { s.Annotations[annotation.Internal.Key] = "true" },
		"from the pool":  func(*corev1.Service) {},
		"first address":  func(s *corev1.Service) { s.Spec.LoadBalancerIP = firstAddress },
		"second address": func(s *corev1.Service) { s.Annotations[annotation.LoadBalancerIP.Key] = secondAddress },
	} {
		for traffic, listen := range map[string]func(*corev1.Service){
			"80": func(s *corev1.Service) { s.Spec.Ports = open(80) },
			"80 and 443, HTTP, proxied, sticky, for few": func(s *corev1.Service) {
				s.Spec.Ports, s.Spec.SessionAffinity = open(80, 443), corev1.ServiceAffinityClientIP
				s.Spec.Ports[0].AppProtocol = new("http")
				s.Spec.LoadBalancerSourceRanges = []string{"203.0.113.0/24"}
				s.Annotations[annotation.ProxyProtocol.Key] = "v1"
				s.Annotations[annotation.HealthMonitor.Key] = "true"
			},
		} {
			svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{}},
				Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.2.0.7"}}
			reach(svc)
			listen(svc)
			all[method+", "+traffic] = svc
		}
	}
	return all
}

func open(numbers ...int32) []corev1.ServicePort {
	var ports []corev1.ServicePort
	for _, n := range numbers {
		ports = append(ports, corev1.ServicePort{Name: fmt.Sprint(n), Port: n, Protocol: corev1.ProtocolTCP})
	}
	return ports
}

// tour visits every pair of n places one after the other, and begins where it ends.
func tour(n int) []int {
	var way []int
	for i := range n {
		for j := range i {
			way = append(way, i, j)
		}
		way = append(way, i)
	}
	return append(way, 0)
}

func TestTheTourVisitsEveryPair(t *testing.T) {
	const n = 7
	seen := map[[2]int]bool{}
	way := tour(n)
	for i := range len(way) - 1 {
		seen[[2]int{way[i], way[i+1]}] = true
	}
	for i := range n {
		for j := range n {
			if i != j && !seen[[2]int{i, j}] {
				t.Errorf("never from %d to %d", i, j)
			}
		}
	}
}

// Whatever a Service becomes, and whatever it was before, it ends with the tree that it
// asks for; nothing of what it had is left, and the author's addresses stay the author's.
func TestEveryTransition(t *testing.T) {
	t.Run("alone", func(t *testing.T) { newSky(t).tour(func(string) {}) })
	t.Run("among others", func(t *testing.T) {
		s := newSky(t)
		s.settled(3, 1)
		s.watch.Idle = time.Hour
		s.tour(func(name string) {
			s.Helper()
			if diff := cmp.Diff(s.anew(), s.watch.Trees(), exact); diff != "" {
				s.Fatalf("%s is not seen as it is seen anew: %s", name, diff)
			}
		})
	})
}

// tour has the owner's Service become everything, and shows what has become of it each time.
func (s *sky) tour(become func(name string)) {
	for _, a := range []string{firstAddress, secondAddress} {
		s.cloud.AddFloatingIP(s.networks.ExternalNetwork, a)
	}
	cfg := policy.Config{
		ServiceCIDRs:  []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17")},
		ServiceSubnet: s.networks.ServiceSubnet, PodSubnet: s.networks.PodSubnet, ExternalNetwork: s.networks.ExternalNetwork,
		MemberMode: annotation.L3, Monitor: policy.UsualMonitor,
	}
	all := faces()
	names := slices.Sorted(maps.Keys(all))
	before := s.counted()
	last := ""
	for _, i := range tour(len(names)) {
		name := names[i]
		want, claims := s.wanted(cfg, all[name])
		got := s.reach(want)
		if diff := cmp.Diff(want, got, same); diff != "" {
			s.Fatalf("from %s to %s: %s", last, name, diff)
		}
		if got := s.counted(); got != before.and(claims) {
			s.Fatalf("from %s to %s: there is %+v, not %+v", last, name, got, before.and(claims))
		}
		become(name)
		last = name
	}
	s.reach(octavia.Tree{})
	if after := s.counted(); after != before {
		s.Errorf("left: %+v, and there was %+v", after, before)
	}
}

// anew are all trees as somebody sees them who looks for the first time, and closely.
func (s *sky) anew() map[octavia.Owner]octavia.Tree {
	s.Helper()
	w := s.again()
	w.Thorough = func(octavia.Owner) bool { return true }
	if err := w.Look(s.Context()); err != nil {
		s.Fatal(err)
	}
	return w.Trees()
}

// A tally is how much there is of our project beside the networks.
type tally struct{ balancers, listeners, pools, members, monitors, floatingIPs int }

// and is t and more.
func (t tally) and(more tally) tally {
	return tally{
		t.balancers + more.balancers, t.listeners + more.listeners, t.pools + more.pools, t.members + more.members,
		t.monitors + more.monitors, t.floatingIPs + more.floatingIPs,
	}
}

// wanted is the tree of a Service with two Pods, and what there is of it then.
func (s *sky) wanted(cfg policy.Config, svc *corev1.Service) (octavia.Tree, tally) {
	v := policy.Evaluate(cfg, policy.Subject{Service: svc}, facts.Snapshot{})
	backends := octavia.Backends{}
	for _, p := range v.Intent.Listeners {
		for i := range 2 {
			backends[p] = append(backends[p], octavia.Member{Name: fmt.Sprint("shop/", i), Address: netip.AddrFrom4([4]byte{10, 1, 1, byte(i)}), Port: p.Number})
		}
	}
	if !v.Managed {
		return octavia.Tree{}, tally{}
	}
	tree := octavia.Desire(v.Intent, backends)
	n := len(tree.Listeners)
	claims := tally{1, n, len(tree.Pools), 2 * n, watchers(tree), 0}
	if tree.FloatingIP.Allocate {
		claims.floatingIPs++
	}
	return tree, claims
}

func watchers(t octavia.Tree) int {
	n := 0
	for _, p := range t.Pools {
		if p.Monitor != (octavia.Monitor{}) {
			n++
		}
	}
	return n
}

// counted is what there is. The author's addresses are still the author's.
func (s *sky) counted() tally {
	s.Helper()
	picture := s.cloud.Snapshot()
	for _, f := range picture["floatingips"] {
		if a := f["floating_ip_address"]; (a == firstAddress || a == secondAddress) && f["description"] != "" {
			s.Errorf("%s is described as %s", a, f["description"])
		}
	}
	n := func(kind string) int { return len(picture[kind]) }
	return tally{n("loadbalancers"), n("listeners"), n("pools"), n("members"), n("healthmonitors"), n("floatingips")}
}
