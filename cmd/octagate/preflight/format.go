package preflight

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// A Report is what all the checks found.
type Report struct {
	Version string // of octagate
	FailOn  Severity
	Results []Result
}

// Fails reports whether anything is as bad as it must not be.
func (r Report) Fails() bool {
	for _, one := range r.Results {
		if one.Severity >= r.FailOn {
			return true
		}
	}
	return false
}

// Summary is the report in a sentence.
func (r Report) Summary() string {
	n := r.counts()
	return fmt.Sprintf("%d checks: %d passed, %d unchecked, %s, %s", len(r.Results), n.Passed, n.Unchecked, output.Count(n.Warnings, "warning"), output.Count(n.Failures, "failure"))
}

// counts are how many results there are of each severity.
type counts struct {
	Passed    int `json:"passed"`
	Unchecked int `json:"unchecked"`
	Warnings  int `json:"warnings"`
	Failures  int `json:"failures"`
}

func (r Report) counts() (n counts) {
	for _, one := range r.Results {
		switch one.Severity {
		case Passed:
			n.Passed++
		case Unchecked:
			n.Unchecked++
		case Warning:
			n.Warnings++
		case Failure:
			n.Failures++
		}
	}
	return n
}

// A Format writes reports, of which text is coloured.
type Format func(w io.Writer, r Report, paint output.Paint) error

// Formats are all that there are, by their names.
var Formats = map[string]Format{"text": asText, "json": asJSON, "yaml": asYAML, "junit": asJUnit}

// asText is the report as people read it.
func asText(w io.Writer, r Report, paint output.Paint) error {
	var b strings.Builder
	widest := 0
	for _, one := range r.Results {
		widest = max(widest, len(one.Check))
	}
	for _, one := range r.Results {
		fmt.Fprintf(&b, "%s  %-*s  %s\n", paint.Mark(severities[one.Severity], fmt.Sprintf("%-9s", one.Severity)), widest, one.Check, one.Found)
		if one.Severity < Warning {
			continue
		}
		fmt.Fprintf(&b, "    rule      %s\n    expected  %s\n    why       %s\n", one.What, one.Expected, one.Why)
		for i, command := range one.Repair {
			fmt.Fprintf(&b, "    %-8s  %s\n", [...]string{"repair", ""}[min(i, 1)], command)
		}
	}
	fmt.Fprintln(&b, r.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// severities are how results are meant.
var severities = [...]output.Tone{Passed: output.Good, Unchecked: output.Faint, Warning: output.Busy, Failure: output.Bad}

// data is the report as programs read it.
type data struct {
	APIVersion string   `json:"apiVersion"` // octagate.dev/v1alpha1
	Kind       string   `json:"kind"`       // PreflightReport
	Version    string   `json:"version"`    // of octagate
	Summary    counts   `json:"summary"`
	Results    []Result `json:"results"`
}

func (r Report) data() data {
	return data{"octagate.dev/v1alpha1", "PreflightReport", r.Version, r.counts(), r.Results}
}

// asJSON is the report as one object: kind PreflightReport, with summary and results, each
// as in Result.
func asJSON(w io.Writer, r Report, _ output.Paint) error { return output.JSON(w, r.data()) }

// asYAML is the same object.
func asYAML(w io.Writer, r Report, _ output.Paint) error { return output.YAML(w, r.data()) }

// asJUnit is the report as a suite of tests, one for each check. What was not checked is
// skipped.
func asJUnit(w io.Writer, r Report, _ output.Paint) error {
	suite := junit.Testsuite{Name: "octagate preflight", Time: "0"}
	for _, one := range r.Results {
		test := junit.Testcase{Name: one.Check, Classname: "preflight"}
		text := strings.Join(append([]string{one.What, "found: " + one.Found, "expected: " + one.Expected, "why: " + one.Why}, one.Repair...), "\n")
		switch {
		case one.Severity >= r.FailOn:
			test.Failure = &junit.Result{Message: one.Found, Type: one.Severity.String(), Data: text}
		case one.Severity == Unchecked:
			test.Skipped = &junit.Result{Message: one.Found}
		default:
			test.SystemOut = &junit.Output{Data: text}
		}
		suite.AddTestcase(test)
	}
	var all junit.Testsuites
	all.AddSuite(suite)
	return all.WriteXML(w)
}
