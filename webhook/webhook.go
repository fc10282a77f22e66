// Package webhook answers the API server's admission questions about Services.
//
// It holds no opinion: it hands the Service to policy and turns the verdict into
// an admission response. Its own troubles never refuse anybody's Service.
package webhook

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/semaphore"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

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
	// Fresh is the same, but of some kinds what the cloud says now, as far as it says
	// that before ctx ends. The rest is Old.
	Fresh(context.Context, facts.Kinds) facts.Snapshot
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

// Default pins policy's decisions onto svc. It refuses only what the API server
// would refuse, in words that help less, before it asks the validating webhook.
func (h Handler) Default(ctx context.Context, svc *corev1.Service) error {
	old, err := predecessor(ctx)
	if err != nil {
		return err
	}
	v := h.judge(ctx, policy.Subject{Service: svc, Old: old, DryRun: dryRun(ctx)})
	early := v.Early() && !h.Advise
	h.Counts.answered(mutate, v.Answer(), !early)
	if early {
		h.Counts.found(v) // nobody asks the validating webhook then
		return refuse(svc, v)
	}
	if !v.Managed && old != nil && policy.Retired(h.Policy, old) && policy.Retired(h.Policy, svc) && sameKind(old, svc) {
		return nil // it is not the author who gives it up
	}
	if svc.Annotations = v.Pinned(svc.Annotations); old == nil {
		delete(svc.Annotations, annotation.LoadBalancerID.Key) // nothing is built yet, whatever it was copied from
	}
	return nil
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

// ValidateCreate implements admission.Validator.
func (h Handler) ValidateCreate(ctx context.Context, svc *corev1.Service) (admission.Warnings, error) {
	return h.validate(ctx, policy.Subject{Service: svc, DryRun: dryRun(ctx)})
}

// ValidateUpdate implements admission.Validator.
func (h Handler) ValidateUpdate(ctx context.Context, old, svc *corev1.Service) (admission.Warnings, error) {
	return h.validate(ctx, policy.Subject{Service: svc, Old: old, DryRun: dryRun(ctx)})
}

// ValidateDelete implements admission.Validator. Deleting is always allowed.
func (h Handler) ValidateDelete(context.Context, *corev1.Service) (admission.Warnings, error) {
	return nil, nil
}

func (h Handler) validate(ctx context.Context, s policy.Subject) (admission.Warnings, error) {
	v := h.judge(ctx, s)
	if h.Strict {
		v = v.Strict()
	}
	if h.Advise {
		v = v.Advised()
	}
	h.Counts.answered(validate, v.Answer(), !v.Denied())
	h.Counts.found(v)
	if v.Denied() {
		return v.Warnings(), refuse(s.Service, v)
	}
	return v.Warnings(), nil
}

// judge evaluates the subject, and once more with what the cloud says now when
// the verdict depends on it: nobody is refused on old evidence. There is no third time:
// what comes up only then is not held against anybody, unless it is fresh, too.
func (h Handler) judge(ctx context.Context, s policy.Subject) policy.Verdict {
	v := policy.Evaluate(h.Policy, s, h.Facts.Known(ctx))
	doubts := v.Doubts()
	if doubts == 0 {
		return v
	}
	return policy.Evaluate(h.Policy, s, h.Facts.Fresh(ctx, doubts))
}

// refuse is every error at once, as the API server prints its own.
func refuse(svc *corev1.Service, v policy.Verdict) error {
	return apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), svc.Name, v.Errors())
}

func dryRun(ctx context.Context) bool {
	request, err := admission.RequestFromContext(ctx)
	return err == nil && request.DryRun != nil && *request.DryRun
}

// predecessor is the Service before an update; nil on creation.
func predecessor(ctx context.Context) (*corev1.Service, error) {
	request, err := admission.RequestFromContext(ctx)
	if err != nil || len(request.OldObject.Raw) == 0 {
		return nil, err
	}
	old := &corev1.Service{}
	if err := json.Unmarshal(request.OldObject.Raw, old); err != nil {
		return nil, fmt.Errorf("reading the old Service: %w", err)
	}
	return old, nil
}
