package webhook

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	ctrl "sigs.k8s.io/controller-runtime"

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
	return h.Counts.timed(name, timely(bounded(name, h.Counts, h.Room, lenient{name, judge, h.Slots, h.Counts}.answer)))
}

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
type judge func(context.Context, policy.Subject) answer

// lenient is one of the two webhooks. To the API server an error is a denial, whatever
// failurePolicy says, and so is a panic; here they are Services that were not judged.
type lenient struct {
	name   string
	judge  judge
	slots  Slots
	counts *Counts
}

// answer answers a request that has arrived. What is no review has no UID to answer to: the
// API server takes that for no answer, and follows failurePolicy.
func (l lenient) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	asked, err := reviewed(body)
	if err != nil {
		l.counts.failed(l.name, unreadable)
		http.Error(w, "the request cannot be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := l.handle(r.Context(), asked.Request).send(w, asked); err != nil {
		log.V(1).Info("An answer could not be sent", "webhook", l.name, "requestID", asked.Request.UID, "reason", err.Error())
	}
}

// log is where it is said that a Service could not be judged.
var log = ctrl.Log.WithName("admission")

// handle answers a review. Deleting is always allowed.
func (l lenient) handle(ctx context.Context, r *request) (a answer) {
	if r.Operation == admissionv1.Delete {
		return answer{}
	}
	defer func() {
		if p := recover(); p != nil {
			a = l.pass(r, panicked, fmt.Errorf("%v\n%s", p, debug.Stack()))
		}
	}()
	if !l.slots.take(ctx) {
		return l.pass(r, overloaded, errFull)
	}
	defer l.slots.leave()
	s, err := subject(r)
	if err != nil {
		return l.pass(r, unreadable, err)
	}
	return l.judge(ctx, s)
}

// pass lets a Service pass that could not be judged, and has it say so.
func (l lenient) pass(r *request, f fault, why error) answer {
	log.Error(why, "A Service could not be judged, and is allowed", "webhook", l.name, "fault", f,
		"namespace", r.Namespace, "name", r.Name, "user", r.UserInfo.Username, "requestID", r.UID)
	v := policy.Undecided()
	l.counts.failed(l.name, f)
	l.counts.answered(l.name, v.Answer(), true)
	a := answer{warnings: v.Warnings()}
	if l.name == mutate {
		a.patch = marked(r.Object, v.Pins)
	}
	return a
}
