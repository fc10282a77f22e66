package e2e

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests"
)

// A flood is good Services that are applied in dry runs, a hundred in a second. Each has to
// be judged by both webhooks.
type flood struct {
	c       *corner
	stop    context.CancelFunc
	pouring sync.WaitGroup
	sent    atomic.Int64

	mu     sync.Mutex
	failed []string
}

// enough is how many have to pass.
const enough = 1200

// atOnce is how many are under way at most: on a slow machine the flood is slower, and does
// not drown the API server.
const atOnce = 20

func (c *corner) flood() *flood {
	c.Helper()
	ctx, stop := context.WithCancel(c.Context())
	f := &flood{c: c, stop: stop}
	c.Cleanup(stop)
	f.pouring.Go(func() { f.pour(ctx) })
	return f
}

// pour sends Services until ctx ends.
func (f *flood) pour(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var drops errgroup.Group
	drops.SetLimit(atOnce)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			f.sent.Add(1)
			drops.Go(func() error {
				f.drop()
				return nil
			})
		}
	}
	_ = drops.Wait() // each keeps its own failure
}

// drop is one Service.
func (f *flood) drop() {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.c.namespace, Name: "drop"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}
	err := f.c.world.Cluster.Client.Create(f.c.Context(), svc, client.DryRunAll)
	fault := ""
	switch verdict := svc.Annotations["octagate.dev/verdict"]; {
	case err != nil:
		fault = err.Error()
	case verdict != "accepted":
		fault = "verdict: " + verdict
	default:
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = append(f.failed, time.Now().UTC().Format(time.StampMilli)+" "+fault)
}

// end waits until enough have been sent, and fails if one of them all has failed.
func (f *flood) end() {
	f.c.Helper()
	f.c.until("enough", func() string {
		if f.sent.Load() < enough {
			return "not enough"
		}
		return "enough"
	})
	f.stop()
	f.pouring.Wait()
	f.c.Logf("%d of %d failed", len(f.failed), f.sent.Load())
	if len(f.failed) > 0 {
		f.c.Errorf("%d of %d failed: %q\n%s", len(f.failed), f.sent.Load(), f.failed[:min(5, len(f.failed))], f.c.world.Log())
	}
}

// insist has the API server refuse what octagate does not answer, so that it is seen. It
// waits for longer than usual: this machine may be slow.
func (c *corner) insist() {
	c.Helper()
	c.rewrite(func(m *admissionv1.MutatingWebhookConfiguration, v *admissionv1.ValidatingWebhookConfiguration) {
		m.Webhooks[0].FailurePolicy, v.Webhooks[0].FailurePolicy = new(admissionv1.Fail), new(admissionv1.Fail)
		m.Webhooks[0].TimeoutSeconds, v.Webhooks[0].TimeoutSeconds = new(int32(20)), new(int32(20))
	})
}

// rewrite changes both webhook configurations.
func (c *corner) rewrite(edit func(*admissionv1.MutatingWebhookConfiguration, *admissionv1.ValidatingWebhookConfiguration)) {
	c.Helper()
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		m, v := &admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}
		for _, o := range []client.Object{m, v} {
			if err := c.world.Cluster.Client.Get(c.Context(), client.ObjectKey{Name: manifests.Name}, o); err != nil {
				return err
			}
		}
		edit(m, v)
		if err := c.world.Cluster.Client.Update(c.Context(), m); err != nil {
			return err
		}
		return c.world.Cluster.Client.Update(c.Context(), v)
	})
	if err != nil && c.Context().Err() == nil {
		c.Error(err)
	}
}
