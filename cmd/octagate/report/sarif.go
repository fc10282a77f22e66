package report

import (
	"io"
	"net/url"
	"path/filepath"

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
		run.AddResult(result(f))
	}
	all := sarif.NewReport()
	all.AddRun(run)
	return all.PrettyWrite(w)
}

func described(rule policy.Rule) *sarif.ReportingDescriptor {
	text := func(s string) *sarif.MultiformatMessageString {
		return sarif.NewMultiformatMessageString().WithText(s).WithMarkdown(s)
	}
	one := sarif.NewReportingDescriptor().WithID(rule.Name).WithName(rule.Name).
		WithShortDescription(text(rule.Sentence)).WithHelp(text(rule.Chapter))
	if rule.Name == Manifest {
		return one
	}
	return one.WithHelpURI(Link(rule.Name))
}

func result(f Finding) *sarif.Result {
	place := sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation((&url.URL{Path: filepath.ToSlash(f.File)}).String())).
		WithRegion(sarif.NewRegion().WithStartLine(f.Line).WithStartColumn(f.Column))
	one := sarif.NewRuleResult(f.Rule).WithLevel(string(f.Level)).WithMessage(sarif.NewTextMessage("Service " + f.Service + ": " + f.sentence())).
		WithLocations([]*sarif.Location{sarif.NewLocationWithPhysicalLocation(place)})
	if f.Exception != "" {
		one.AddSuppression(sarif.NewSuppression().WithKind("inSource").WithJustification(f.Exception))
	}
	return one
}

// Link is where a rule is explained.
func Link(rule string) string { return home + "/blob/main/policy/README.md#" + rule }
