package webhook

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// usualReview is a Service of 2 KiB as the API server sends it: one that was applied by
// kubectl, and is applied again.
func usualReview(t testing.TB) []byte {
	svc := service("172.24.4.13")
	svc.Spec.ClusterIP, svc.Spec.ClusterIPs = "10.2.0.7", []string{"10.2.0.7"}
	svc.Spec.Selector = map[string]string{"app": "web"}
	svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP})
	svc.Annotations = map[string]string{
		"octagate.dev/verdict": "accepted", "octagate.dev/listeners": "TCP/80,TCP/443", "octagate.dev/load-balancer": "shop/web", "octagate.dev/timeout-client-data": "70s",
		"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat(`{"apiVersion":"v1"}`, 20),
	}
	old := svc.DeepCopy()
	old.Labels = map[string]string{"team": "x"}
	return requested(t, string(encode(t, svc)), string(encode(t, old)), false)
}

func BenchmarkMutate(b *testing.B)   { benchmark(b, Handler.Mutating) }
func BenchmarkValidate(b *testing.B) { benchmark(b, Handler.Validating) }

func benchmark(b *testing.B, hook func(Handler) http.Handler) {
	there := holding("172.24.4.13")
	body, serve := usualReview(b), hook(Handler{Policy: config, Facts: memory{there, there}})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		serve.ServeHTTP(httptest.NewRecorder(), request)
	}
}
