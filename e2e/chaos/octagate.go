package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	crevent "sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/webhook"
)

// The names of the cluster, and of another that was given the same name.
const (
	cluster  = "test"
	system   = types.UID("11111111-0000-4000-8000-000000000000")
	stranger = types.UID("22222222-0000-4000-8000-000000000000")
)

// An octagate is one process of octagate, joined as cmd/octagate joins it, with queues in
// the place of controller-runtime's controllers. It leads; two of them do, for a moment.
type octagate struct {
	w      *world
	number int
	policy policy.Config
	ctx    context.Context
	cancel context.CancelFunc
	dead   atomic.Bool // whatever it does has no effect

	cache      *cache
	cloud      *openstack.Facts
	watch      *openstack.Watch
	reconciler *reconcile.Reconciler
	collector  *reconcile.Collector
	services   workqueue.TypedRateLimitingInterface[types.NamespacedName]
	trees      workqueue.TypedRateLimitingInterface[octavia.Owner]
	blunt      bool                  // its writes have no conditions
	sees       func(*corev1.Service) // changes what it sees of a Service before it reconciles that; nil: nothing
	mutating   http.Handler
	validating http.Handler
}

// known joins what is known of the cloud and of the cluster.
type known struct{ o *octagate }

// Known implements reconcile.Facts.
func (k known) Known(context.Context) facts.Snapshot { return k.with(k.o.cloud.Known()) }

// Fresh implements reconcile.Facts.
func (k known) Fresh(ctx context.Context, asked facts.Question) facts.Snapshot {
	return k.with(k.o.cloud.Fresh(ctx, asked))
}

func (k known) with(s facts.Snapshot) facts.Snapshot {
	s.Claims = k.o.cache.claims(k.o.policy)
	return s
}

func newOctagate(w *world, number, config int) *octagate {
	o := &octagate{w: w, number: number, policy: w.configured(config)}
	o.ctx, o.cancel = context.WithCancel(logr.NewContext(context.Background(), logr.Discard()))
	client, err := openstack.Configure("demo", openstack.Rate{PerSecond: 50, Burst: 100})
	if err != nil {
		panic(err)
	}
	client.Through(road{o})
	client.Opens, client.Adopts = o.policy.OpenVIPs, o.policy.Adopts
	o.cache = newCache(o)
	o.cloud = &openstack.Facts{
		Client: client, Cluster: cluster, Refresh: time.Minute, Log: logr.Discard(),
		ServiceSubnets: []string{w.nets.ServiceSubnet, w.serviceV6}, PodSubnets: []string{w.nets.PodSubnet, w.podV6},
	}
	o.watch = &openstack.Watch{
		Client: client, Facts: o.cloud, Cluster: cluster, Poll: 3 * time.Second, Idle: 30 * time.Second, Changed: o.moved, Log: logr.Discard(),
	}
	o.reconciler = &reconcile.Reconciler{
		Cluster: cluster, System: system, Policy: o.policy, Facts: known{o}, Cloud: o.watch, Mend: 2 * time.Minute, Client: o.cache, Events: silent{},
	}
	o.collector = &reconcile.Collector{
		Cluster: cluster, System: system, Collect: true, Grace: 10 * time.Minute, Cloud: o.watch, Cache: o.cache, Live: truth{o: o},
	}
	o.services = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[types.NamespacedName]())
	o.trees = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[octavia.Owner]())
	h := webhook.Handler{Policy: o.policy, Facts: known{o}}
	o.mutating, o.validating = h.Mutating(), h.Validating()
	if w.sabotage != nil {
		w.sabotage(o)
	}
	return o
}

// silent records no events.
type silent struct{ events.EventRecorder }

// Eventf implements events.EventRecorder.
func (silent) Eventf(_, _ runtime.Object, _, _, _, _ string, _ ...any) {}

// workers is how many Services are reconciled at once.
const workers = 3

// run has o begin its work. It ends when o is stopped or killed.
func (o *octagate) run() {
	go o.cache.run(o.ctx)
	go o.cloud.Start(o.ctx)
	go o.watch.Start(o.ctx)
	for range workers {
		go work(o, o.services, o.reconcile)
	}
	go work(o, o.trees, o.collector.Reconcile)
}

// stop ends o as SIGTERM does.
func (o *octagate) stop() {
	o.w.note("octagate %d stops", o.number)
	o.cancel()
	o.services.ShutDown()
	o.trees.ShutDown()
	time.Sleep(time.Second)
	o.dead.Store(true)
}

// kill ends o as SIGKILL does: nothing that it does has an effect any more.
func (o *octagate) kill() {
	if o.dead.Swap(true) {
		return
	}
	o.w.note("octagate %d is killed", o.number)
	o.cancel()
	o.services.ShutDown()
	o.trees.ShutDown()
}

// work has one worker do what a queue says.
func work[T comparable](o *octagate, queue workqueue.TypedRateLimitingInterface[T], do func(context.Context, T) (ctrl.Result, error)) {
	for {
		item, end := queue.Get()
		if end {
			return
		}
		rest(o.ctx, o.w.instant(time.Millisecond, o.w.lucky(fmt.Sprint("worker ", o.number, item))))
		switch result, err := do(o.ctx, item); {
		case err != nil:
			queue.AddRateLimited(item)
		case result.RequeueAfter > 0:
			queue.Forget(item)
			queue.AddAfter(item, result.RequeueAfter)
		default:
			queue.Forget(item)
		}
		queue.Done(item)
	}
}

func (o *octagate) reconcile(ctx context.Context, name types.NamespacedName) (ctrl.Result, error) {
	svc := o.cache.service(name)
	if svc == nil {
		return ctrl.Result{}, nil
	}
	if o.sees != nil {
		o.sees(svc)
	}
	result, err := o.reconciler.Reconcile(ctx, svc)
	o.w.note("octagate %d reconciled %s: again in %s, %v", o.number, name.Name, result.RequeueAfter, err)
	return result, err
}

// changed is told of a change of a Service that the cache has seen.
func (o *octagate) changed(name types.NamespacedName, old, now *corev1.Service) {
	if old != nil && (now == nil || now.UID != old.UID) {
		o.trees.Add(octavia.Owner{Cluster: cluster, System: system, UID: old.UID})
	}
	if old == nil || now == nil || reconcile.Concerns(crevent.UpdateEvent{ObjectOld: old, ObjectNew: now}) {
		o.services.Add(name)
	}
}

// touched is told of a change of the endpoints of a Service.
func (o *octagate) touched(name types.NamespacedName) { o.services.Add(name) }

// moved is told by the Watch of a change of a tree.
func (o *octagate) moved(_ context.Context, owner octavia.Owner) {
	n := o.w.count("moved " + string(owner.UID))
	time.AfterFunc(o.w.instant(time.Millisecond, "moved", owner.UID, n), func() {
		if name, there := o.cache.named(owner.UID); there {
			o.services.Add(name)
		}
		o.trees.Add(owner)
	})
}

// mutate asks the mutating webhook of whoever answers. Nobody: failurePolicy is Ignore.
func (w *world) mutate(ctx context.Context, old, svc *corev1.Service) (*corev1.Service, error) {
	answer := w.ask(ctx, func(o *octagate) http.Handler { return o.mutating }, old, svc)
	if answer == nil {
		return svc, nil
	}
	if !answer.Allowed {
		return nil, errors.New(answer.Result.Message)
	}
	if len(answer.Patch) == 0 {
		return svc, nil
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		return nil, err
	}
	raw, err := patch.Apply(encode(svc))
	if err != nil {
		return nil, err
	}
	mutated := &corev1.Service{}
	return mutated, json.Unmarshal(raw, mutated)
}

// validate asks the validating webhook of whoever answers.
func (w *world) validate(ctx context.Context, old, svc *corev1.Service) error {
	answer := w.ask(ctx, func(o *octagate) http.Handler { return o.validating }, old, svc)
	if answer != nil && !answer.Allowed {
		return errors.New(answer.Result.Message)
	}
	return nil
}

// ask is the answer of a webhook; nil: nobody answers.
func (w *world) ask(ctx context.Context, hook func(*octagate) http.Handler, old, svc *corev1.Service) *admissionv1.AdmissionResponse {
	all, n := w.alive(), w.count("webhook")
	if len(all) == 0 || w.deafened(n) {
		return nil
	}
	o := all[w.luck(len(all), "webhook", n)]
	o.cache.mu.Lock()
	synced := o.cache.synced
	o.cache.mu.Unlock()
	if !synced {
		return nil // it is not ready yet
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/?timeout=2s", bytes.NewReader(review(old, svc)))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	hook(o).ServeHTTP(recorder, request)
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.Response == nil {
		w.violate("admission answered %d %s", recorder.Code, recorder.Body)
	}
	if o.dead.Load() {
		return nil
	}
	return answer.Response
}

// deafened reports whether a webhook is not heard, now and then: then a Service is stored as
// its author wants it.
func (w *world) deafened(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.peaceful && w.luck(12, "deafened", n) == 0
}

// review is an AdmissionReview as the API server sends it.
func review(old, svc *corev1.Service) []byte {
	typed := func(s *corev1.Service) []byte {
		s = s.DeepCopy()
		s.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}
		return encode(s)
	}
	request := &admissionv1.AdmissionRequest{
		UID: "u", Operation: admissionv1.Create, Namespace: svc.Namespace, Name: svc.Name, Object: runtime.RawExtension{Raw: typed(svc)},
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "Service"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "services"},
	}
	if old != nil {
		request.Operation, request.OldObject.Raw = admissionv1.Update, typed(old)
	}
	return encode(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
}

// encode is a value as JSON, of a type that can be.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
