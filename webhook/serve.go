package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/octagate/octagate/policy"
)

// What the two webhooks are called in metrics and logs.
const (
	mutate   = "mutate"
	validate = "validate"
)

// Mutating is what is served at MutatePath.
func (h Handler) Mutating() http.Handler {
	return h.serve(mutate, h.mutate)
}

// Validating is what is served at ValidatePath.
func (h Handler) Validating() http.Handler {
	return h.serve(validate, h.validate)
}

func (h Handler) serve(name string, judge judge) http.Handler {
	hook := &admission.Webhook{Handler: lenient{name, judge, h.Slots, h.Counts}, LogConstructor: unadorned}
	return h.Counts.timed(name, timely(bounded(name, h.Counts, h.Room, hook)))
}

// unadorned is the logger of a request. What is said of requests, which is next to
// nothing, says itself which one it is.
func unadorned(base logr.Logger, _ *admission.Request) logr.Logger { return base }

// headway is how long before the API server gives up it is answered.
const headway = 200 * time.Millisecond

// usual is how long the API server waits when it does not say so: the shorter time of
// the two in the webhook configurations.
const usual = 2 * time.Second

// timely ends the context of a request in time for the answer to arrive.
func timely(hook http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience(r.URL)-headway)
		defer cancel()
		hook.ServeHTTP(w, r.WithContext(ctx))
	})
}

// longest is as long as a webhook configuration can have the API server wait.
const longest = 30 * time.Second

// patience is how long the API server waits for an answer, as it says in the URL. Nobody
// else has a say in it.
func patience(u *url.URL) time.Duration {
	if d, err := time.ParseDuration(u.Query().Get("timeout")); err == nil && d > 0 && d <= longest {
		return d
	}
	return usual
}

// A judge answers for one Service.
type judge func(context.Context, policy.Subject) admission.Response

// lenient is one of the two webhooks. To the API server an error is a denial, whatever
// failurePolicy says, and so is a panic; here they are Services that were not judged.
//
// What is not even JSON cannot be answered so, for lack of a UID: the API server takes
// controller-runtime's answer to it for none, and follows failurePolicy.
type lenient struct {
	name   string
	judge  judge
	slots  Slots
	counts *Counts
}

// Handle implements admission.Handler. Deleting is always allowed.
func (l lenient) Handle(ctx context.Context, request admission.Request) (answer admission.Response) {
	if request.Operation == admissionv1.Delete {
		return admission.Allowed("")
	}
	defer func() {
		if p := recover(); p != nil {
			answer = l.pass(ctx, request, panicked, fmt.Errorf("%v\n%s", p, debug.Stack()))
		}
	}()
	if !l.slots.take(ctx) {
		return l.pass(ctx, request, overloaded, errFull)
	}
	defer l.slots.leave()
	s, err := subject(request)
	if err != nil {
		return l.pass(ctx, request, unreadable, err)
	}
	return l.judge(ctx, s)
}

// pass lets a Service pass that could not be judged, and has it say so.
func (l lenient) pass(ctx context.Context, request admission.Request, f fault, why error) admission.Response {
	ctrl.LoggerFrom(ctx).Error(why, "A Service could not be judged, and is allowed", "webhook", l.name, "fault", f,
		"namespace", request.Namespace, "name", request.Name, "user", request.UserInfo.Username, "requestID", request.UID)
	v := policy.Undecided()
	l.counts.failed(l.name, f)
	l.counts.answered(l.name, v.Answer(), true)
	answer := admission.Allowed("")
	if l.name == mutate {
		answer = marked(request.Object.Raw, v.Pins)
	}
	return answer.WithWarnings(v.Warnings()...)
}
