package e2e

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// answers are how often each webhook has answered.
func (c *corner) answers() [2]float64 {
	c.Helper()
	var n [2]float64
	for i, webhook := range []string{"mutate", "validate"} {
		var err error
		if n[i], err = c.world.Metric(c.Context(), "octagate_admission_answers_total", fmt.Sprintf("webhook=%q", webhook)); err != nil {
			c.Fatal(err)
		}
	}
	return n
}

// What cannot concern octagate does not reach it, so that nothing of it waits. The Service
// is one of type NodePort, on which octagate itself writes nothing.
func TestWhatReachesTheWebhooks(t *testing.T) {
	c := newCorner(t, "reach")
	nodePort := manifest("  type: NodePort\n" + http80)
	kubectl := func(args ...string) func() {
		return func() {
			if code, said := c.kubectl("", args...); code != 0 {
				t.Fatalf("%q: %s", args, said)
			}
		}
	}
	applied := func(name, manifest string) func() { return func() { c.apply(named(name, manifest)) } }
	for _, step := range []struct {
		claim   string
		reaches bool
		do      func()
	}{
		{"a dry run", true, func() { c.kubectl(nodePort, "apply", "--dry-run=server", "-f", "-") }},
		{"a Service", true, applied("web", nodePort)},
		{"a headless one", false, applied("headless", manifest("  clusterIP: None\n"+http80))},
		{"one of type ExternalName", false, applied("name", manifest("  type: ExternalName\n  externalName: example.org\n"))},
		{"one in kube-system", false, c.inKubeSystem},
		{"a label", false, kubectl("label", "service", "web", "team=x")},
		{"an annotation of others", false, kubectl("annotate", "service", "web", "example.org/a=b")},
		{"an annotation of ours", true, kubectl("annotate", "service", "web", "octagate.dev/tags=x")},
		{"another value of it", true, kubectl("annotate", "--overwrite", "service", "web", "octagate.dev/tags=y")},
		{"a label beside it", false, kubectl("label", "service", "web", "--overwrite", "team=y")},
		{"its removal", true, kubectl("annotate", "service", "web", "octagate.dev/tags-")},
		{"an annotation of cloud-provider-openstack", true, kubectl("annotate", "service", "web", "loadbalancer.openstack.org/port-id=x")},
		{"an annotation of Kuryr", true, kubectl("annotate", "service", "web", "openstack.org/kuryr-timeout-client-data=70000")},
		{"a change of the spec", true, kubectl("patch", "service", "web", "-p", `{"spec":{"sessionAffinity":"ClientIP"}}`)},
		{"a change of the status", false, kubectl("patch", "service", "web", "--subresource=status", "--type=merge", "-p", `{"status":{"loadBalancer":{}, "conditions":[
			{"type":"example.org/A","status":"True","reason":"A","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`)},
		{"a Pod, and its endpoints", false, func() { c.pod("pod-1", "10.1.0.31", map[string]int32{"http": 8080}) }},
		{"a finalizer", false, kubectl("patch", "service", "web", "--type=merge", "-p", `{"metadata":{"finalizers":["example.org/stays"]}}`)},
		{"becoming ExternalName", false, kubectl("patch", "service", "headless", "--type=merge", "-p", `{"spec":{"type":"ExternalName","externalName":"example.org","clusterIP":"","clusterIPs":null}}`)},
		{"a deletion", false, kubectl("delete", "service", "web", "--wait=false")},
		{"an annotation while it leaves", false, kubectl("annotate", "service", "web", "octagate.dev/tags=z")},
		{"the last finalizer", false, kubectl("patch", "service", "web", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)},
	} {
		before := c.answers()
		step.do()
		after, want := c.answers(), 0.0
		if step.reaches {
			want = 1
		}
		if mutated, validated := after[0]-before[0], after[1]-before[1]; mutated != want || validated != want {
			t.Errorf("%s: the mutating webhook was asked %v times, the validating one %v times", step.claim, mutated, validated)
		}
	}
}

// inKubeSystem makes a Service where nothing waits for octagate.
func (c *corner) inKubeSystem() {
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: c.namespace},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80}}}}
	for _, err := range []error{c.world.Cluster.Client.Create(c.Context(), svc), c.world.Cluster.Client.Delete(c.Context(), svc, &client.DeleteOptions{})} {
		if err != nil {
			c.Error(err)
		}
	}
}
