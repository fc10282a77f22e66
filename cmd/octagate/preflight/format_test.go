package preflight

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/jstemmer/go-junit-report/v2/junit"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// report is one result of each severity.
func report() Report {
	results := []Result{
		passed("a", "fine"), unchecked("away"), found(Warning, "b", "odd").or("do this"), found(Failure, "c", "<bad>").or("do that").or("or this"),
	}
	for i := range results {
		results[i].Check, results[i].What, results[i].Why = "check-"+results[i].Severity.String(), "It is so", "it matters"
	}
	return Report{Version: "v1", FailOn: Failure, Results: results}
}

// write is a report in a format.
func write(t *testing.T, format string, paint output.Paint) string {
	t.Helper()
	var b strings.Builder
	if err := Formats[format](&b, report(), paint); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	want := `passed     check-passed     fine
unchecked  check-unchecked  away
warning    check-warning    odd
    rule      It is so
    expected  b
    why       it matters
    repair    do this
failure    check-failure    <bad>
    rule      It is so
    expected  c
    why       it matters
    repair    do that
              or this
4 checks: 1 passed, 1 unchecked, 1 warning, 1 failure
`
	if got := write(t, "text", nil); got != want {
		t.Error(got)
	}
	if got := write(t, "text", output.Tinted); !strings.Contains(got, "\x1b[31mfailure") {
		t.Errorf("%q", got)
	}
}

func TestReportsForPrograms(t *testing.T) {
	type shape struct {
		Kind    string
		Summary struct{ Passed, Unchecked, Warnings, Failures int }
		Results []struct {
			Check, Severity, Found string
			Repair                 []string
		}
	}
	for format, decode := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(b []byte, v any) error { return yaml.Unmarshal(b, v) },
	} {
		var got shape
		if err := decode([]byte(write(t, format, nil)), &got); err != nil {
			t.Fatal(err)
		}
		last := got.Results[3]
		if got.Kind != "PreflightReport" || got.Summary.Failures != 1 || last.Severity != "failure" || last.Found != "<bad>" || len(last.Repair) != 2 {
			t.Errorf("%s: %+v", format, got)
		}
	}
	var suites junit.Testsuites
	if err := xml.Unmarshal([]byte(write(t, "junit", nil)), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 4 || suites.Failures != 1 || suites.Skipped != 1 || suites.Suites[0].Testcases[3].Failure.Message != "<bad>" {
		t.Errorf("%+v", suites)
	}
}

func TestWhatFails(t *testing.T) {
	r := report()
	if !r.Fails() {
		t.Error("a failure does not fail")
	}
	if r.Results = r.Results[:3]; r.Fails() {
		t.Error("a warning fails")
	}
	if r.FailOn = Warning; !r.Fails() {
		t.Error("a warning does not fail where it shall")
	}
	if r.Results = r.Results[:2]; r.Fails() {
		t.Error("what was not checked fails")
	}
}
