package reconcile

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
)

// What tests ask of the reconciler beside what it exports.
var (
	Leaving   = leaving
	Departed  = departed
	Objection = objection
	Retired   = retired
	Has       = has
)

// Judge is what r thinks of svc.
func (r *Reconciler) Judge(ctx context.Context, svc *corev1.Service, observed octavia.Tree) policy.Verdict {
	return r.judge(ctx, svc, observed)
}
