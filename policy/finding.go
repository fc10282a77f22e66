package policy

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/octagate/octagate/policy/facts"
)

// A Severity says what a Finding does to a request.
type Severity string

// The severities.
const (
	Deny     Severity = "deny"     // the Service must not be stored
	Forgiven Severity = "forgiven" // it should not be, but was before: its author is warned
	Advised  Severity = "advised"  // it should not be, but nobody is refused: its author is warned
	Warn     Severity = "warn"     // it may be, but its author should know
	Unsure   Severity = "unsure"   // the rule could not be checked: OpenStack did not answer
)

// A Finding is one thing that a rule noticed.
type Finding struct {
	Rule     string
	Severity Severity
	Field    *field.Path
	Value    string         // what is wrong there; empty when something is missing
	Message  string         // continues "Field Value", says what to do, under 120 characters
	with     []string       // keys of further annotations that it rests on
	early    bool           // about what the API server refuses, in words of its own, before validation
	live     facts.Question // whose answer it rests on, which may be another by now
	before   bool           // the Service's predecessor deserved it, too
}

// String is the finding as people read it. Of an annotation it shows the key: that is
// long enough.
func (f Finding) String() string {
	at := f.Field.String()
	if key, ok := strings.CutPrefix(at, "metadata.annotations["); ok {
		at = strings.TrimSuffix(key, "]")
	}
	if f.Value == "" {
		return fmt.Sprintf("%s: %s", at, f.Message)
	}
	return fmt.Sprintf("%s %s %s", at, f.Value, f.Message)
}

// resting are findings that rest on further annotations, by their keys.
func resting(fs []Finding, keys ...string) []Finding {
	for i := range fs {
		fs[i].with = keys
	}
	return fs
}

// same reports whether g is as bad as f, and of the same thing.
func (f Finding) same(g Finding) bool {
	return f.Severity == g.Severity && f.Rule == g.Rule && f.Field.String() == g.Field.String() && f.Value == g.Value
}

// confirmed is f where none of what it rests on is old. A denial on old evidence is a
// doubt: it may be true no more.
func (f Finding) confirmed(known facts.Snapshot) Finding {
	if f.Severity == Deny && !known.Confirms(f.live) {
		why, _, _ := strings.Cut(f.Message, ";")
		f.Severity, f.Message = Unsure, why+"; OpenStack does not confirm"
	}
	return f
}

// Strict is the verdict of an operator who stores nothing that cannot be verified: doubts
// are denials, but where the predecessor gave cause for the same.
func (v Verdict) Strict() Verdict {
	v.Findings = slices.Clone(v.Findings)
	for i, f := range v.Findings {
		if f.Severity == Unsure && !f.before {
			why, _, _ := strings.Cut(f.Message, ";")
			v.Findings[i].Severity, v.Findings[i].Message = Deny, why+"; apply once OpenStack answers"
		}
	}
	return v
}

// Advised is the verdict of an operator who has nobody refused: denials are warnings.
func (v Verdict) Advised() Verdict {
	v.Findings = slices.Clone(v.Findings)
	for i, f := range v.Findings {
		if f.Severity == Deny {
			v.Findings[i].Severity = Advised
		}
	}
	return v
}

// Denied reports whether anything forbids the Service.
func (v Verdict) Denied() bool { return len(v.Errors()) > 0 }

// Denies reports whether a certain rule forbids the Service.
func (v Verdict) Denies(rule string) bool {
	return v.any(func(f Finding) bool { return f.Rule == rule && f.Severity == Deny })
}

// Errors are all the findings that forbid the Service, as the API server wants them.
func (v Verdict) Errors() field.ErrorList {
	var errs field.ErrorList
	for _, f := range v.Findings {
		if f.Severity == Deny {
			errs = append(errs, f.fieldError())
		}
	}
	return errs
}

func (f Finding) fieldError() *field.Error {
	if f.Value == "" {
		return field.Required(f.Field, f.Message)
	}
	return field.Invalid(f.Field, f.Value, f.Message)
}

// Early reports whether the Service is denied for something that the API server
// would refuse, less helpfully, before it asks the validating webhook.
func (v Verdict) Early() bool {
	return v.any(func(f Finding) bool { return f.early && f.Severity == Deny })
}

// Unverified reports whether a rule could not be checked.
func (v Verdict) Unverified() bool {
	return v.any(func(f Finding) bool { return f.Severity == Unsure })
}

// Doubts are what a fresh look could change the verdict to the better by: an objection
// rests on what the cloud said, or the cloud was not heard.
func (v Verdict) Doubts() facts.Question {
	var all facts.Question
	for _, f := range v.Findings {
		if f.Severity != Warn {
			all = all.And(f.live)
		}
	}
	return all
}

func (v Verdict) any(is func(Finding) bool) bool {
	for _, f := range v.Findings {
		if is(f) {
			return true
		}
	}
	return false
}

// mostWarnings is how many warnings are shown; the API server cuts at 4 KiB.
const mostWarnings = 12

// Warnings are the findings that do not forbid the Service, one line each.
func (v Verdict) Warnings() []string {
	var ws []string
	for _, f := range v.Findings {
		if f.Severity != Deny {
			ws = append(ws, f.String())
		}
	}
	switch {
	case v.any(func(f Finding) bool { return f.Severity == Forgiven }):
		ws = append([]string{"nothing new is built until what was wrong before is put right:"}, ws...)
	case v.any(func(f Finding) bool { return f.Severity == Advised }):
		ws = append([]string{"nothing is built until this is put right:"}, ws...)
	}
	if more := len(ws) - mostWarnings; more > 0 {
		ws = append(ws[:mostWarnings], fmt.Sprintf("and %d more warnings like these", more))
	}
	return ws
}
