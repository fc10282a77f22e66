package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/emulator"
)

// many is how many Services there are at once.
const many = 100

// shared are the calls that rounds, facts and logins make, however many Services there are.
var shared = []string{
	"GET lbaas/loadbalancers", "GET lbaas/listeners", "GET lbaas/pools", "GET floatingips",
	"GET ports", "GET subnets", "GET routers", "GET networks",
	"GET lbaas/providers", "GET lbaas/flavors", "GET lbaas/availabilityzones", "GET lbaas/quotas/{id}", "GET quotas/{id}",
	"GET lbaas/pools/{id}/members", // of one load balancer in a round, when there is nothing else to do
	"POST auth/tokens", "GET load-balancer", "GET network",
}

// calls are what was asked of the cloud beside that, since the transcript was reset.
func (c *corner) calls() map[string]int {
	counts := c.emulator().Counts()
	for _, call := range shared {
		delete(counts, call)
	}
	return counts
}

// count is how many Services of the corner are such.
func (c *corner) count(such func(corev1.Service) bool) int {
	c.Helper()
	var list corev1.ServiceList
	if err := c.world.Cluster.Client.List(c.Context(), &list, client.InNamespace(c.namespace)); err != nil {
		c.Fatal(err)
	}
	n := 0
	for _, svc := range list.Items {
		if such(svc) {
			n++
		}
	}
	return n
}

// allReady is how many Services of the corner are ready.
func (c *corner) allReady() string {
	c.Helper()
	return fmt.Sprint(c.count(func(svc corev1.Service) bool {
		return apimeta.IsStatusConditionTrue(svc.Status.Conditions, "octagate.dev/Ready")
	}), " ready")
}

// Each of a hundred Services of three ports costs one call to make. Looking at them all
// again costs nothing, a restart one call each, and deleting them one each.
func TestManyServicesCostAsLittleAsOne(t *testing.T) {
	c := newCorner(t, "many")
	cloud := c.emulator()
	c.pod("a", "10.1.8.1", webPorts)
	cloud.ResetTranscript()
	for i := range many {
		if err := c.world.Cluster.Client.Create(t.Context(), threePorts(c.namespace, i)); err != nil {
			t.Fatal(err)
		}
	}
	ready := fmt.Sprint(many, " ready")
	c.until(ready, c.allReady)
	c.only("making them", map[string]int{"POST lbaas/loadbalancers": many})

	c.lookAgain()
	c.only("looking at them again", map[string]int{})

	c.comesBack()
	if err := c.world.Octagate.Stop(); err != nil {
		t.Fatal(err)
	}
	cloud.ResetTranscript()
	if err := c.world.RestartOctagate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.until(fmt.Sprint(many), func() string { return fmt.Sprint(c.calls()["GET lbaas/loadbalancers/{id}/status"]) })
	if err := c.world.Cluster.AwaitArmed(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.only("a restart", map[string]int{"GET lbaas/loadbalancers/{id}/status": many})
	c.lookAgain()
	for call := range c.calls() {
		if !strings.HasPrefix(call, "GET ") {
			t.Errorf("looking at them after a restart: %v", c.calls())
		}
	}

	cloud.ResetTranscript()
	if err := c.world.Cluster.Client.DeleteAllOf(t.Context(), &corev1.Service{}, client.InNamespace(c.namespace)); err != nil {
		t.Fatal(err)
	}
	c.until("0 left", func() string { return fmt.Sprint(c.count(func(corev1.Service) bool { return true }), " left") })
	if got := c.calls()["DELETE lbaas/loadbalancers/{id}"]; got != many {
		t.Errorf("deleting them: %v", c.calls())
	}
}

// threePorts is the Service of a number.
func threePorts(namespace string, number int) *corev1.Service {
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprint("web-", number)}}
	svc.Spec.Selector = map[string]string{"app": "web"}
	for i := range 3 {
		svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: fmt.Sprint("port-", i), Port: int32(80 + i), TargetPort: intstr.FromString("http")})
	}
	return svc
}

// lookAgain has octagate reconcile every Service: it puts back what only it writes.
func (c *corner) lookAgain() {
	c.Helper()
	c.emulator().ResetTranscript()
	if code, said := c.kubectl("", "annotate", "services", "--all", "octagate.dev/load-balancer-id-"); code != 0 {
		c.Fatal(said)
	}
	c.until(fmt.Sprint(many, " marked"), func() string {
		return fmt.Sprint(c.count(func(svc corev1.Service) bool { return svc.Annotations["octagate.dev/load-balancer-id"] != "" }), " marked")
	})
}

// only checks that nothing was called but what is wanted.
func (c *corner) only(doing string, want map[string]int) {
	c.Helper()
	got := c.calls()
	for call, n := range got {
		if want[call] != n {
			c.Errorf("%s: %s %d times, not %d", doing, call, n, want[call])
		}
	}
	if len(got) < len(want) {
		c.Errorf("%s: only %v", doing, got)
	}
}

// A load balancer that Octavia is slow to make delays nobody else's.
func TestASlowLoadBalancerDelaysNobody(t *testing.T) {
	c := newCorner(t, "slow")
	cloud := c.emulator()
	release := make(chan struct{})
	end := sync.OnceFunc(func() { close(release); cloud.SetFault(nil) })
	t.Cleanup(end)
	cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if body, _ := io.ReadAll(r.Body); r.Method == http.MethodPost && strings.Contains(string(body), `"name":"slow/web"`) {
			<-release
		}
		return nil
	})
	c.apply(manifest(http80))
	c.until("False Working", func() string { return c.ready("web") })
	c.apply(named("quick", manifest(http80)))
	c.until("True Ready", func() string { return c.ready("quick") })
	if got := c.ready("web"); got != "False Working" {
		t.Errorf("the slow one is %s", got)
	}
	end()
	c.until("True Ready", func() string { return c.ready("web") })
}
