package reconcile_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/cmd/octagate/check"
	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/cmd/octagate/report"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/webhook"
)

// leastObjections is how many findings of check the law is held for, at least.
const leastObjections = 80

// What octagate check says of a file is what the webhooks answer when it is applied, for
// each Service of each scenario, as far as the cloud can be heard: check says only once
// that it cannot.
func TestParityOfFiles(t *testing.T) {
	all := everythingAsked(t)
	if len(all) < leastAsked {
		t.Errorf("only %d Services", len(all))
	}
	objections := 0
	for name, a := range all {
		t.Run(name, func(t *testing.T) {
			want, got := a.answered(t), a.checked(t)
			objections += len(got)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if objections < leastObjections {
		t.Errorf("only %d objections were compared", objections)
	}
}

// answered is what the webhooks answer to the Service as a new one, but for doubts.
func (a application) answered(t *testing.T) []string {
	t.Helper()
	h := webhook.Handler{Policy: a.config, Facts: memory(a.known)}
	mutated := admitted(t, h.Mutating(), a.service, nil)
	if !mutated.Allowed {
		return sorted(append(refusals(mutated), a.warnings()...))
	}
	validated := admitted(t, h.Validating(), patched(t, a.service, mutated), nil)
	doubts := a.doubts()
	told := slices.DeleteFunc(validated.Warnings, func(w string) bool { return slices.Contains(doubts, w) })
	return sorted(append(refusals(validated), told...))
}

// doubts are what cannot be checked, as the webhook would warn of it.
func (a application) doubts() []string { return a.of(policy.Unsure) }

// warnings are what a Service is warned of, for a webhook that refuses early and so warns of nothing.
func (a application) warnings() []string { return a.of(policy.Warn) }

func (a application) of(s policy.Severity) []string {
	var all []string
	for _, f := range policy.Evaluate(a.config, policy.Subject{Service: a.service}, a.known).Findings {
		if f.Severity == s {
			all = append(all, f.String())
		}
	}
	return all
}

// checked is what octagate check says of the Service in a file.
func (a application) checked(t *testing.T) []string {
	t.Helper()
	applied := a.service.DeepCopy()
	applied.Status = corev1.ServiceStatus{}
	text, err := yaml.Marshal(applied)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("kind:")) {
		text = append([]byte("apiVersion: v1\nkind: Service\n"), text...)
	}
	read, err := manifest.Reader{Stdin: bytes.NewReader(text)}.Read([]string{"-"})
	if err != nil {
		t.Fatal(err)
	}
	known := check.New(time.Time{})
	known.Facts, known.Services = a.known, map[string]check.Stored{}
	var all []string
	for _, f := range (check.Check{Policy: &a.config, Known: &known}).Report(read).Findings() {
		all = append(all, spoken(f))
	}
	return sorted(all)
}

// spoken is a finding of check in the words of the API server.
func spoken(f report.Finding) string {
	message := f.Message
	if f.Fix != "" {
		message += "; " + f.Fix
	}
	p := policy.Finding{Severity: policy.Warn, Field: field.NewPath(f.Field), Value: f.Value, Message: message}
	switch {
	case f.Level == report.Warning:
		return p.String()
	case f.Value == "":
		return f.Field + ": Required value: " + message
	}
	return f.Field + ": Invalid value: \"" + f.Value + "\": " + message
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}
