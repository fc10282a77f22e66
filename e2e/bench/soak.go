package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/testbed"
)

// mostLeft is the goal for what is there after churn, of what was there before.
const mostLeft = 1.1

// soak has Services come, change and go for a long time, refused ones among them, while
// endpoints and floating IPs change and the cloud is away now and then, and looks whether
// anything of it stays in memory. It is measured with nothing in the cluster, both times.
func soak(ctx context.Context, b *bench) (err error) {
	w, err := b.world(ctx, "soak", testbed.Options{Edit: func(config string) string { return config }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Stop()) }()
	f, err := newFleet(ctx, w, 0)
	if err != nil {
		return err
	}
	floatingIPs(w, crowd)
	c := &churn{fleet: f, luck: rand.New(rand.NewPCG(1, 2)), there: map[int]bool{}}
	if err := c.during(ctx, b.size.soak/15); err != nil { // what is made once is made, and buffers are as large as they get
		return err
	}
	before, err := c.ebb(ctx)
	if err != nil {
		return err
	}
	c.done = 0
	if err := c.during(ctx, b.size.soak); err != nil {
		return err
	}
	after, err := c.ebb(ctx)
	if err != nil {
		return err
	}
	b.report.add("soak", fmt.Sprint("churn/", b.size.soak), is(float64(c.done), "changes"), is(float64(c.refused), "refused"), is(float64(c.outages), "outages"),
		is(before.goroutines, "goroutines-before"), is(after.goroutines, "goroutines-after"), atMost(after.goroutines/before.goroutines, mostLeft, "goroutines-ratio"),
		is(before.heap*mib, "heap-MiB-before"), is(after.heap*mib, "heap-MiB-after"), atMost(after.heap/before.heap, mostLeft, "heap-ratio"),
		is(before.rss*mib, "rss-MiB-before"), is(after.rss*mib, "rss-MiB-after"))
	return nil
}

// crowd is how many Services there are at most.
const crowd = 40

// A churn is Services that come and go.
type churn struct {
	*fleet
	luck  *rand.Rand
	there map[int]bool

	done, refused, outages int
}

// during churns for a while.
func (c *churn) during(ctx context.Context, lasts time.Duration) error {
	for end := time.Now().Add(lasts); time.Now().Before(end); c.done++ {
		if err := c.change(ctx, c.luck.IntN(crowd)); err != nil {
			return err
		}
		if err := pause(ctx, time.Duration(c.luck.IntN(100))*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// change does one thing, mostly to one Service.
func (c *churn) change(ctx context.Context, n int) error {
	switch dice := c.luck.IntN(100); {
	case dice == 0:
		return c.outage(ctx)
	case dice < 10:
		return c.refuse(ctx, n)
	case !c.there[n]:
		return c.come(ctx, n)
	case dice < 60:
		return client.IgnoreNotFound(c.client.Update(ctx, slice(n, c.luck.IntN(4))))
	case dice < 80:
		return c.alter(ctx, n)
	}
	return c.leave(ctx, n)
}

// outage is a cloud that is away, or slow, for a moment.
func (c *churn) outage(ctx context.Context) error {
	c.outages++
	fault := &emulator.Fault{Status: http.StatusServiceUnavailable, Body: "down"}
	if c.luck.IntN(2) == 0 {
		fault = &emulator.Fault{Delay: 2 * time.Second}
	}
	c.cloud.SetFault(func(*http.Request) *emulator.Fault { return fault })
	defer c.cloud.SetFault(nil)
	return pause(ctx, time.Duration(1+c.luck.IntN(4))*time.Second)
}

// refuse applies a Service that asks for what cannot be had. While the cloud is silent it
// may be let pass.
func (c *churn) refuse(ctx context.Context, n int) error {
	bad := member(fmt.Sprint("bad-", n))
	bad.Spec.Type, bad.Spec.LoadBalancerIP = corev1.ServiceTypeLoadBalancer, unknown
	if err := c.client.Create(ctx, bad); err != nil {
		c.refused++
		return nil
	}
	return c.client.Delete(ctx, bad)
}

// come creates a Service: a plain one, one with an address of the pool, or one with an
// address of its own.
func (c *churn) come(ctx context.Context, n int) error {
	svc := member(name(n))
	switch n % 3 {
	case 1:
		svc.Spec.Type = corev1.ServiceTypeLoadBalancer
	case 2:
		svc.Spec.Type, svc.Spec.LoadBalancerIP = corev1.ServiceTypeLoadBalancer, fmt.Sprintf("172.24.4.%d", 20+n)
	}
	if err := c.client.Create(ctx, slice(n, 0)); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	err := c.client.Create(ctx, svc)
	c.there[n] = err == nil // it may be on its way out still, or have to wait for its address
	return nil
}

// alter gives a Service a second port, or takes it away.
func (c *churn) alter(ctx context.Context, n int) error {
	svc := &corev1.Service{}
	if err := c.client.Get(ctx, client.ObjectKey{Namespace: fleetNamespace, Name: name(n)}, svc); err != nil {
		return client.IgnoreNotFound(err)
	}
	before := svc.DeepCopy()
	if len(svc.Spec.Ports) > 1 {
		svc.Spec.Ports = svc.Spec.Ports[:1]
	} else {
		svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP})
	}
	_ = c.client.Patch(ctx, svc, client.StrategicMergeFrom(before)) // the cloud may be away, and the Service refused
	return nil
}

func (c *churn) leave(ctx context.Context, n int) error {
	c.there[n] = false
	svc, of := member(name(n)), &discoveryv1.EndpointSlice{}
	of.Namespace, of.Name = fleetNamespace, name(n)+"-a"
	return errors.Join(client.IgnoreNotFound(c.client.Delete(ctx, svc)), client.IgnoreNotFound(c.client.Delete(ctx, of)))
}

// A remainder is what a process has when nothing is going on.
type remainder struct{ goroutines, heap, rss float64 }

// ebbing is how long nothing goes on before it is measured: connections that nobody uses
// are closed after 90 s, and client-go keeps each event for 6 minutes, and looks every 6.
const ebbing = 13 * time.Minute

// looking is how long it is measured: an idle heap is collected every 2 minutes.
const looking = 150 * time.Second

// ebb takes all Services away, waits, and looks at what is left.
func (c *churn) ebb(ctx context.Context) (left remainder, err error) {
	for n := range crowd {
		if err := c.leave(ctx, n); err != nil {
			return left, err
		}
	}
	if err := c.empty(ctx); err != nil {
		return left, err
	}
	if err := pause(ctx, ebbing); err != nil {
		return left, err
	}
	for end := time.Now().Add(looking); time.Now().Before(end); {
		now, err := c.measure(ctx)
		if err != nil {
			return left, err
		}
		if left.heap == 0 || now.heap < left.heap {
			left.heap = now.heap
		}
		left.goroutines, left.rss = now.goroutines, now.rss
		if err := pause(ctx, time.Second); err != nil {
			return left, err
		}
	}
	return left, nil
}

// empty waits until no Service is left.
func (c *churn) empty(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		var all corev1.ServiceList
		err := c.client.List(ctx, &all, client.InNamespace(fleetNamespace))
		return len(all.Items) == 0, err
	})
	if err != nil {
		return fmt.Errorf("waiting for all Services to be gone: %w", err)
	}
	return nil
}

// measure reads what octagate exports of itself: of its heap, what was alive when it was
// last collected.
func (c *churn) measure(ctx context.Context) (now remainder, err error) {
	all, err := c.world.Metrics(ctx)
	if err != nil {
		return now, err
	}
	memory, err := memoryOf(c.world.Octagate.PID())
	if err != nil {
		return now, err
	}
	now = remainder{single(all["go_goroutines"]), single(all["go_gc_heap_live_bytes"]), memory.all}
	if now.goroutines == 0 || now.heap == 0 {
		return now, errors.New("octagate exports neither its goroutines nor its heap")
	}
	return now, nil
}

// single is the value of a metric without labels; 0: there is none.
func single(f *dto.MetricFamily) float64 {
	if f == nil || len(f.Metric) == 0 {
		return 0
	}
	return f.Metric[0].GetGauge().GetValue()
}
