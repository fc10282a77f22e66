// Package e2e tests octagate from outside: the program that ships, a real
// kube-apiserver with real EndpointSlices, kubectl, and OpenStack: the emulator, or
// the real cloud that OCTAGATE_E2E_CLOUD names.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/e2e/view"
)

// interrupted is done once somebody asks the tests to stop. Each ends at its next look
// and cleans up after itself; then the world is cleared, as always.
var interrupted context.Context

// world is shared by all tests; each has a namespace of its own in it.
var world *testbed.World

// ground is what every world of these tests stands on.
var ground = testbed.Options{
	Pending:     100 * time.Millisecond,
	FloatingIPs: []string{"172.24.4.21", "172.24.4.22", "172.24.4.23", "172.24.4.24", "172.24.4.25"},
	Used:        &testbed.Usage{},
	Edit:        poll("50ms"),
}

func TestMain(m *testing.M) {
	interrupted = session.UntilInterrupted()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		fmt.Fprintln(os.Stderr, "e2e: `make test` builds what these tests need, and runs them")
		code = 1
	}
	if interrupted.Err() != nil {
		fmt.Fprintln(os.Stderr, "e2e: interrupted; what could not be removed is named above")
		code = session.Interrupted
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	log.SetLogger(logr.Discard()) // what goes wrong here is an error, and needs no log
	real, ok, err := session.FromEnvironment()
	if err != nil {
		return 1, err
	}
	if ok {
		ground.Real, ground.Edit = &real, poll("500ms")
	}
	fmt.Println("e2e: OpenStack is", openstack())
	dir, err := os.MkdirTemp("", "octagate-e2e-")
	if err != nil {
		return 1, err
	}
	code, err = inWorld(dir, m.Run)
	if code == 0 && err == nil {
		return 0, os.RemoveAll(dir)
	}
	fmt.Fprintln(os.Stderr, "e2e: logs are in", dir)
	return code, err
}

// openstack is what these tests run on.
func openstack() string {
	if ground.Real == nil {
		return "the emulator"
	}
	return fmt.Sprintf("the real cloud %s of %s", ground.Real.Cloud, ground.Real.File)
}

// inWorld starts the world, has the tests run in it, and sees that they leave the
// cloud as they found it.
func inWorld(dir string, tests func() int) (code int, err error) {
	ctx, cancel := context.WithTimeout(interrupted, 2*time.Minute)
	defer cancel()
	if world, err = testbed.StartWorld(ctx, dir, ground); err != nil {
		return 1, err
	}
	code = tests()
	return code, errors.Join(world.End(), rights())
}

// rights holds what octagate asked of all API servers against what it may ask: it was
// refused nothing, and if all tests ran there is nothing that it never asked for.
func rights() error {
	if forbidden := ground.Used.Forbidden(); len(forbidden) > 0 {
		return fmt.Errorf("octagate has no right to %q, and asked for it", forbidden)
	}
	if ground.Real != nil || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" {
		fmt.Println("e2e: NOT CHECKED for rights that are never used: not all tests ran")
		return nil
	}
	unused, err := ground.Used.Unused()
	if len(unused) > 0 {
		return fmt.Errorf("octagate has a right to %q, and never asked for it", unused)
	}
	return err
}

// goOn ends the test if somebody asked the tests to stop.
func goOn(t *testing.T) {
	t.Helper()
	if interrupted.Err() != nil {
		t.Fatal("interrupted")
	}
}

// poll has octagate look at its load balancers so often, and makes facts old enough
// that no test passes by a refresh.
func poll(every string) func(config string) string {
	return strings.NewReplacer("refresh: 30s", "refresh: 10m", "poll: 250ms", "poll: "+every).Replace
}

// A corner is a test with a namespace of its own.
type corner struct {
	*testing.T
	world     *testbed.World
	namespace string
	cloud     *view.Cloud
}

func newCorner(t *testing.T, namespace string) *corner {
	t.Helper()
	return cornerOf(t, world, namespace)
}

// cornerOf is a corner of a certain world.
func cornerOf(t *testing.T, w *testbed.World, namespace string) *corner {
	t.Helper()
	goOn(t)
	cloud, err := view.Dial(t.Context(), w.Cloud.File, w.Cloud.Name)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Cluster.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	if err != nil {
		t.Fatal(err)
	}
	c := &corner{t, w, namespace, cloud}
	t.Cleanup(c.leave)
	return c
}

// emulator is the cloud as its owner sees it. On a real cloud, which has no owner
// here, the test ends.
func (c *corner) emulator() *emulator.Cloud {
	c.Helper()
	if c.world.Cloud.Emulator == nil {
		c.Skip("NOT RUN: only the emulator can do to itself what this test does to the cloud")
	}
	return c.world.Cloud.Emulator
}

// leave deletes the namespace's Services and makes sure that nothing of them is
// left in the cloud.
func (c *corner) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := c.world.Cluster.Kubectl(ctx, "", "delete", "services", "--all", "--timeout=120s", "--namespace", c.namespace)
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
	goOn(c.T)
	out, err := c.world.Cluster.Kubectl(c.Context(), stdin, append(args, "--namespace", c.namespace)...)
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
	err := c.world.Cluster.Pod(c.Context(), testbed.Pod{
		Namespace: c.namespace, Name: name, Address: address, Labels: map[string]string{"app": "web"}, Ports: ports,
	})
	if err != nil {
		c.Fatal(err)
	}
}

// remove deletes a Service and waits until it is gone.
func (c *corner) remove(service string) {
	c.Helper()
	if code, said := c.kubectl("", "delete", "service", service, "--timeout="+patience.String()); code != 0 {
		c.Errorf("the Service %s cannot leave: %s", service, said)
	}
}

func (c *corner) service(name string) *corev1.Service {
	c.Helper()
	svc := &corev1.Service{}
	if err := c.world.Cluster.Client.Get(c.Context(), client.ObjectKey{Namespace: c.namespace, Name: name}, svc); err != nil {
		c.Fatal(err)
	}
	return svc
}

// patience is how long anything may take. Real clouds are slow.
const patience = 2 * time.Minute

// until waits for what is there to be what is wanted.
func (c *corner) until(want string, there func() string) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	got := ""
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		goOn(c.T)
		got = there()
		return got == want, nil
	})
	if err != nil {
		c.Fatalf("got:\n%s\nwant:\n%s\n%s", got, want, c.world.Log())
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
	return c.cloud.Tree(c.Context(), c.namespace+"/"+service)
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

// events are how often each reason had an event in the namespace. What happens again
// and again is one event with a series.
func (c *corner) events() map[string]int {
	c.Helper()
	var list corev1.EventList
	if err := c.world.Cluster.Client.List(c.Context(), &list, client.InNamespace(c.namespace)); err != nil {
		c.Fatal(err)
	}
	counts := map[string]int{}
	for _, e := range list.Items {
		times := max(1, int(e.Count))
		if e.Series != nil {
			times = max(times, int(e.Series.Count))
		}
		counts[e.Reason] += times
	}
	return counts
}

// outage makes the cloud answer 503 to everything until the test ends or the
// returned function is called.
func (c *corner) outage() (end func()) {
	cloud := c.emulator()
	end = sync.OnceFunc(func() { cloud.SetFault(nil) })
	cloud.SetFault(func(*http.Request) *emulator.Fault {
		return &emulator.Fault{Status: http.StatusServiceUnavailable, Body: "down"}
	})
	c.Cleanup(end)
	return end
}

// operator is somebody with the openstack command line.
func (c *corner) operator() *session.Session {
	c.Helper()
	s, err := session.Open(c.Context(), c.world.Cloud.File, c.world.Cloud.Name)
	if err != nil {
		c.Fatal(err)
	}
	return s
}

// demolish deletes a load balancer with all that is in it.
func (c *corner) demolish(by *session.Session, lb string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url := by.LoadBalancer + "lbaas/loadbalancers/" + lb + "?cascade=true"
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		answer, err := by.Call(ctx, http.MethodDelete, url, nil)
		return answer.Status == http.StatusNotFound, err
	})
	if err != nil {
		c.Error(err)
	}
}
