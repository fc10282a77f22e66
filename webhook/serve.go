package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"
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
	return h.serve(mutate, admission.WithDefaulter[*corev1.Service](scheme.Scheme, h).Handler)
}

// Validating is what is served at ValidatePath.
func (h Handler) Validating() http.Handler {
	return h.serve(validate, admission.WithValidator[*corev1.Service](scheme.Scheme, h).Handler)
}

func (h Handler) serve(name string, judge admission.Handler) http.Handler {
	return h.Counts.timed(name, timely(bounded(name, h.Counts, h.Room, &admission.Webhook{Handler: lenient{name, judge, h.Slots, h.Counts}})))
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

// lenient is one of the two webhooks. To the API server an error is a denial, whatever
// failurePolicy says, and so is a panic; here they are Services that were not judged.
//
// What is not even JSON cannot be answered so, for lack of a UID: the API server takes
// controller-runtime's answer to it for none, and follows failurePolicy.
type lenient struct {
	name   string
	judge  admission.Handler
	slots  Slots
	counts *Counts
}

// Handle implements admission.Handler.
func (l lenient) Handle(ctx context.Context, request admission.Request) (answer admission.Response) {
	defer func() {
		if p := recover(); p != nil {
			answer = l.pass(ctx, request, panicked, fmt.Errorf("%v\n%s", p, debug.Stack()))
		}
	}()
	if !l.slots.take(ctx) {
		return l.pass(ctx, request, overloaded, errFull)
	}
	defer l.slots.leave()
	answer = l.judge.Handle(ctx, request)
	if answer.Allowed || answer.Result.Code == http.StatusUnprocessableEntity {
		return answer // by policy: errors of ours have other codes
	}
	return l.pass(ctx, request, unreadable, errors.New(answer.Result.Message))
}

// pass lets a Service pass that could not be judged, and has it say so.
func (l lenient) pass(ctx context.Context, request admission.Request, f fault, why error) admission.Response {
	ctrl.LoggerFrom(ctx).Error(why, "A Service could not be judged, and is allowed", "webhook", l.name, "fault", f)
	v := policy.Undecided()
	l.counts.failed(l.name, f)
	l.counts.answered(l.name, v.Answer(), true)
	answer := admission.Allowed("")
	if l.name == mutate {
		answer = marked(request.Object.Raw, v.Pins)
	}
	return answer.WithWarnings(v.Warnings()...)
}

// marked writes pins onto an object of which nothing else may be as it should; where not
// even that can be done, it is allowed without.
func marked(raw []byte, pins map[string]string) admission.Response {
	object := &unstructured.Unstructured{}
	if object.UnmarshalJSON(raw) != nil {
		return admission.Allowed("")
	}
	annotations, there, err := unstructured.NestedStringMap(object.Object, "metadata", "annotations")
	if err != nil {
		return admission.Allowed("") // some are not texts, and would be lost
	}
	if !there {
		annotations = map[string]string{}
	}
	maps.Copy(annotations, pins)
	object.SetAnnotations(annotations)
	pinned, err := json.Marshal(object)
	if err != nil {
		return admission.Allowed("")
	}
	if answer := admission.PatchResponseFromRaw(raw, pinned); answer.Allowed {
		return answer
	}
	return admission.Allowed("")
}
