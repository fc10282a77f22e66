// Package enforce has the API server insist on octagate's answer, once it is proven that
// there is one.
//
// The validating webhook is installed with failurePolicy Ignore: where octagate cannot be
// asked, Services are stored unjudged. The leader sends the API server, in dry runs, a
// Service that has to be refused. Once the refusal comes back it sets Fail, and when it
// stays away it sets Ignore again: nobody's Services wait for an octagate that the API
// server does not reach. The mutating webhook stays as it is: what it did not write is
// missed by the validating one, and by the reconciler.
//
// Nobody takes Fail back when all replicas are dead; what the webhook configurations
// leave out is what has to work then.
package enforce

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests/metric"
)

// Disarmed is the annotation of the validating webhook configuration that keeps octagate
// from setting its failurePolicy. `octagate disarm` writes it.
const Disarmed = "octagate.dev/disarmed"

// How long it is until the next proof: when all is as it should be, and when not.
const (
	calm    = 30 * time.Second
	anxious = 2 * time.Second
)

// enough is how many times in a row the proof fails before Fail is taken back.
const enough = 3

// A Mode is what an operator wants of octagate.
type Mode string

// The modes.
const (
	Arm    Mode = "Arm"    // bad Services are refused; also while octagate is away, once that is proven to work
	Deny   Mode = "Deny"   // bad Services are refused; failurePolicy is the operator's
	Advise Mode = "Advise" // nobody is refused, so nobody shall have to wait either
)

// An Enforcer keeps the failurePolicy of the validating webhook, on the leader.
type Enforcer struct {
	Client client.Client // that reads from the API server itself
	Name   string        // of the webhook configuration
	Mode   Mode
	Prove  func(context.Context) (Answer, string)
	Events events.EventRecorder
	Log    logr.Logger

	broken int                  // proofs in a row
	told   string               // why it is not armed, last
	armed  atomic.Pointer[bool] // as last seen; nil: another replica looks
}

// NeedLeaderElection is true: it is enough that one asks.
func (e *Enforcer) NeedLeaderElection() bool { return true }

// Start looks again and again until ctx ends.
func (e *Enforcer) Start(ctx context.Context) error {
	for pause := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
			pause = e.Look(ctx)
		}
	}
}

// Look sees to it once that the failurePolicy is as it should be, and says when to look again.
func (e *Enforcer) Look(ctx context.Context) time.Duration {
	configuration := &admissionv1.ValidatingWebhookConfiguration{}
	if err := e.Client.Get(ctx, client.ObjectKey{Name: e.Name}, configuration); err != nil {
		e.show(false, "the webhook configuration cannot be read: "+err.Error())
		return anxious
	}
	armed := insists(configuration)
	wanted, why := e.wanted(ctx, configuration, armed)
	if wanted != armed && e.set(ctx, configuration, wanted, why) {
		armed = wanted
	}
	e.show(armed, why)
	if armed != wanted || why != "" {
		return anxious
	}
	return calm
}

// wanted reports whether the API server should insist on an answer. If it should not be
// asked to, or there is doubt, it says why.
func (e *Enforcer) wanted(ctx context.Context, configuration *admissionv1.ValidatingWebhookConfiguration, armed bool) (wanted bool, why string) {
	if since, ok := configuration.Annotations[Disarmed]; ok {
		return armed, "it was disarmed on " + since + "; annotation " + Disarmed + " keeps it so"
	}
	switch e.Mode {
	case Deny:
		return armed, ""
	case Advise:
		return false, ""
	}
	answer, why := e.Prove(ctx)
	switch answer {
	case Proven:
		e.broken = 0
		return true, ""
	case Broken:
		e.broken++
		return armed && e.broken < enough, why
	}
	return armed, why
}

// insists reports whether a configuration has the API server refuse what cannot be judged.
func insists(configuration *admissionv1.ValidatingWebhookConfiguration) bool {
	return !slices.ContainsFunc(configuration.Webhooks, func(w admissionv1.ValidatingWebhook) bool {
		return w.FailurePolicy == nil || *w.FailurePolicy != admissionv1.Fail
	})
}

// set writes the failurePolicy, unless somebody else writes at the same time: then the
// next look sees what they wrote.
func (e *Enforcer) set(ctx context.Context, configuration *admissionv1.ValidatingWebhookConfiguration, armed bool, why string) bool {
	SetPolicy(configuration, armed)
	err := e.Client.Update(ctx, configuration)
	switch {
	case apierrors.IsConflict(err):
		return false
	case err != nil:
		e.Log.Error(err, "Setting the failurePolicy of the webhook", "armed", armed)
		return false
	case armed:
		e.Log.Info("Enforcement is armed: a bad Service is refused, and none passes unjudged while octagate is away")
		e.Events.Eventf(configuration, nil, corev1.EventTypeNormal, "Armed", "Enforce", "a bad Service is proven to be refused; failurePolicy is Fail now")
	default:
		e.Log.Info("Enforcement is disarmed: Services that cannot be judged are stored", "reason", why)
		e.Events.Eventf(configuration, nil, corev1.EventTypeWarning, "Disarmed", "Enforce", "failurePolicy is Ignore now: %s", why)
	}
	return true
}

// SetPolicy has the API server insist on an answer, or not.
func SetPolicy(configuration client.Object, armed bool) {
	policy := admissionv1.Ignore
	if armed {
		policy = admissionv1.Fail
	}
	switch c := configuration.(type) {
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range c.Webhooks {
			c.Webhooks[i].FailurePolicy = &policy
		}
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range c.Webhooks {
			c.Webhooks[i].FailurePolicy = &policy
		}
	}
}

// show tells whether enforcement is armed, and once each why it is not, or may not stay so.
func (e *Enforcer) show(armed bool, why string) {
	e.armed.Store(&armed)
	if why != e.told && why != "" {
		e.Log.Info("Enforcement is not proven to work", "armed", armed, "reason", why)
	}
	e.told = why
}

var isArmed = metric.Def{
	Name: "octagate_enforcement_armed", Kind: metric.Gauge, Leader: true,
	Doc: "1 while the API server refuses Services that octagate cannot judge (failurePolicy Fail), else 0.",
}

// Metrics are what an Enforcer shows.
func Metrics() []metric.Def { return []metric.Def{isArmed} }

// Reading shows whether enforcement is armed.
func (e *Enforcer) Reading() metric.Reading {
	return metric.Reading{Defs: Metrics(), Read: func(show metric.Show) {
		switch seen := e.armed.Load(); {
		case seen == nil: // another replica looks
		case *seen:
			show(isArmed, 1)
		default:
			show(isArmed, 0)
		}
	}}
}
