// Package reconcile makes the cloud match each Service.
//
// One reconcile is a straight line: evaluate the Service, observe its tree,
// desire one, plan the difference, take steps until Octavia is busy, report.
// Only the ends of the line touch the outside world, no step is remembered, and
// nobody waits for Octavia to finish anything.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/backend"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// Finalizer keeps a Service until nothing of it is left in the cloud.
const Finalizer = annotation.Prefix + "load-balancer"

// A Cloud is as much of OpenStack as a reconcile needs.
type Cloud interface {
	// Observe is the owner's tree. It is an error when the tree is not known as
	// it is since the last step taken for its owner.
	Observe(octavia.Owner) (octavia.Tree, error)
	// Take carries out one step, once.
	Take(context.Context, octavia.Owner, plan.Step) error
	// Manner is how the cloud has to be treated.
	Manner() plan.Manner
}

// Facts is what is known of the cloud and the cluster.
type Facts interface {
	// Known is what is known already.
	Known(context.Context) facts.Snapshot
	// Fresh is the same, but of some kinds what the cloud says now; what it does not say is
	// unknown.
	Fresh(context.Context, facts.Kinds) facts.Snapshot
}

// A Reconciler reconciles one Service at a time.
type Reconciler struct {
	Cluster string        // its name in the cloud
	System  types.UID     // the UID of its namespace kube-system
	Mend    time.Duration // how long a broken load balancer is left alone before it is made anew; 0: for ever
	Policy  policy.Config
	Facts   Facts
	Cloud   Cloud
	Client  client.Client
	Events  events.EventRecorder
	Counts  *Counts // of how long Services wait; nil: nobody counts

	changed  chan changedOwner
	elected  <-chan struct{} // closed once it is us who build
	mending  mending
	partings partings
	retries  partings // of what Octavia could not do under a load balancer that is ACTIVE
}

// Reconcile brings the cloud closer to svc, and says so on svc.
func (r *Reconciler) Reconcile(ctx context.Context, svc *corev1.Service) (ctrl.Result, error) {
	observed, trouble := r.Cloud.Observe(r.owner(svc))
	verdict := r.judge(ctx, svc, observed)
	if leaving(svc, verdict) && observed.Empty() && untouched(svc) {
		return ctrl.Result{}, nil
	}
	if !observed.Empty() {
		if err := r.hold(ctx, svc); err != nil {
			return again(err)
		}
	}
	if plan.ReasonOf(trouble) == plan.Busy {
		return ctrl.Result{}, nil // the Watch asks for a reconcile when it knows more
	}
	outcome := stopped(trouble)
	if trouble == nil {
		outcome = r.converge(ctx, svc, verdict, observed)
	}
	if err := r.report(ctx, svc, verdict, observed, outcome); err != nil {
		return again(fmt.Errorf("reporting on the Service: %w", err))
	}
	if trouble != nil {
		return outcome.Result()
	}
	if err := r.mark(ctx, svc, verdict, observed, outcome); err != nil {
		return again(fmt.Errorf("marking the Service: %w", err))
	}
	return outcome.Result()
}

// judge evaluates svc, and once more with what the cloud says now before it
// objects to anything on old evidence.
func (r *Reconciler) judge(ctx context.Context, svc *corev1.Service, observed octavia.Tree) policy.Verdict {
	subject := policy.Subject{Service: svc, Has: has(observed)}
	v := policy.Evaluate(r.Policy, subject, r.Facts.Known(ctx))
	doubts := v.Doubts()
	if leaving(svc, v) || !v.Denied() || doubts == 0 {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return policy.Evaluate(r.Policy, subject, r.Facts.Fresh(ctx, doubts))
}

// untouched reports whether svc bears nothing of ours, and never did.
func untouched(svc *corev1.Service) bool {
	_, judged := svc.Annotations[annotation.Verdict.Key]
	return !judged && !controllerutil.ContainsFinalizer(svc, Finalizer) &&
		apimeta.FindStatusCondition(svc.Status.Conditions, Ready) == nil
}

// has is as much of a load balancer as policy must know.
func has(observed octavia.Tree) policy.LoadBalancer {
	lb := policy.LoadBalancer{VIP: observed.VIP.Address, Subnet: observed.VIP.Subnet}
	if len(observed.More) > 0 {
		lb.Second, lb.SecondSubnet = observed.More[0].Address, observed.More[0].Subnet
	}
	return lb
}

// again is what comes of a write to the Service that failed. Who lost a race
// against another write looks at the Service as it is now.
func again(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: changedPause}, nil
	}
	return ctrl.Result{}, client.IgnoreNotFound(err)
}

// leaving reports whether svc no longer wants anything from us. It is asked
// before every objection: what policy forbids may still leave.
func leaving(svc *corev1.Service, v policy.Verdict) bool {
	return !v.Managed || !svc.DeletionTimestamp.IsZero()
}

func (r *Reconciler) owner(svc *corev1.Service) octavia.Owner {
	return octavia.Owner{Cluster: r.Cluster, System: r.System, UID: svc.UID}
}

// converge takes the steps from observed to what svc desires. Of a Service that
// policy denies nothing new is built and nothing is torn down; its members go on
// following its Pods.
func (r *Reconciler) converge(ctx context.Context, svc *corev1.Service, v policy.Verdict, observed octavia.Tree) Outcome {
	if o := retired(r.Policy, svc); !o.Finished() && !observed.Empty() {
		return r.upkeep(ctx, svc, observed, o)
	}
	if leaving(svc, v) {
		r.mending.gone(svc.UID)
		r.retries.over(svc.UID)
		return r.leave(ctx, svc, observed)
	}
	r.partings.over(svc.UID)
	against := objection(v, observed)
	if against.Finished() {
		against = r.unmended(svc, observed)
	}
	if !against.Finished() && (!observed.Exists() || observed.Broken()) {
		return against
	}
	desired, err := r.desire(ctx, svc, v)
	if errors.Is(err, errNoSlices) {
		return Outcome{Reason: working, Waiting: err.Error(), Again: slicesPause}
	}
	if err != nil {
		return stopped(err)
	}
	p := r.plan(desired, observed)
	if against.Finished() {
		return r.attempt(ctx, svc, v, p, observed)
	}
	if o := r.take(ctx, svc, p.Upkeep(), observed); o.Warn {
		return o
	}
	return against
}

// upkeep has the members of a retired Service follow its Pods, and leaves all else as it is.
func (r *Reconciler) upkeep(ctx context.Context, svc *corev1.Service, observed octavia.Tree, against Outcome) Outcome {
	v := policy.Evaluate(r.Policy.Including(svc), policy.Subject{Service: svc, Has: has(observed)}, r.Facts.Known(ctx))
	desired, err := r.desire(ctx, svc, v)
	if err != nil || !desired.Exists() {
		return against
	}
	if o := r.take(ctx, svc, r.plan(desired, observed).Upkeep(), observed); o.Warn {
		return o
	}
	return against
}

// attempt takes the steps of a plan, as far as they are sure: what nobody could verify
// costs nobody an address. What Octavia could not do it is told again, less and less often.
func (r *Reconciler) attempt(ctx context.Context, svc *corev1.Service, v policy.Verdict, p plan.Plan, observed octavia.Tree) Outcome {
	now, failing := time.Now(), observed.Failing()
	switch {
	case failing != "" && observed.Status == octavia.Active:
		if at, _ := r.retries.next(svc.UID, now); at.After(now) {
			return Outcome{Reason: broken, Warn: true, Again: at.Sub(now),
				Waiting: fmt.Sprintf("Octavia could not do what it was told of %s; it is told again at %s", failing, at.UTC().Format("15:04:05 MST"))}
		}
		defer r.retries.tried(svc.UID)
	case observed.Status == octavia.Active:
		r.retries.over(svc.UID)
	}
	if sure := p.WithoutAddresses(); v.Unverified() && len(sure) < len(p) {
		if o := r.take(ctx, svc, sure, observed); !o.Finished() {
			return o
		}
		return Outcome{Reason: unverified, Waiting: "what the Service asks for is not verified yet: OpenStack has not answered", Again: unverifiedPause}
	}
	return r.take(ctx, svc, p, observed)
}

// retired is the outcome of a Service that a change of the configuration leaves out:
// what the author of a Service did not do to it does not cost it its load balancer, or
// an address for good.
func retired(cfg policy.Config, svc *corev1.Service) Outcome {
	if !svc.DeletionTimestamp.IsZero() || !policy.Retired(cfg, svc) {
		return Outcome{}
	}
	return Outcome{Reason: leftOut, Warn: true, Waiting: "octagate's configuration leaves this Service out; what is built stays as it is until the Service is deleted, or loses the annotation " + annotation.Policy.Key}
}

// plan is the way from observed to desired in this cloud.
func (r *Reconciler) plan(desired, observed octavia.Tree) plan.Plan {
	return r.Cloud.Manner().Plan(desired, observed)
}

// departed is what a Service that leaves desires: nothing, but for a floating IP that its
// author wants to keep.
func departed(svc *corev1.Service) octavia.Tree {
	keep, _ := annotation.KeepFloatingIP.Read(annotation.Read(svc.Annotations).Annotations)
	return octavia.Tree{FloatingIP: octavia.FloatingIP{Keep: keep}}
}

// objection is why a Service is not simply built; the zero Outcome: nothing is.
func objection(v policy.Verdict, observed octavia.Tree) Outcome {
	switch {
	case v.Denies(policy.Claimed):
		return Outcome{Reason: conflict, Waiting: v.Errors().ToAggregate().Error(), Again: deniedPause, Warn: true}
	case v.Denied():
		return Outcome{Reason: denied, Waiting: v.Errors().ToAggregate().Error(), Again: deniedPause, Warn: true}
	case v.Unverified() && (!observed.Exists() || observed.Broken()):
		return Outcome{Reason: unverified, Waiting: "what the Service asks for is not verified yet: OpenStack has not answered", Again: unverifiedPause}
	}
	return Outcome{}
}

// stuckPause is how long, at most, what Octavia never finished making is left alone: it
// has not served anybody yet.
const stuckPause = 30 * time.Second

// unmended is the outcome while a broken load balancer is left alone; finished: there
// is nothing to mend, or it is time to.
func (r *Reconciler) unmended(svc *corev1.Service, observed octavia.Tree) Outcome {
	now := time.Now()
	if !observed.Broken() {
		if observed.Status == octavia.Active {
			r.mending.well(svc.UID, now)
		}
		return Outcome{}
	}
	o := Outcome{Reason: broken, Warn: true, Waiting: trouble(observed) + "; see: openstack loadbalancer show " + observed.ID}
	if r.Mend == 0 {
		return o
	}
	after := r.Mend
	if observed.Stuck != "" {
		after = min(after, stuckPause)
	}
	if o.Again = r.mending.wait(svc.UID, after, now); o.Again <= 0 {
		return Outcome{}
	}
	o.Waiting = trouble(observed) + "; it is made anew if it stays so; see: openstack loadbalancer show " + observed.ID
	return o
}

// trouble is what is wrong with a broken load balancer.
func trouble(observed octavia.Tree) string {
	if observed.Stuck != "" {
		return "Octavia never finished making " + observed.Stuck
	}
	return "Octavia has it in ERROR"
}

func (r *Reconciler) desire(ctx context.Context, svc *corev1.Service, v policy.Verdict) (octavia.Tree, error) {
	var slices discoveryv1.EndpointSliceList
	err := r.Client.List(ctx, &slices, client.InNamespace(svc.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: svc.Name})
	if err != nil {
		return octavia.Tree{}, fmt.Errorf("listing EndpointSlices: %w", err)
	}
	if len(slices.Items) == 0 && len(svc.Spec.Selector) > 0 && time.Since(svc.CreationTimestamp.Time) < slicesPatience {
		return octavia.Tree{}, errNoSlices
	}
	names, err := r.hosts(ctx, svc)
	return octavia.Desire(v.Intent, backend.Of(v.Intent, slices.Items, names)), err
}

// hosts are the names of Nodes by their addresses, where the members of svc are Nodes:
// the API servers.
func (r *Reconciler) hosts(ctx context.Context, svc *corev1.Service) (map[string]string, error) {
	if svc.Namespace != metav1.NamespaceDefault || svc.Name != "kubernetes" {
		return nil, nil
	}
	var nodes corev1.NodeList
	if err := r.Client.List(ctx, &nodes); err != nil {
		return nil, fmt.Errorf("listing Nodes: %w", err)
	}
	names := map[string]string{}
	for _, n := range nodes.Items {
		for _, a := range n.Status.Addresses {
			names[a.Address] = n.Name
		}
	}
	return names, nil
}

// take takes steps until Octavia is busy. The next reconcile, which the Watch
// asks for when it is not, plans afresh from what is then true.
func (r *Reconciler) take(ctx context.Context, svc *corev1.Service, p plan.Plan, observed octavia.Tree) Outcome {
	if len(p) > 0 {
		if err := r.hold(ctx, svc); err != nil {
			return stopped(err)
		}
	}
	return advance(ctx, r.Cloud, r.owner(svc), p, observed, func(step plan.Step) {
		r.noted(svc, step, observed)
		r.Events.Eventf(svc, nil, corev1.EventTypeNormal, plan.Kind(step), "Reconcile", "%s", step)
	})
}

// advance takes steps for an owner until Octavia is busy. taken is told of each.
func advance(ctx context.Context, cloud Cloud, o octavia.Owner, p plan.Plan, observed octavia.Tree, taken func(plan.Step)) Outcome {
	for _, step := range p {
		if observed.Status.Busy() && step.Locks() {
			return atWork(p)
		}
		if err := cloud.Take(ctx, o, step); err != nil {
			return stopped(err)
		}
		ctrl.LoggerFrom(ctx).Info("Took a step", "step", step.String())
		taken(step)
		if step.Locks() {
			return atWork(p)
		}
	}
	if observed.Status.Busy() || len(p) > 0 {
		return atWork(p)
	}
	return Outcome{}
}

// noted remembers what was done to a broken load balancer.
func (r *Reconciler) noted(svc *corev1.Service, step plan.Step, observed octavia.Tree) {
	switch {
	case plan.Mends(step):
		r.mending.begun(svc.UID, time.Now())
	case observed.Status == octavia.Failed && step.Locks():
		r.partings.tried(svc.UID)
	}
}

// hold puts our finalizer on svc when there is, or is about to be, something of
// it in the cloud.
func (r *Reconciler) hold(ctx context.Context, svc *corev1.Service) error {
	if !svc.DeletionTimestamp.IsZero() || controllerutil.ContainsFinalizer(svc, Finalizer) {
		return nil
	}
	before := svc.DeepCopy()
	controllerutil.AddFinalizer(svc, Finalizer)
	err := r.Client.Patch(ctx, svc, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}
