package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/webhook"
)

// disparities are the scenarios in which admission and the reconciler see different things,
// and what one of them does not see.
var disparities = map[string]string{
	"provider-changed":            "the reconciler sees no change of the provider: it keeps the one that is built",
	"flavor-changed":              "the reconciler sees no change of the flavor: it keeps the one that is built",
	"cluster-ip-changed-user":     "admission does not see that the address which holds the floating IP is the Service's own",
	"cluster-ip-changed-applied":  "admission does not see that the address which holds the floating IP is the Service's own",
	"dual-stack-configured-later": "admission does not see that the load balancer was made for one of the two addresses",
}

// leastAsked is how many Services the law of parity is held for, at least.
const leastAsked = 150

// What the author of a Service is told, what is written onto it, and what the reconciler
// thinks of it are one and the same, for each Service of each scenario, but for those in
// which one of them sees less.
func TestParity(t *testing.T) {
	all := everythingAsked(t)
	if len(all) < leastAsked {
		t.Errorf("only %d Services", len(all))
	}
	for name, a := range all {
		t.Run(name, func(t *testing.T) {
			diff := a.disparity(t, a.config)
			if why, known := disparities[name]; known != (diff != "") {
				t.Errorf("%s\n%s", why, diff)
			}
		})
	}
}

// Admission that judges by another configuration than the reconciler is noticed.
func TestDisparityIsNoticed(t *testing.T) {
	noticed := 0
	all := everythingAsked(t)
	for _, a := range all {
		other := a.config
		other.Provider, other.ServiceCIDRs = "another", nil
		if a.disparity(t, other) != "" {
			noticed++
		}
	}
	if noticed < len(all)/2 {
		t.Errorf("of %d Services %d are noticed", len(all), noticed)
	}
}

// An application is a Service as somebody applies it, and what is true at that time.
type application struct {
	config   policy.Config
	service  *corev1.Service
	old      *corev1.Service // as it is stored; nil: it is new
	observed octavia.Tree    // what the cloud has for it
	known    facts.Snapshot
}

// everythingAsked are all Services that are applied in a scenario, and those that others
// replace there.
func everythingAsked(t *testing.T) map[string]application {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "scenarios", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]application{}
	for _, file := range files {
		given, err := sections(file)
		if err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(given, func(name string, _ []byte) bool { return slices.Contains(goldens, name) })
		s, err := read(given)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if s.written != nil {
			all[name+", before"] = application{config: s.before.config, service: s.written, known: s.cloud.snapshot(octavia.Tree{})}
		}
		if s.service.DeletionTimestamp.IsZero() {
			all[name] = s.application(t)
		}
	}
	return all
}

// application is what is applied at last in a story.
func (s story) application(t *testing.T) application {
	t.Helper()
	old, observed := s.past()
	if err := s.meddle.with(&observed); err != nil {
		t.Fatal(err)
	}
	return application{s.now.config, s.merged(old), old, observed, s.cloud.snapshot(observed)}
}

// memory is facts that do not change.
type memory facts.Snapshot

func (m memory) Known(context.Context) facts.Snapshot                 { return facts.Snapshot(m) }
func (m memory) Fresh(context.Context, facts.Question) facts.Snapshot { return facts.Snapshot(m) }

// said is what a Service meets with: texts for its author, and what is written onto it.
type said struct {
	Refusals, Warnings []string
	Annotations        map[string]string
}

// disparity is the difference between what the reconciler thinks of a Service, and what
// the two webhooks answer that judge by a configuration.
func (a application) disparity(t *testing.T, cfg policy.Config) string {
	t.Helper()
	h := webhook.Handler{Policy: cfg, Facts: memory(a.known)}
	mutated := admitted(t, h.Mutating(), a.service, a.old)
	stored := patched(t, a.service, mutated)
	validated := admitted(t, h.Validating(), stored, a.old)
	got := said{refusals(validated), validated.Warnings, stored.Annotations}
	want := a.reconciled(t, stored)
	if !mutated.Allowed { // for what the API server refuses before it asks the other
		want.Annotations = stored.Annotations
		if diff := cmp.Diff(want.Refusals, refusals(mutated)); diff != "" {
			return "the mutating webhook: " + diff
		}
	}
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// reconciled is what the reconciler would say of a Service that is stored. It does not
// know the old one, and so forgives nothing; what the old one was denied for is a warning.
func (a application) reconciled(t *testing.T, stored *corev1.Service) said {
	t.Helper()
	r := &reconcile.Reconciler{Policy: a.config, Facts: memory(a.known)}
	v := r.Judge(t.Context(), stored, a.observed)
	if a.old != nil {
		before := r.Judge(t.Context(), a.old, a.observed)
		for i, f := range v.Findings {
			if f.Severity == policy.Deny && slices.ContainsFunc(before.Findings, func(g policy.Finding) bool { return f.String() == g.String() && f.Rule == g.Rule }) {
				v.Findings[i].Severity = policy.Forgiven
			}
		}
	}
	s := said{Warnings: v.Warnings(), Annotations: stored.Annotations}
	for _, err := range v.Errors() {
		s.Refusals = append(s.Refusals, err.Error())
	}
	if v.Managed {
		s.Annotations = v.Pinned(stored.Annotations)
	}
	return s
}

// admitted is what a webhook answers to a Service over HTTP.
func admitted(t *testing.T, hook http.Handler, svc, old *corev1.Service) *admissionv1.AdmissionResponse {
	t.Helper()
	request := &admissionv1.AdmissionRequest{UID: "u", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: encode(t, svc)}}
	if old != nil {
		request.Operation, request.OldObject.Raw = admissionv1.Update, encode(t, old)
	}
	body := encode(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
	post := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	post.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	hook.ServeHTTP(recorder, post)
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil || review.Response == nil {
		t.Fatalf("%d %s: %v", recorder.Code, recorder.Body, err)
	}
	return review.Response
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// patched is a Service as the API server stores it after an answer.
func patched(t *testing.T, svc *corev1.Service, answer *admissionv1.AdmissionResponse) *corev1.Service {
	t.Helper()
	if len(answer.Patch) == 0 {
		return svc
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		t.Fatal(err)
	}
	b, err := patch.Apply(encode(t, svc))
	if err != nil {
		t.Fatal(err)
	}
	stored := &corev1.Service{}
	if err := json.Unmarshal(b, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

// refusals are the errors in an answer, as field.Error prints them.
func refusals(answer *admissionv1.AdmissionResponse) []string {
	var all []string
	if answer.Result != nil && answer.Result.Details != nil {
		for _, c := range answer.Result.Details.Causes {
			all = append(all, c.Field+": "+c.Message)
		}
	}
	return all
}
