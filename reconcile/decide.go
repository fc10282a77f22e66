package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/backend"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A Decision is what is to be done about a Service now. Nothing of it is done yet.
type Decision struct {
	Desired octavia.Tree // what the Service asks for, where that was looked at
	Steps   plan.Plan    // to be taken, as far as Octavia is not busy; nil: there are none
	Against Outcome      // why no other steps are taken; finished: they are all that is wanted

	again bool // Octavia is told again what it could not do
}

// decide is what to do about svc. Of a Service that policy denies nothing new is built
// and nothing is torn down; its members go on following its Pods.
func (r *Reconciler) decide(ctx context.Context, svc *corev1.Service, v policy.Verdict, observed octavia.Tree) Decision {
	if o := retired(r.Policy, svc); !o.Finished() && !observed.Empty() {
		return r.upkeep(ctx, svc, observed, o)
	}
	if leaving(svc, v) {
		r.mending.gone(svc.UID)
		r.retries.over(svc.UID)
		return r.leave(svc, observed)
	}
	r.partings.over(svc.UID)
	against := objection(v, observed)
	if against.Finished() {
		against = r.unmended(svc, observed)
	}
	if !against.Finished() && (!observed.Exists() || observed.Broken()) {
		return Decision{Against: against}
	}
	desired, err := r.desire(ctx, svc, v)
	if errors.Is(err, errNoSlices) {
		return Decision{Against: Outcome{Reason: working, Waiting: err.Error(), Again: slicesPause}}
	}
	if err != nil {
		return Decision{Against: stopped(err)}
	}
	p := r.plan(desired, observed)
	if against.Finished() {
		d := r.attempt(svc, v, p, observed)
		d.Desired = desired
		return d
	}
	return Decision{Desired: desired, Steps: p.Upkeep(), Against: against}
}

// upkeep has the members of a retired Service follow its Pods, and leaves all else as it is,
// but for a floating IP when it is not of type LoadBalancer any more: that is its author's
// doing, whatever the configuration says.
func (r *Reconciler) upkeep(ctx context.Context, svc *corev1.Service, observed octavia.Tree, against Outcome) Decision {
	v := policy.Evaluate(r.Policy.Including(svc), policy.Subject{Service: svc, Has: has(observed)}, r.Facts.Known(ctx))
	desired, err := r.desire(ctx, svc, v)
	if err != nil {
		return Decision{Against: against}
	}
	var steps plan.Plan
	p := r.plan(desired, observed)
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
		steps = p.Partings()
	}
	if desired.Exists() {
		steps = append(steps, p.Upkeep()...)
	}
	return Decision{Desired: desired, Steps: steps, Against: against}
}

// attempt is the steps of a plan, as far as they are sure: what nobody could verify costs
// nobody an address. What Octavia could not do it is told again, less and less often.
func (r *Reconciler) attempt(svc *corev1.Service, v policy.Verdict, p plan.Plan, observed octavia.Tree) Decision {
	d, now, failing := Decision{Steps: p}, time.Now(), observed.Failing()
	switch {
	case failing != "" && observed.Status == octavia.Active:
		if at, _ := r.retries.next(svc.UID, now); at.After(now) {
			return Decision{Against: Outcome{Reason: broken, Warn: true, Again: at.Sub(now),
				Waiting: fmt.Sprintf("Octavia could not do what it was told of %s; it is told again at %s", failing, at.UTC().Format("15:04:05 MST"))}}
		}
		d.again = true
	case observed.Status == octavia.Active:
		r.retries.over(svc.UID)
	}
	if sure := p.WithoutAddresses(); v.Unverified() && len(sure) < len(p) {
		d.Steps = sure
		d.Against = Outcome{Reason: unverified, Waiting: "what the Service asks for is not verified yet: OpenStack has not answered", Again: unverifiedPause}
	}
	return d
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
	err := r.Client.List(ctx, &slices, client.InNamespace(svc.Namespace),
		client.MatchingFields{byService: svc.Name}, client.MatchingLabels{discoveryv1.LabelServiceName: svc.Name},
		client.UnsafeDisableDeepCopy) // they are only read
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
