package webhook

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// written is what kubectl leaves in the fields of a Service that it applied.
const written = `{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/last-applied-configuration":{},"f:octagate.dev/timeout-client-data":{}}},` +
	`"f:spec":{"f:allocateLoadBalancerNodePorts":{},"f:externalTrafficPolicy":{},"f:internalTrafficPolicy":{},"f:loadBalancerIP":{},"f:ports":{".":{},` +
	`"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:selector":{},"f:sessionAffinity":{},"f:type":{}}}`

// appliedService is a Service as kubectl applies it.
func appliedService() *corev1.Service {
	svc := service("172.24.4.13")
	svc.UID, svc.CreationTimestamp = "0c1e4f0a-9a6b-4a57-8a39-0d4f5b6c7d8e", metav1.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	svc.Spec.ClusterIP, svc.Spec.ClusterIPs = "10.2.0.7", []string{"10.2.0.7"}
	svc.Spec.Selector = map[string]string{"app": "web"}
	svc.Spec.Ports[0].Name = "http"
	svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP})
	svc.Annotations = map[string]string{
		annotation.TimeoutClientData.Key: "70s",
		corev1.LastAppliedConfigAnnotation: `{"apiVersion":"v1","kind":"Service","metadata":{"annotations":{"octagate.dev/timeout-client-data":"70s"},"name":"web","namespace":"shop"},` +
			`"spec":{"loadBalancerIP":"172.24.4.13","ports":[{"name":"http","port":80},{"name":"https","port":443}],"selector":{"app":"web"},"type":"LoadBalancer"}}`,
	}
	return svc
}

// reviews are of 2 KiB each, as the API server sends them: of a Service that is created,
// and of one that is applied again with another label.
func reviews(t testing.TB) map[string][]byte {
	created, old := appliedService(), appliedService()
	created.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: "kubectl-client-side-apply", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &created.CreationTimestamp,
		FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{Raw: []byte(written)},
	}}
	old.Annotations = policy.Evaluate(config, policy.Subject{Service: old}, holding("172.24.4.13")).Pinned(old.Annotations)
	updated := old.DeepCopy()
	updated.Labels = map[string]string{"team": "shop"}
	return map[string][]byte{
		"create": requested(t, string(encode(t, created)), "", false),
		"update": requested(t, string(encode(t, updated)), string(encode(t, old)), false),
	}
}

func BenchmarkMutate(b *testing.B)   { benchmark(b, Handler.Mutating) }
func BenchmarkValidate(b *testing.B) { benchmark(b, Handler.Validating) }

func benchmark(b *testing.B, hook func(Handler) http.Handler) {
	for name, body := range reviews(b) {
		there := holding("172.24.4.13")
		there.FloatingIPIndex, there.BalancerIndex = facts.IndexFloatingIPs(there.FloatingIPs), facts.IndexBalancers(there.Balancers)
		serve := hook(Handler{Policy: config, Facts: memory{there, there}, Counts: NewCounts(prometheus.NewRegistry())})
		b.Run(name, func(b *testing.B) { answering(b, body, serve) })
	}
}

// answering is the handler alone: requests and answers are made beforehand.
func answering(b *testing.B, body []byte, serve http.Handler) {
	request := httptest.NewRequest(http.MethodPost, "/?timeout=2s", nil)
	request.Header.Set("Content-Type", "application/json")
	request.ContentLength = int64(len(body))
	sent, answer := bytes.NewReader(body), &discarded{header: http.Header{}}
	request.Body = io.NopCloser(sent)
	b.ReportAllocs()
	for b.Loop() {
		sent.Reset(body)
		serve.ServeHTTP(answer, request)
	}
	if b.ReportMetric(float64(len(body)), "B/review"); answer.bytes == 0 {
		b.Fatal("nothing was answered")
	}
}

// A discarded answer is only counted.
type discarded struct {
	header http.Header
	bytes  int
}

func (d *discarded) Header() http.Header { return d.header }
func (d *discarded) WriteHeader(int)     {}
func (d *discarded) Write(p []byte) (int, error) {
	d.bytes += len(p)
	return len(p), nil
}
