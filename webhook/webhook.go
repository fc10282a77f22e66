// Package webhook answers the API server's admission questions about Services.
//
// It holds no opinion: it hands the Service to policy and turns the verdict into
// an admission response. Its own troubles never refuse anybody's Service.
package webhook

import (
	"context"

	"golang.org/x/sync/semaphore"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// The paths that the webhook configurations name.
const (
	MutatePath   = "/mutate-v1-service"
	ValidatePath = "/validate-v1-service"
)

// Facts is what is known of the cloud and the cluster.
type Facts interface {
	// Known is what is known already.
	Known(context.Context) facts.Snapshot
	// Fresh is the same, but with what the cloud says now to a question, as far as it says
	// that before ctx ends. The rest is Old.
	Fresh(context.Context, facts.Question) facts.Snapshot
}

// A Handler answers for one policy.
type Handler struct {
	Policy policy.Config
	Facts  Facts
	Strict bool                // what the cloud does not confirm is refused, not only warned about
	Advise bool                // nobody is refused, only warned
	Slots  Slots               // that requests are judged in; nil: all at once
	Room   *semaphore.Weighted // for requests that are held at once; nil: for all
	Counts *Counts             // of the answers; nil: nobody counts
}

// Register serves h from mgr's webhook server.
func (h Handler) Register(mgr ctrl.Manager) {
	mgr.GetWebhookServer().Register(MutatePath, h.Mutating())
	mgr.GetWebhookServer().Register(ValidatePath, h.Validating())
}

// mutate pins policy's decisions onto a Service. It refuses only what the API server
// would refuse, in words that help less, before it asks the validating webhook.
func (h Handler) mutate(ctx context.Context, s policy.Subject) answer {
	v := h.judge(ctx, s)
	early := v.Early() && !h.Advise
	h.Counts.answered(mutate, v.Answer(), !early)
	if early {
		h.Counts.found(v) // nobody asks the validating webhook then
		return refused(s.Service, v)
	}
	return answer{patch: annotated(s.Service.Annotations, h.pinned(s, v))}
}

// pinned are the annotations of a Service with policy's decisions among them.
func (h Handler) pinned(s policy.Subject, v policy.Verdict) map[string]string {
	if !v.Managed && s.Old != nil && policy.Retired(h.Policy, s.Old) && policy.Retired(h.Policy, s.Service) && sameKind(s.Old, s.Service) {
		return s.Service.Annotations // it is not the author who gives it up
	}
	pinned := v.Pinned(s.Service.Annotations)
	if s.Old == nil {
		delete(pinned, annotation.LoadBalancerID.Key) // nothing is built yet, whatever it was copied from
	}
	return pinned
}

// sameKind reports whether a Service is of the type and class that it was of.
func sameKind(old, svc *corev1.Service) bool {
	class := func(s *corev1.Service) string {
		if s.Spec.LoadBalancerClass == nil {
			return ""
		}
		return *s.Spec.LoadBalancerClass
	}
	return old.Spec.Type == svc.Spec.Type && class(old) == class(svc)
}

// validate says what policy thinks of a Service.
func (h Handler) validate(ctx context.Context, s policy.Subject) answer {
	v := h.judge(ctx, s)
	if h.Strict {
		v = v.Strict()
	}
	if h.Advise {
		v = v.Advised()
	}
	h.Counts.answered(validate, v.Answer(), !v.Denied())
	h.Counts.found(v)
	var a answer
	if v.Denied() {
		a = refused(s.Service, v)
	}
	a.warnings = v.Warnings()
	return a
}

// judge evaluates the subject, and once more with what the cloud says now when
// the verdict depends on it: nobody is refused on old evidence. There is no third time:
// what comes up only then is not held against anybody, unless it is fresh, too.
func (h Handler) judge(ctx context.Context, s policy.Subject) policy.Verdict {
	v := policy.Evaluate(h.Policy, s, h.Facts.Known(ctx))
	doubts := v.Doubts()
	if doubts == (facts.Question{}) {
		return v
	}
	return policy.Evaluate(h.Policy, s, h.Facts.Fresh(ctx, doubts))
}

// refused is every error at once, as the API server prints its own.
func refused(svc *corev1.Service, v policy.Verdict) answer {
	why := apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), svc.Name, v.Errors())
	return answer{refusal: &why.ErrStatus}
}
