package static_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/e2e/cel"
	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/manifests/static"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

var update = flag.Bool("update", false, "write the policies, and the list of what they cover")

// current demands that a file is as it comes out, or writes it.
func current(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	is, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(is), "\n")); diff != "" {
		t.Errorf("make generate\n%s", diff)
	}
}

func TestManifestsAreCurrent(t *testing.T) {
	validating, err := static.ValidatingManifest(nil)
	if err != nil {
		t.Fatal(err)
	}
	current(t, "../base/policy.yaml", validating)
	mutating, err := static.MutatingManifest()
	if err != nil {
		t.Fatal(err)
	}
	current(t, "../components/mutating-policy/policy.yaml", mutating)
}

// configured is a configuration with which everything is said that can be.
var configured = policy.Config{ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17")}, MemberMode: annotation.L3, ServiceSubnet: "s"}

// A judge is a policy that is compiled, and what its validations are of.
type judge struct {
	*cel.Policy
	statics []policy.Static
}

func judgeOf(t *testing.T, cfg *policy.Config) judge {
	t.Helper()
	p, _, err := static.Validating(cfg)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := cel.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return judge{compiled, policy.Statics(cfg)}
}

// rules are those by which a Service is refused, each with its first message.
func (j judge) rules(t rapid.TB, svc, old *corev1.Service) map[string]string {
	t.Helper()
	refusals, err := j.Refusals(svc, old)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]string{}
	for n, s := range j.statics {
		if message, refused := refusals[n]; refused && by[s.Rule] == "" {
			by[s.Rule] = message
		}
	}
	return by
}

// The catalogue has an example of what each rule refuses. Some are refused without octagate.
func TestCoverage(t *testing.T) {
	always, known := judgeOf(t, nil), judgeOf(t, &configured)
	var list strings.Builder
	for _, rule := range policy.Rules() {
		archive, err := txtar.ParseFile(filepath.Join("..", "..", "policy", "testdata", "rules", rule+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		bad, old := in(t, archive, "bad.yaml"), in(t, archive, "old.yaml")
		says := "-"
		if message, refused := always.rules(t, bad, old)[rule]; refused {
			says = message
		} else if message, refused := known.rules(t, bad, old)[rule]; refused {
			says = "(with its configuration) " + message
		} else if slices.ContainsFunc(always.statics, func(s policy.Static) bool { return s.Rule == rule }) {
			says = "(where annotations tell)"
		}
		fmt.Fprintf(&list, "%-20s %s\n", rule, says)
		if by := always.rules(t, in(t, archive, "good.yaml"), old); len(by) > 0 {
			t.Errorf("%s: the good example is refused: %q", rule, by)
		}
	}
	current(t, filepath.Join("testdata", "covered.golden"), []byte(list.String()))
}

// in is the Service in a section; nil: there is none.
func in(t *testing.T, archive *txtar.Archive, section string) *corev1.Service {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == section })
	if i < 0 {
		return nil
	}
	svc := &corev1.Service{}
	if err := yaml.Unmarshal(archive.Files[i].Data, svc); err != nil {
		t.Fatal(err)
	}
	return svc
}

// The API server refuses nothing by itself that octagate would not refuse by the same rule,
// whatever the Service was before.
func TestNobodyIsRefusedForNothing(t *testing.T) {
	judges := map[string]judge{"without configuration": judgeOf(t, nil), "with configuration": judgeOf(t, &configured)}
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		svc, old := drawn(t, "now"), (*corev1.Service)(nil)
		if rapid.Bool().Draw(t, "is an update") {
			old = drawn(t, "before")
		}
		v := policy.Evaluate(configured, policy.Subject{Service: svc, Old: old}, facts.Snapshot{})
		for name, j := range judges {
			for rule, message := range j.rules(t, svc, old) {
				if refused++; !v.Denies(rule) {
					t.Fatalf("%s: %s: %s; octagate says %+v", name, rule, message, v.Findings)
				}
			}
		}
	})
	if refused == 0 {
		t.Error("nobody was refused at all")
	}
}

// drawn is a Service that somebody might apply.
func drawn(t *rapid.T, when string) *corev1.Service {
	draw := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(t, when+": "+what) }
	svc := &corev1.Service{}
	svc.Namespace, svc.Name, svc.Annotations = "shop", "web", map[string]string{}
	svc.Spec.Type = corev1.ServiceType(draw("type", "ClusterIP", "LoadBalancer", "LoadBalancer", "LoadBalancer", "NodePort", "ExternalName"))
	svc.Spec.ClusterIP = draw("clusterIP", "", "10.2.0.50", "10.99.0.1", "None")
	svc.Spec.LoadBalancerIP = draw("loadBalancerIP", "", "", "172.24.4.13", "172.24.4.99", "nonsense", "fd00::7")
	if class := draw("class", "", "", "other"); class != "" {
		svc.Spec.LoadBalancerClass = &class
	}
	for n := range rapid.IntRange(1, 2).Draw(t, when+": ports") {
		app := draw("application", "", "http", "https")
		svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{
			Port: int32(80 + n), Protocol: corev1.Protocol(draw("protocol", "TCP", "UDP", "")), AppProtocol: &app,
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, when+": annotations") {
		key := rapid.SampledFrom(keys).Draw(t, when+": key")
		svc.Annotations[key] = draw("value", values...)
	}
	return svc
}

// keys are of annotations that are ours, or look like it, or are of others who mean the same.
var keys = append([]string{"octagate.dev/intrenal", "octagate.dev/", "example.org/x", "loadbalancer.openstack.org/default-tls-container-ref",
	"loadbalancer.openstack.org/floating-network-id", "loadbalancer.openstack.org/x-forwarded-for", "service.beta.kubernetes.io/openstack-internal-load-balancer"}, contract()...)

func contract() []string {
	var all []string
	for _, e := range annotation.All() {
		if e.Key != annotation.Verdict.Key {
			all = append(all, e.Key)
		}
	}
	return all
}

var values = []string{"", "true", "false", "nonsense", "172.24.4.13", "172.24.4.99", "fd00::7", "ovn", "amphora", "v1", "SOURCE_IP_PORT", "ROUND_ROBIN", "L2",
	"10s", "20s", "5s", "3", "48ddcfec-1b29-411b-be92-8329cc09fc12", "1b4d5c60-0000-4000-8000-000000000001"}

// The policies are for the Services that the webhooks are for, and no others.
func TestPoliciesLeaveOutWhatTheWebhooksLeaveOut(t *testing.T) {
	_, webhooks, err := manifests.Webhooks()
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := static.Validating(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := static.Mutating()
	if err != nil {
		t.Fatal(err)
	}
	webhook := webhooks.Webhooks[0]
	for _, p := range []struct {
		constraints, conditions any
	}{{v.Spec.MatchConstraints, v.Spec.MatchConditions[1 : 1+len(webhook.MatchConditions)]}, {m.Spec.MatchConstraints, m.Spec.MatchConditions[1:]}} {
		if diff := cmp.Diff(any(webhook.MatchConditions), p.conditions); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(webhook.NamespaceSelector, v.Spec.MatchConstraints.NamespaceSelector) + cmp.Diff(webhook.NamespaceSelector, m.Spec.MatchConstraints.NamespaceSelector); diff != "" {
		t.Error(diff)
	}
}

// What octagate judged, it says itself; what octagate writes is not looked at.
func TestOctagateIsLeftAlone(t *testing.T) {
	j := judgeOf(t, nil)
	bad := &corev1.Service{}
	bad.Annotations = map[string]string{"octagate.dev/internal": "maybe"}
	if len(j.rules(t, bad, nil)) != 1 {
		t.Error("a bad Service is not refused")
	}
	bad.Annotations["octagate.dev/verdict"] = "denied"
	if by := j.rules(t, bad, nil); len(by) > 0 {
		t.Errorf("one that octagate has judged is refused: %q", by)
	}
}
