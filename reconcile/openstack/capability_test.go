package openstack

import (
	"fmt"
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// What policy lets pass, a cloud can build; what it refuses for what the cloud lacks, the
// cloud would refuse. This holds the matrix of capabilities to clouds of several versions
// and providers, and to LBaaS v2.
func TestPolicyKnowsWhatACloudCanDo(t *testing.T) {
	clouds := map[string]emulator.Options{"LBaaS v2": {Legacy: true}, "ovn": {Providers: []string{"ovn"}}}
	for _, minor := range []int{0, 1, 4, 5, 11, 12, 13, 21, 22, 23, 26} {
		clouds[fmt.Sprintf("amphora, v2.%d", minor)] = emulator.Options{APIVersion: fmt.Sprintf("v2.%d", minor)}
	}
	for cloud, options := range clouds {
		t.Run(cloud, func(t *testing.T) {
			s := skyWith(t, options)
			s.watch.Client.Legacy = options.Legacy
			for _, kind := range []string{"loadbalancer", "pool"} {
				if options.Legacy { // Neutron's quotas are small
					if err := s.cloud.SetQuota("demo", kind, -1); err != nil {
						t.Fatal(err)
					}
				}
			}
			n := byte(0)
			for wish, ask := range wishes {
				n++
				s.same(wish, ask, options, n)
			}
		})
	}
}

// wishes are what authors may ask for that not every cloud has.
var wishes = map[string]func(*corev1.Service){
	"nothing special": func(*corev1.Service) {},
	"UDP":             func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolUDP },
	"SCTP":            func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolSCTP },
	"source ranges":   func(s *corev1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"203.0.113.0/24"} },
	"affinity":        func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP },
	"HTTP":            func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol = new("http") },
	"tags":            annotated(annotation.Tags.Key, "shop"),
	"a timeout":       annotated(annotation.TimeoutMemberData.Key, "1h"),
	"a limit":         annotated(annotation.ConnectionLimit.Key, "9"),
	"a monitor":       annotated(annotation.HealthMonitor.Key, "true"),
	"a monitor of SCTP": func(s *corev1.Service) {
		s.Spec.Ports[0].Protocol = corev1.ProtocolSCTP
		s.Annotations[annotation.HealthMonitor.Key] = "true"
	},
	"PROXY v1":        annotated(annotation.ProxyProtocol.Key, "v1"),
	"PROXY v2":        annotated(annotation.ProxyProtocol.Key, "v2"),
	"ovn's algorithm": annotated(annotation.LBAlgorithm.Key, "SOURCE_IP_PORT"),
	"another":         annotated(annotation.LBAlgorithm.Key, "LEAST_CONNECTIONS"),
	"X-Forwarded-For": func(s *corev1.Service) {
		s.Spec.Ports[0].AppProtocol = new("http")
		s.Annotations[annotation.XForwardedFor.Key] = "true"
	},
}

func annotated(key, value string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Annotations[key] = value }
}

// same checks that policy and the cloud think the same of a wish.
func (s *sky) same(wish string, ask func(*corev1.Service), options emulator.Options, number byte) {
	s.Helper()
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprint("web-", number), Annotations: map[string]string{annotation.Internal.Key: "true"}},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: netip.AddrFrom4([4]byte{10, 2, 1, number}).String(),
			Ports: []corev1.ServicePort{{Name: "a", Port: 80, Protocol: corev1.ProtocolTCP}}},
	}
	ask(svc)
	cfg := policy.Config{
		ServiceSubnet: s.networks.ServiceSubnet, PodSubnet: s.networks.PodSubnet, MemberMode: annotation.L3, Monitor: policy.UsualMonitor,
		Protocols: []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolSCTP}, Legacy: options.Legacy, Provider: "amphora",
	}
	switch {
	case options.Legacy:
		cfg.Provider = ""
	case len(options.Providers) > 0:
		cfg.Provider = options.Providers[0]
	}
	known := (&Facts{Client: s.watch.Client, Refresh: settle}).Fresh(s.Context(), facts.Question{Kinds: facts.Octavia})
	v := policy.Evaluate(cfg, policy.Subject{Service: svc}, known)
	tree := octavia.Desire(v.Intent, octavia.Backends{})
	if !tree.Exists() {
		return // its only port is ignored here
	}
	if v.Denies("http") {
		return // a port that reads no HTTP has nothing to be forwarded, so that the cloud is never asked
	}
	err := s.build(octavia.Owner{Cluster: "test", UID: types.UID(svc.Name)}, tree)
	if refused := plan.ReasonOf(err) == plan.Invalid; refused != v.Denied() {
		s.Errorf("%s: policy says %v, the cloud %v", wish, v.Errors().ToAggregate(), err)
	}
}

// build takes steps until o's tree is as desired, or the cloud refuses one.
func (s *sky) build(o octavia.Owner, desired octavia.Tree) error {
	s.Helper()
	for range 20 {
		s.watch.round(s.Context())
		observed, err := s.watch.Observe(o)
		if err != nil {
			return err
		}
		p := s.watch.Manner().Plan(desired, observed)
		if len(p) == 0 {
			return nil
		}
		if !observed.Status.Busy() {
			if err := s.watch.Take(s.Context(), o, p[0]); err != nil {
				return err
			}
		}
		s.clock.Pass(settle)
	}
	s.Fatal("it is never built")
	return nil
}
