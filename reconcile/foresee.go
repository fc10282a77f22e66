package reconcile

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A Prospect is what a reconcile would do about a Service now, and why.
type Prospect struct {
	Verdict  policy.Verdict
	Observed octavia.Tree
	Trouble  error // why the tree is not known; nil: it is
	Decision
}

// Foresee is what Reconcile would do about svc now. It takes no step and writes nothing. A
// Reconciler that has done nothing yet has nothing to remember: of what is in ERROR it says
// that it would wait.
func (r *Reconciler) Foresee(ctx context.Context, svc *corev1.Service) Prospect {
	observed, trouble := r.Cloud.Observe(r.owner(svc))
	p := Prospect{Verdict: r.judge(ctx, svc, observed), Observed: observed, Trouble: trouble}
	switch {
	case trouble != nil:
		p.Against = stopped(trouble)
	case leaving(svc, p.Verdict) && observed.Empty() && untouched(svc):
	default:
		p.Decision = r.decide(ctx, svc, p.Verdict, observed)
	}
	if observed.Status.Busy() && p.Against.Finished() {
		p.Against = atWork(plan.Plan(nil))
	}
	return p
}

// Owner is whose svc's tree is.
func (r *Reconciler) Owner(svc *corev1.Service) octavia.Owner { return r.owner(svc) }
