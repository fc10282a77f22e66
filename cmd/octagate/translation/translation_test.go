package translation

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/backend"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

var update = flag.Bool("update", false, "write what comes out into the files")

var config = policy.Config{
	ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17")}, ServiceSubnet: "service", PodSubnet: "pods", ExternalNetwork: "public",
	Provider: "amphora", MemberMode: annotation.L3, Monitor: policy.UsualMonitor,
}

// service is one with two ports that are balanced and one that is not.
func service(edits ...func(*corev1.Service)) *corev1.Service {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{}},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.2.0.7", LoadBalancerIP: "172.24.4.13", Selector: map[string]string{"app": "web", "tier": "front"},
			Ports: []corev1.ServicePort{
				{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}, {Name: "https", Port: 443, TargetPort: intstr.FromInt32(8443)},
				{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
			},
		},
	}
	for _, edit := range edits {
		edit(svc)
	}
	return svc
}

func with(key, value string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Annotations[key] = value }
}

// slice has two Pods, one of which is ready.
func slice() []discoveryv1.EndpointSlice {
	pod := func(name, address string, ready bool) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: name}}
	}
	port := func(name string, number int32) discoveryv1.EndpointPort {
		return discoveryv1.EndpointPort{Name: &name, Port: &number}
	}
	return []discoveryv1.EndpointSlice{{
		Endpoints: []discoveryv1.Endpoint{pod("a", "10.1.0.10", true), pod("b", "10.1.0.11", false)},
		Ports:     []discoveryv1.EndpointPort{port("http", 8080), port("https", 8443)},
	}}
}

// source is what is made of a Service where nothing is yet.
func source(svc *corev1.Service, slices []discoveryv1.EndpointSlice) Source {
	v := policy.Evaluate(config, policy.Subject{Service: svc}, facts.Snapshot{})
	var backends octavia.Backends
	if slices != nil {
		backends = backend.Of(v.Intent, slices, nil)
	}
	tree := octavia.Desire(v.Intent, backends)
	return Source{Service: svc, Verdict: v, Judged: true, Slices: slices, Tree: tree, Steps: plan.Diff(tree, octavia.Tree{})}
}

// observed is s when it is made, with states.
func observed(s Source) Source {
	t := s.Tree
	t.ID, t.Status, t.VIP.Port, t.FloatingIP.ID, t.FloatingIP.Port = "lb", octavia.Active, "port", "fip", "port"
	s.States = map[string]octavia.States{"lb": {Provisioning: octavia.Active, Operating: "DEGRADED"}}
	for i := range t.Listeners {
		t.Listeners[i].ID = t.Listeners[i].Key.String()
		s.States[t.Listeners[i].ID] = octavia.States{Provisioning: octavia.Active, Operating: "ONLINE"}
	}
	for i, p := range t.Pools {
		t.Pools[i].ID = p.Name
		s.States[p.Name] = octavia.States{Provisioning: octavia.Active, Operating: "DEGRADED"}
		for j, m := range p.Members {
			t.Pools[i].Members[j].ID = m.Name
			s.States[m.Name] = octavia.States{Provisioning: octavia.Active, Operating: "ERROR"}
		}
	}
	s.Tree, s.Steps = t, nil
	return s
}

// marked shows which words are painted, and how.
func marked(tone output.Tone, word string) string {
	return fmt.Sprintf("%s⟨%s⟩", [...]string{"", "name", "good", "busy", "bad", "faint"}[tone], word)
}

// What comes out is in testdata, the outline and YAML of each.
func TestTranslations(t *testing.T) {
	stuck := observed(source(service(), slice()))
	stuck.Tree.Stuck, stuck.Tree.FloatingIP.Port = "listener shop/web:TCP:80", ""
	waiting := source(service(), slice())
	waiting.Steps, waiting.Waiting = nil, Waiting{"Denied", "that cannot be had"}
	for name, s := range map[string]Source{
		"desired": source(service(), slice()),
		"from files": source(service(func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.LoadBalancerIP = "", "" },
			with(annotation.KeepFloatingIP.Key, "true")), nil),
		"all settings": source(service(
			with(annotation.HealthMonitor.Key, "true"), with(annotation.TimeoutClientData.Key, "70s"), with(annotation.ConnectionLimit.Key, "10"),
			with(annotation.Tags.Key, "front,shop"), with(annotation.Members.Key, "L2"), func(s *corev1.Service) {
				s.Spec.SessionAffinity, s.Spec.LoadBalancerSourceRanges = corev1.ServiceAffinityClientIP, []string{"192.0.2.0/24"}
			}), slice()),
		"observed":           observed(source(service(), slice())),
		"stuck":              stuck,
		"waiting":            waiting,
		"left alone":         source(service(func(s *corev1.Service) { s.Spec.ClusterIP = "None" }), nil),
		"nothing to balance": source(service(func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[2:]; s.Spec.Type = "ClusterIP" }), nil),
		"nobody knows it":    {Tree: stuck.Tree},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, strings.ReplaceAll(name, " ", "-"), Of(s))
		})
	}
}

func compare(t *testing.T, name string, made Translation) {
	text, err := yaml.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	got := made.Outline(nil) + "\n" + made.Outline(marked) + "\n" + string(text)
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("to have it so: go test ./cmd/octagate/translation -update\n%s", diff)
	}
}

// What is told of a listener's timeouts is what somebody chose, not what a cloud answers.
func TestOnlyChosenTimeoutsAreTold(t *testing.T) {
	s := octavia.Settings{Timeouts: octavia.Timeouts{ClientData: time.Minute, MemberData: time.Second}, Timed: octavia.MemberData}
	if diff := cmp.Diff([]string{"timeout_member_data 1s"}, timeouts(s)); diff != "" {
		t.Error(diff)
	}
}
