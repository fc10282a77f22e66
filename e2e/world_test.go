// Package e2e tests octagate from outside: the program that ships, a real
// kube-apiserver with real EndpointSlices, kubectl, and the OpenStack emulator.
package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/e2e/view"
)

// world is shared by all tests; each has a namespace of its own in it.
var world *testbed.World

// usersFloatingIPs are there before octagate starts.
var usersFloatingIPs = []string{"172.24.4.21", "172.24.4.22", "172.24.4.23", "172.24.4.24", "172.24.4.25"}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		fmt.Fprintln(os.Stderr, "e2e: `make test` builds what these tests need, and runs them")
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "octagate-e2e-")
	if err != nil {
		return 1, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	world, err = testbed.StartWorld(ctx, dir, testbed.Options{Pending: 100 * time.Millisecond, Prepare: prepare, Edit: edit})
	if err != nil {
		return 1, fmt.Errorf("%w (logs: %s)", err, dir)
	}
	code = m.Run()
	if err := world.Stop(); err != nil {
		return 1, err
	}
	if code == 0 {
		return 0, os.RemoveAll(dir)
	}
	fmt.Fprintln(os.Stderr, "e2e: logs are in", dir)
	return code, nil
}

func prepare(cloud *emulator.Cloud, n emulator.Networks) {
	for _, a := range usersFloatingIPs {
		cloud.AddFloatingIP(n.ExternalNetwork, a)
	}
}

// edit makes facts old enough that no test passes by a refresh, and polls fast.
func edit(config string) string {
	return strings.NewReplacer("refresh: 30s", "refresh: 10m", "poll: 250ms", "poll: 50ms").Replace(config)
}

// A corner is a test with a namespace of its own.
type corner struct {
	*testing.T
	namespace string
	cloud     *view.Cloud
}

func newCorner(t *testing.T, namespace string) *corner {
	t.Helper()
	cloud, err := view.Dial(t.Context(), world.CloudsFile(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	err = world.Cluster.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	if err != nil {
		t.Fatal(err)
	}
	c := &corner{t, namespace, cloud}
	t.Cleanup(c.leave)
	return c
}

// leave deletes the namespace's Services and makes sure that nothing of them is
// left in the cloud.
func (c *corner) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := world.Cluster.Kubectl(ctx, "", "delete", "services", "--all", "--timeout=60s", "--namespace", c.namespace)
	if err != nil || out.Code != 0 {
		c.Errorf("deleting the Services: %v %s", err, out.Stderr)
	}
	if n := c.balancers(ctx); n > 0 {
		c.Errorf("%d load balancers are left", n)
	}
}

// balancers is how many load balancers the namespace has.
func (c *corner) balancers(ctx context.Context) int {
	c.Helper()
	all, err := c.cloud.Balancers(ctx)
	if err != nil {
		c.Fatal(err)
	}
	n := 0
	for _, b := range all {
		if strings.HasPrefix(b.Name, c.namespace+"/") {
			n++
		}
	}
	return n
}

// kubectl runs kubectl in the namespace and returns its exit code and both streams.
func (c *corner) kubectl(stdin string, args ...string) (int, string) {
	c.Helper()
	out, err := world.Cluster.Kubectl(c.Context(), stdin, append(args, "--namespace", c.namespace)...)
	if err != nil {
		c.Fatal(err)
	}
	return out.Code, out.Stderr + out.Stdout
}

// apply applies a manifest that must be accepted, and returns what kubectl said.
func (c *corner) apply(manifest string) string {
	c.Helper()
	code, said := c.kubectl(manifest, "apply", "-f", "-")
	if code != 0 {
		c.Fatalf("refused: %s", said)
	}
	return said
}

// pod makes a ready Pod that the Services of these tests select.
func (c *corner) pod(name, address string, ports map[string]int32) {
	c.Helper()
	err := world.Cluster.Pod(c.Context(), testbed.Pod{
		Namespace: c.namespace, Name: name, Address: address, Labels: map[string]string{"app": "web"}, Ports: ports,
	})
	if err != nil {
		c.Fatal(err)
	}
}

func (c *corner) service(name string) *corev1.Service {
	c.Helper()
	svc := &corev1.Service{}
	if err := world.Cluster.Client.Get(c.Context(), client.ObjectKey{Namespace: c.namespace, Name: name}, svc); err != nil {
		c.Fatal(err)
	}
	return svc
}

// until waits for what is there to be what is wanted. It gives up after a minute.
func (c *corner) until(want string, there func() string) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
	defer cancel()
	got := ""
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		got = there()
		return got == want, nil
	})
	if err != nil {
		c.Fatalf("got:\n%s\nwant:\n%s\n%s", got, want, world.Octagate.Log())
	}
}

// tree draws the load balancer of a Service; empty: there is none.
func (c *corner) tree(service string) string {
	c.Helper()
	b, err := c.balancer(service)
	if err != nil {
		return err.Error() // gone between two calls; the next look knows
	}
	if b == nil {
		return ""
	}
	return b.String()
}

func (c *corner) balancer(service string) (*view.Balancer, error) {
	trees, err := c.cloud.Trees(c.Context())
	for i := range trees {
		if trees[i].Name == c.namespace+"/"+service {
			return &trees[i], err
		}
	}
	return nil, err
}

// ready is the Ready condition as "Status Reason".
func (c *corner) ready(service string) string {
	c.Helper()
	for _, condition := range c.service(service).Status.Conditions {
		if condition.Type == "octagate.dev/Ready" {
			return string(condition.Status) + " " + condition.Reason
		}
	}
	return "none"
}

// ingress is where the status says that the Service is reached.
func (c *corner) ingress(service string) string {
	c.Helper()
	var all []string
	for _, i := range c.service(service).Status.LoadBalancer.Ingress {
		all = append(all, fmt.Sprint(i.IP, " ", *i.IPMode))
	}
	return strings.Join(all, ",")
}

// floatingIPs are the floating IPs of the project, each with its use.
func (c *corner) floatingIPs() []string {
	c.Helper()
	all, err := c.cloud.FloatingIPs(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	var words []string
	for _, f := range all {
		use := "free"
		if f.Port != "" {
			use = "in use"
		}
		words = append(words, f.Address+" "+use)
	}
	return words
}

// events are how many events of each reason the namespace has.
func (c *corner) events() map[string]int {
	c.Helper()
	var list corev1.EventList
	if err := world.Cluster.Client.List(c.Context(), &list, client.InNamespace(c.namespace)); err != nil {
		c.Fatal(err)
	}
	counts := map[string]int{}
	for _, e := range list.Items {
		counts[e.Reason]++
	}
	return counts
}

// outage makes the cloud answer 503 to everything until the test ends or the
// returned function is called.
func (c *corner) outage() (end func()) {
	end = sync.OnceFunc(func() { world.Cloud.SetFault(nil) })
	world.Cloud.SetFault(func(*http.Request) *emulator.Fault {
		return &emulator.Fault{Status: http.StatusServiceUnavailable, Body: "down"}
	})
	c.Cleanup(end)
	return end
}
