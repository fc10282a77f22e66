package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/octagate/octagate/policy"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// Manifest is the rule that the API server itself, or kubectl, sees to. It has no page.
const Manifest = "manifest"

// home is where octagate can be read about.
const home = "https://github.com/octagate/octagate"

// SARIF is the report for code scanning, in version 2.1.0. What a Service makes an
// exception of is there, suppressed.
func SARIF(w io.Writer, r Report, _ output.Paint) error {
	run := sarif.NewRunWithInformationURI("octagate", home)
	run.Tool.Driver.WithVersion(r.Version)
	for _, rule := range r.Rules {
		run.Tool.Driver.AddRule(described(rule))
	}
	run.WithResults([]*sarif.Result{})
	for _, f := range r.Findings() {
		known := slices.IndexFunc(r.Rules, func(rule policy.Rule) bool { return rule.Name == f.Rule })
		run.AddResult(result(f).WithRuleIndex(known))
	}
	run.AddInvocation(invocation(r.Unread))
	all := sarif.NewReport()
	all.AddRun(run)
	return all.PrettyWrite(w)
}

func described(rule policy.Rule) *sarif.ReportingDescriptor {
	text := func(s string) *sarif.MultiformatMessageString {
		return sarif.NewMultiformatMessageString().WithText(s).WithMarkdown(s)
	}
	one := sarif.NewReportingDescriptor().WithID(rule.Name).WithName(rule.Name).
		WithShortDescription(text(rule.Sentence)).WithFullDescription(text(rule.Sentence)).WithHelp(text(rule.Chapter)).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(string(usual(rule))))
	if rule.Name == Manifest {
		return one
	}
	return one.WithHelpURI(Link(rule.Name))
}

// usual is how bad it is to break a rule, at most.
func usual(rule policy.Rule) Level {
	if rule.Does == "denies" {
		return Error
	}
	return Warning
}

// uri is a file as SARIF names it: relative as it is, or by a scheme.
func uri(file string) string {
	if filepath.IsAbs(file) {
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
	}
	return (&url.URL{Path: filepath.ToSlash(file)}).String()
}

// fingerprint is the same for a finding wherever in its file it moves.
func fingerprint(f Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.Service, f.Field, f.Value}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func result(f Finding) *sarif.Result {
	place := sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri(f.File))).
		WithRegion(sarif.NewRegion().WithStartLine(f.Line).WithStartColumn(f.Column))
	one := sarif.NewRuleResult(f.Rule).WithLevel(string(f.Level)).WithMessage(sarif.NewTextMessage("Service " + f.Service + ": " + f.sentence())).
		WithLocations([]*sarif.Location{sarif.NewLocationWithPhysicalLocation(place)}).
		WithPartialFingerprints(map[string]string{"ruleServiceFieldValue/v1": fingerprint(f)})
	if f.Exception != "" {
		one.AddSuppression(sarif.NewSuppression().WithKind("inSource").WithJustification(f.Exception))
	}
	return one
}

// invocation tells of what could not be read.
func invocation(unread []Unread) *sarif.Invocation {
	one := sarif.NewInvocation().WithExecutionSuccessful(len(unread) == 0)
	for _, u := range unread {
		at := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri(u.File)))
		if u.Line > 0 {
			at.WithRegion(sarif.NewRegion().WithStartLine(u.Line).WithStartColumn(u.Column))
		}
		one.AddToolExecutionNotification(sarif.NewNotification().WithLevel(string(Error)).WithMessage(sarif.NewTextMessage(u.Message)).
			WithLocations([]*sarif.Location{sarif.NewLocationWithPhysicalLocation(at)}))
	}
	return one
}

// Link is where a rule is explained.
func Link(rule string) string { return home + "/blob/main/policy/README.md#" + rule }
