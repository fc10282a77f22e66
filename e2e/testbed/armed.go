package testbed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// AwaitArmed waits until both webhooks are seen at work: in dry runs, a good Service
// comes back with octagate's annotations and a bad one is refused.
func (c *Cluster) AwaitArmed(ctx context.Context) error {
	seen := "no dry run ended"
	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		good, bad := probe(), probe()
		bad.Spec.Type, bad.Spec.LoadBalancerIP = corev1.ServiceTypeLoadBalancer, "not-an-ip"
		seen = c.unarmed(ctx, good, bad)
		return seen == "", nil
	})
	if err != nil {
		return fmt.Errorf("waiting for octagate to judge Services: %s: %w", seen, err)
	}
	return nil
}

// unarmed says what octagate did not do, or nothing if it did it all.
func (c *Cluster) unarmed(ctx context.Context, good, bad *corev1.Service) string {
	if err := c.Client.Create(ctx, good, client.DryRunAll); err != nil {
		return "a good Service is refused: " + err.Error()
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(good.Annotations)), ours) {
		return "a good Service gets no annotation"
	}
	err := c.Client.Create(ctx, bad, client.DryRunAll)
	if err == nil {
		return "a bad Service is not refused"
	}
	if !strings.Contains(err.Error(), "denied the request") {
		return "a bad Service is not refused by octagate: " + err.Error()
	}
	return ""
}

func ours(key string) bool { return strings.HasPrefix(key, "octagate.dev/") }

func probe() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "testbed-probe"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}
}
