package enforce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests/metric"
)

// A store holds one webhook configuration, as an API server would.
type store struct {
	client.Client
	held    *admissionv1.ValidatingWebhookConfiguration // nil: there is none
	refuses error                                       // updates
}

func (s *store) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if s.held == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "validatingwebhookconfigurations"}, key.Name)
	}
	s.held.DeepCopyInto(into.(*admissionv1.ValidatingWebhookConfiguration))
	return nil
}

func (s *store) Update(_ context.Context, o client.Object, _ ...client.UpdateOption) error {
	if s.refuses == nil {
		s.held = o.(*admissionv1.ValidatingWebhookConfiguration).DeepCopy()
	}
	return s.refuses
}

// level is what octagate_enforcement_armed shows; -1: nothing.
func level(e *Enforcer) float64 {
	shown := -1.0
	e.Reading().Read(func(_ metric.Def, value float64, _ ...string) { shown = value })
	return shown
}

func installed(policy admissionv1.FailurePolicyType) *admissionv1.ValidatingWebhookConfiguration {
	return &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "octagate"},
		Webhooks:   []admissionv1.ValidatingWebhook{{Name: webhook, FailurePolicy: &policy}},
	}
}

func disarmed(policy admissionv1.FailurePolicyType) *admissionv1.ValidatingWebhookConfiguration {
	c := installed(policy)
	c.Annotations = map[string]string{Disarmed: "2026-11-22T12:00:00Z"}
	return c
}

const (
	ignore = admissionv1.Ignore
	fail   = admissionv1.Fail
)

// Each look is told as the failurePolicy after it, with * where the next comes soon.
func TestLooks(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{}, "octagate", errors.New("changed"))
	for claim, tt := range map[string]struct {
		mode    Mode
		held    *admissionv1.ValidatingWebhookConfiguration
		answers []Answer
		refuses error
		want    string
		events  []string
	}{
		"what is proven is armed":                      {Arm, installed(ignore), []Answer{Proven, Proven}, nil, "Fail Fail", []string{"Normal Armed"}},
		"what is not proven is not":                    {Arm, installed(ignore), []Answer{Broken, Silent}, nil, "Ignore* Ignore*", nil},
		"it is armed as soon as it is proven":          {Arm, installed(ignore), []Answer{Silent, Proven}, nil, "Ignore* Fail", []string{"Normal Armed"}},
		"two failures are borne":                       {Arm, installed(fail), []Answer{Broken, Broken, Proven, Broken, Broken}, nil, "Fail* Fail* Fail Fail* Fail*", nil},
		"three in a row are not":                       {Arm, installed(fail), []Answer{Broken, Broken, Broken, Proven}, nil, "Fail* Fail* Ignore* Fail", []string{"Warning Disarmed", "Normal Armed"}},
		"silence neither counts nor forgives":          {Arm, installed(fail), []Answer{Broken, Silent, Silent, Silent, Broken, Broken}, nil, "Fail* Fail* Fail* Fail* Fail* Ignore*", []string{"Warning Disarmed"}},
		"what was disarmed stays so":                   {Arm, disarmed(ignore), []Answer{Proven, Proven}, nil, "Ignore* Ignore*", nil},
		"whoever set Fail beside that knows":           {Arm, disarmed(fail), []Answer{Broken, Broken, Broken}, nil, "Fail* Fail* Fail*", nil},
		"whoever only denies keeps the failurePolicy":  {Deny, installed(ignore), []Answer{Proven, Proven}, nil, "Ignore Ignore", nil},
		"and keeps Fail as well":                       {Deny, installed(fail), []Answer{Broken, Broken, Broken}, nil, "Fail Fail Fail", nil},
		"who advises lets nobody wait":                 {Advise, installed(fail), []Answer{Proven}, nil, "Ignore", []string{"Warning Disarmed"}},
		"who writes at the same time is read again":    {Arm, installed(ignore), []Answer{Proven}, conflict, "Ignore*", nil},
		"what cannot be written is tried again":        {Arm, installed(ignore), []Answer{Proven}, errors.New("down"), "Ignore*", nil},
		"what is not installed is waited for":          {Arm, nil, []Answer{Proven}, nil, "none*", nil},
		"a configuration of two webhooks is one thing": {Arm, two(), []Answer{Proven}, nil, "Fail", []string{"Normal Armed"}},
	} {
		s, recorder := &store{held: tt.held, refuses: tt.refuses}, events.NewFakeRecorder(9)
		e := &Enforcer{Client: s, Name: "octagate", Mode: tt.mode, Events: recorder, Log: logr.Discard()}
		if level(e) != -1 {
			t.Errorf("%s: something is shown before the first look", claim)
		}
		var got []string
		for _, answer := range tt.answers {
			e.Prove = func(context.Context) (Answer, string) {
				return answer, map[Answer]string{Broken: "broken", Silent: "silent"}[answer]
			}
			got = append(got, look(t, e, s))
			if armed := strings.HasPrefix(got[len(got)-1], "Fail"); armed != (level(e) == 1) {
				t.Errorf("%s: %v is shown after %q", claim, level(e), got)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")) + cmp.Diff(tt.events, told(recorder)); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

func two() *admissionv1.ValidatingWebhookConfiguration {
	c := installed(fail)
	c.Webhooks = append(c.Webhooks, installed(ignore).Webhooks...)
	return c
}

func look(t *testing.T, e *Enforcer, s *store) string {
	t.Helper()
	word := map[bool]string{true: "*"}[e.Look(t.Context()) < calm]
	if s.held == nil {
		return "none" + word
	}
	return string(*s.held.Webhooks[len(s.held.Webhooks)-1].FailurePolicy) + word
}

// told are the kinds and reasons of the events so far.
func told(r *events.FakeRecorder) (all []string) {
	for len(r.Events) > 0 {
		words := strings.Fields(<-r.Events)
		all = append(all, words[0]+" "+words[1])
	}
	return all
}

func TestAReasonIsToldOnce(t *testing.T) {
	lines := 0
	e := &Enforcer{Client: &store{held: installed(ignore)}, Mode: Arm, Events: events.NewFakeRecorder(9),
		Log: funcr.New(func(string, string) { lines++ }, funcr.Options{})}
	for _, why := range []string{"a", "a", "b", "b", "a"} {
		e.Prove = func(context.Context) (Answer, string) { return Silent, why }
		e.Look(t.Context())
	}
	if lines != 3 {
		t.Errorf("told %d times", lines)
	}
}

func TestAnswers(t *testing.T) {
	denied := func(webhook, what string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonInvalid,
			Message: fmt.Sprintf("admission webhook %q denied the request: Service \"\" is invalid: %s", webhook, what)}}
	}
	for claim, tt := range map[string]struct {
		err  error
		want Answer
	}{
		"octagate refused it":                {denied(webhook, "metadata.annotations["+Proof+"]: is not an annotation of octagate"), Proven},
		"octagate refused something else":    {denied(webhook, "spec.ports: something"), Silent},
		"another webhook refused it":         {denied("validate.example.org", Proof+" is not wanted here"), Silent},
		"it would be stored":                 {nil, Broken},
		"octagate cannot be reached":         {apierrors.NewInternalError(fmt.Errorf("failed calling webhook %q: connection refused", webhook)), Broken},
		"somebody else cannot be reached":    {apierrors.NewInternalError(errors.New(`failed calling webhook "validate.example.org": connection refused`)), Silent},
		"the API server is not there":        {errors.New("connection refused"), Silent},
		"we may not ask":                     {apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "", errors.New("no")), Silent},
		"the API server's own policy did it": {apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "", nil), Silent},
	} {
		if got, _ := read(tt.err); got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}
