// Package webhook answers the API server's admission questions about Services.
//
// It holds no opinion: it hands the Service to policy and turns the verdict into
// an admission response. Its own troubles never refuse anybody's Service.
package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
)

// The paths that the webhook configurations name.
const (
	MutatePath   = "/mutate-v1-service"
	ValidatePath = "/validate-v1-service"
)

// patience is how long a request waits for the cloud. The API server waits 2 s
// for the mutating call and 3 s for the validating one.
const patience = 1500 * time.Millisecond

// Facts is what is known of the cloud and the cluster.
type Facts interface {
	// Known is what is known already.
	Known(context.Context) facts.Snapshot
	// Fresh is the same, but of some kinds what the cloud says now; what it does not say
	// before ctx ends is unknown.
	Fresh(context.Context, facts.Kinds) facts.Snapshot
}

// A Handler answers for one policy.
type Handler struct {
	Policy policy.Config
	Facts  Facts
}

// Register serves h from mgr's webhook server.
func (h Handler) Register(mgr ctrl.Manager) error {
	return ctrl.NewWebhookManagedBy(mgr, &corev1.Service{}).
		WithDefaulter(h).WithDefaulterCustomPath(MutatePath).
		WithValidator(h).WithValidatorCustomPath(ValidatePath).
		Complete()
}

// Default pins policy's decisions onto svc. It refuses only what the API server
// would refuse, in words that help less, before it asks the validating webhook.
func (h Handler) Default(ctx context.Context, svc *corev1.Service) error {
	old, err := predecessor(ctx)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Judging the Service without its predecessor")
	}
	v := h.judge(ctx, policy.Subject{Service: svc, Old: old, DryRun: dryRun(ctx)})
	if v.Early() {
		return refuse(svc, v)
	}
	svc.Annotations = v.Pinned(svc.Annotations)
	return nil
}

// ValidateCreate implements admission.Validator.
func (h Handler) ValidateCreate(ctx context.Context, svc *corev1.Service) (admission.Warnings, error) {
	return answer(svc, h.judge(ctx, policy.Subject{Service: svc, DryRun: dryRun(ctx)}))
}

// ValidateUpdate implements admission.Validator.
func (h Handler) ValidateUpdate(ctx context.Context, old, svc *corev1.Service) (admission.Warnings, error) {
	return answer(svc, h.judge(ctx, policy.Subject{Service: svc, Old: old, DryRun: dryRun(ctx)}))
}

// ValidateDelete implements admission.Validator. Deleting is always allowed.
func (h Handler) ValidateDelete(context.Context, *corev1.Service) (admission.Warnings, error) {
	return nil, nil
}

// judge evaluates the subject, and once more with what the cloud says now when
// the verdict depends on it: nobody is refused on old evidence. A panic would be
// a denial to the API server; here it is a Service that was not judged.
func (h Handler) judge(ctx context.Context, s policy.Subject) (v policy.Verdict) {
	defer func() {
		if p := recover(); p != nil {
			ctrl.LoggerFrom(ctx).Error(fmt.Errorf("%v", p), "Judging a Service", "stack", string(debug.Stack()))
			v = policy.Undecided()
		}
	}()
	v = policy.Evaluate(h.Policy, s, h.Facts.Known(ctx))
	doubts := v.Doubts()
	if doubts == 0 {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return policy.Evaluate(h.Policy, s, h.Facts.Fresh(ctx, doubts))
}

func answer(svc *corev1.Service, v policy.Verdict) (admission.Warnings, error) {
	if v.Denied() {
		return v.Warnings(), refuse(svc, v)
	}
	return v.Warnings(), nil
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
