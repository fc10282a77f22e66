package reconcile_test

import (
	"fmt"
	"maps"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/backend"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A story is a scenario as it was given.
type story struct {
	service *corev1.Service // as it was applied, or is stored
	applied bool            // it was: admission is asked about it, unless it is being deleted
	written *corev1.Service // what its author applied before
	old     *corev1.Service // what is stored of that, if nothing was built for it
	now     moment
	before  moment // in which written was applied, and built
	cloud   cloud
	meddle  meddling
}

// A moment is what a Service was applied to.
type moment struct {
	config policy.Config
	slices []discoveryv1.EndpointSlice
}

// An ending is what comes out, in words.
type ending struct{ verdict, tree, plan string }

// desire is the tree that an intent asks for at a moment.
func (m moment) desire(in policy.Intent, c cloud) octavia.Tree {
	return octavia.Desire(in, backend.Of(in, m.slices, c.Hosts))
}

// past is the Service as it stood when service was applied, and what was built for it.
func (s story) past() (*corev1.Service, octavia.Tree) {
	if s.written == nil {
		return s.old, octavia.Tree{}
	}
	v := policy.Evaluate(s.before.config, policy.Subject{Service: s.written}, s.cloud.snapshot(octavia.Tree{}))
	stored := s.written.DeepCopy()
	stored.Annotations = v.Pinned(stored.Annotations)
	tree := made(s.before.desire(v.Intent, s.cloud))
	if tree.Exists() {
		annotation.LoadBalancerID.Write(stored.Annotations, tree.ID)
	}
	return stored, tree
}

// ending walks the line: what admission says of the Service, what the reconciler then
// desires, and what it does.
func (s story) ending() (ending, error) {
	old, observed := s.past()
	if err := s.meddle.with(&observed); err != nil {
		return ending{}, fmt.Errorf("observed.yaml: %w", err)
	}
	known := s.cloud.snapshot(observed)
	svc, said := s.merged(old), ""
	if s.applied && svc.DeletionTimestamp.IsZero() {
		v := policy.Evaluate(s.now.config, policy.Subject{Service: svc, Old: old}, known)
		if v.Denied() {
			return ending{verdictText(refused, v), "(refused)\n", "(refused)\n"}, nil
		}
		svc.Annotations, said = v.Pinned(svc.Annotations), verdictText("", v)
	}
	v := policy.Evaluate(s.now.config, policy.Subject{Service: svc, Has: reconcile.Has(observed)}, known)
	switch {
	case !svc.DeletionTimestamp.IsZero():
		said = verdictText(deleted, v)
	case said == "":
		said = verdictText("", v)
	case v.Managed && v.Stale(svc.Annotations):
		return ending{}, fmt.Errorf("the reconciler writes otherwise than admission: %s", cmp.Diff(svc.Annotations, v.Pinned(svc.Annotations)))
	}
	return s.reconciled(said, svc, v, observed)
}

// reconciled is what the reconciler makes of a Service that is stored, and of which it
// thinks v.
func (s story) reconciled(verdict string, svc *corev1.Service, v policy.Verdict, observed octavia.Tree) (ending, error) {
	desired := reconcile.Departed(svc)
	if !reconcile.Leaving(svc, v) {
		desired = s.now.desire(v.Intent, s.cloud)
	}
	if p := s.cloud.plan(desired, made(desired)); len(p) > 0 {
		return ending{}, fmt.Errorf("what is as desired is changed:\n%s", p)
	}
	return ending{verdict, treeText(desired), s.steps(svc, v, desired, observed)}, nil
}

// steps are what the reconciler does, with whatever keeps it from doing more before them.
// What is broken has been for long enough to be mended.
func (s story) steps(svc *corev1.Service, v policy.Verdict, desired, observed octavia.Tree) string {
	if !observed.Broken() {
		p := s.foreseen(svc, observed)
		return planText(p.Against.Reason, p.Steps)
	}
	p := s.cloud.plan(desired, observed)
	if retired := reconcile.Retired(s.now.config, svc); !retired.Finished() && !observed.Empty() {
		return planText(retired.Reason, plan.Plan{})
	}
	if reconcile.Leaving(svc, v) {
		return planText("", p)
	}
	if against := reconcile.Objection(v, observed); !against.Finished() {
		return planText(against.Reason, plan.Plan{})
	}
	return planText("", p)
}

// merged is the Service as kubectl apply leaves it: what others than its author wrote
// onto the old one stays.
func (s story) merged(old *corev1.Service) *corev1.Service {
	svc := s.service.DeepCopy()
	if s.written == nil {
		return svc
	}
	all := maps.Clone(old.Annotations)
	for key := range s.written.Annotations {
		delete(all, key)
	}
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, svc.Annotations)
	svc.Annotations = all
	return svc
}
