package preflight

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"sigs.k8s.io/yaml"
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
	return fmt.Sprintf("%d checks: %d passed, %d unchecked, %d warnings, %d failures", len(r.Results), n.Passed, n.Unchecked, n.Warnings, n.Failures)
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

// A Format writes reports; text is coloured if it shall be.
type Format func(w io.Writer, r Report, coloured bool) error

// Formats are all that there are, by their names.
var Formats = map[string]Format{"text": asText, "json": asJSON, "yaml": asYAML, "junit": asJUnit}

// asText is the report as people read it.
func asText(w io.Writer, r Report, coloured bool) error {
	var b strings.Builder
	widest := 0
	for _, one := range r.Results {
		widest = max(widest, len(one.Check))
	}
	for _, one := range r.Results {
		fmt.Fprintf(&b, "%s  %-*s  %s\n", ink(one.Severity, coloured).Sprintf("%-9s", one.Severity), widest, one.Check, one.Found)
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

// ink is the colour of a severity.
func ink(s Severity, coloured bool) *color.Color {
	c := color.New([...]color.Attribute{color.FgGreen, color.Faint, color.FgYellow, color.FgRed}[s])
	if c.DisableColor(); coloured {
		c.EnableColor()
	}
	return c
}

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
func asJSON(w io.Writer, r Report, _ bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r.data())
}

// asYAML is the same object.
func asYAML(w io.Writer, r Report, _ bool) error {
	text, err := yaml.Marshal(r.data())
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// asJUnit is the report as a suite of tests, one for each check. What was not checked is
// skipped.
func asJUnit(w io.Writer, r Report, _ bool) error {
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
