// Package reconcile makes the cloud match each Service.
//
// One reconcile is a straight line: evaluate the Service, observe its tree,
// desire one, plan the difference, take steps until Octavia is busy, report.
// Only the ends of the line touch the outside world, no step is remembered, and
// nobody waits for Octavia to finish anything.
package reconcile

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
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
	// Fresh is the same, but with what the cloud says now to a question. The rest is Old.
	Fresh(context.Context, facts.Question) facts.Snapshot
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

	changed chan changedOwner
	elected <-chan struct{} // closed once it is us who build

	announced announced
	mending   mending
	partings  partings
	retries   partings // of what Octavia could not do under a load balancer that is ACTIVE
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
	if outcome.Finished() {
		return unsettled(svc), nil
	}
	return outcome.Result()
}

// unsettled asks for another look at a Service that is built, and of which it is written
// that nobody could verify it yet: nothing else might ask for one.
func unsettled(svc *corev1.Service) ctrl.Result {
	if answer, _ := annotation.Verdict.Read(svc.Annotations); answer == annotation.Unverified {
		return ctrl.Result{RequeueAfter: deniedPause}
	}
	return ctrl.Result{}
}

// judge evaluates svc, and once more with what the cloud says now before it
// objects to anything on old evidence.
func (r *Reconciler) judge(ctx context.Context, svc *corev1.Service, observed octavia.Tree) policy.Verdict {
	subject := policy.Subject{Service: svc, Has: has(observed)}
	v := policy.Evaluate(r.Policy, subject, r.Facts.Known(ctx))
	doubts := v.Doubts()
	if leaving(svc, v) || !v.Denied() || doubts == (facts.Question{}) {
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

// converge takes the steps from observed to what svc desires.
func (r *Reconciler) converge(ctx context.Context, svc *corev1.Service, v policy.Verdict, observed octavia.Tree) Outcome {
	d := r.decide(ctx, svc, v, observed)
	if d.Steps == nil && !d.Against.Finished() {
		return d.Against
	}
	if d.again {
		defer r.retries.tried(svc.UID)
	}
	o := r.take(ctx, svc, d.Steps, observed)
	if d.Against.Finished() || o.Warn || !d.Against.Warn && !o.Finished() {
		return o
	}
	return d.Against
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
	err := r.Client.Patch(ctx, svc, marksSince(before))
	if err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}
