package reconcile

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	crreconcile "sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/octagate/octagate/reconcile/octavia"
)

type changedOwner = event.TypedGenericEvent[octavia.Owner]

// byUID is the cache index that finds the Service of an owner.
const byUID = "metadata.uid"

// byService is the cache index that finds the EndpointSlices of a Service, of whose namespace
// others may have thousands.
const byService = "metadata.labels." + discoveryv1.LabelServiceName

// workers is how many Services are reconciled at once. None of them waits for Octavia to
// finish anything; each waits for the answer to its own call.
const workers = 32

// Register makes mgr run r: for each Service, whenever it, its EndpointSlices or
// its tree changes.
func (r *Reconciler) Register(ctx context.Context, mgr ctrl.Manager) error {
	r.changed, r.elected = make(chan changedOwner, 1024), mgr.Elected()
	err := mgr.GetFieldIndexer().IndexField(ctx, &corev1.Service{}, byUID, func(o client.Object) []string {
		return []string{string(o.GetUID())}
	})
	if err != nil {
		return err
	}
	err = mgr.GetFieldIndexer().IndexField(ctx, &discoveryv1.EndpointSlice{}, byService, func(o client.Object) []string {
		return []string{o.GetLabels()[discoveryv1.LabelServiceName]}
	})
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).Named("service").
		For(&corev1.Service{}, builder.WithPredicates(predicate.Funcs{UpdateFunc: Concerns})).
		Watches(&discoveryv1.EndpointSlice{}, handler.EnqueueRequestsFromMapFunc(serviceOf)).
		WatchesRawSource(source.Channel(r.changed, handler.TypedEnqueueRequestsFromMapFunc(r.owned))).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
		Complete(crreconcile.AsReconciler[*corev1.Service](mgr.GetClient(), r))
}

// Concerns leaves out updates of nothing but the words of a condition: they may
// differ with every try, and must not ask for another.
func Concerns(e event.UpdateEvent) bool {
	before, now := e.ObjectOld.(*corev1.Service), e.ObjectNew.(*corev1.Service)
	return before.ResourceVersion == now.ResourceVersion || !equality.Semantic.DeepEqual(wordless(before), wordless(now))
}

// wordless is svc less what says nothing about it.
func wordless(svc *corev1.Service) *corev1.Service {
	svc = svc.DeepCopy()
	svc.ResourceVersion, svc.ManagedFields = "", nil
	for i := range svc.Status.Conditions {
		svc.Status.Conditions[i].Message, svc.Status.Conditions[i].LastTransitionTime = "", metav1.Time{}
	}
	return svc
}

// Changed asks for a reconcile of the Service that owns a tree.
func (r *Reconciler) Changed(ctx context.Context, o octavia.Owner) { tell(ctx, r.changed, o) }

func tell(ctx context.Context, changed chan<- changedOwner, o octavia.Owner) {
	select {
	case changed <- changedOwner{Object: o}:
	case <-ctx.Done():
	}
}

// serviceOf is the Service that an EndpointSlice belongs to.
func serviceOf(_ context.Context, slice client.Object) []crreconcile.Request {
	name := slice.GetLabels()[discoveryv1.LabelServiceName]
	if name == "" {
		return nil
	}
	return []crreconcile.Request{{NamespacedName: types.NamespacedName{Namespace: slice.GetNamespace(), Name: name}}}
}

// owned is the Service of an owner, if it is still there.
func (r *Reconciler) owned(ctx context.Context, o octavia.Owner) []crreconcile.Request {
	var services corev1.ServiceList
	if err := r.Client.List(ctx, &services, client.MatchingFields{byUID: string(o.UID)}, client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Looking up the Service of a load balancer")
		return nil
	}
	var requests []crreconcile.Request
	for i := range services.Items {
		requests = append(requests, crreconcile.Request{NamespacedName: client.ObjectKeyFromObject(&services.Items[i])})
	}
	return requests
}
