package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/octagate/octagate/policy"
)

// found is a finding about one field.
func found(file string, line int) Finding {
	return Finding{Service: "shop/web", Level: Error, Rule: "source-ranges", File: file, Line: line, Column: 3, Field: "spec.x", Message: "is wrong"}
}

// scanned is as much of SARIF as GitHub's code scanning reads.
type scanned struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []struct {
					ID                                      string
					ShortDescription, FullDescription, Help struct{ Text string }
					DefaultConfiguration                    struct{ Level string }
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct {
				Level   string
				Message struct{ Text string }
			}
		}
		Results []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine, StartColumn int }
				}
			}
			PartialFingerprints map[string]string
			Suppressions        []struct{ Kind, Justification string }
		}
	}
}

// scan is a report as code scanning sees it.
func scan(t *testing.T, r Report) scanned {
	t.Helper()
	var text bytes.Buffer
	var s scanned
	if err := SARIF(&text, r, nil); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text.Bytes(), &s); err != nil || s.Version != "2.1.0" || len(s.Runs) != 1 {
		t.Fatalf("%v\n%s", err, text.String())
	}
	read, err := sarif.FromBytes(text.Bytes())
	if err == nil {
		err = read.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSARIF(t *testing.T) {
	excused := found("/srv/ä b.yaml", 1)
	excused.Exception = "served elsewhere"
	r := Report{Rules: policy.Catalogue(), Unread: []Unread{{"bad.yaml", 3, 1, "is not YAML"}, {File: "gone.yaml", Message: "no such file"}}, Services: []Service{{Findings: []Finding{found("manifests/a:b.yaml", 7), found("a:b.yaml", 9), excused}}}}
	run := scan(t, r).Runs[0]
	for _, rule := range run.Tool.Driver.Rules {
		level := rule.DefaultConfiguration.Level
		if rule.ID == "" || rule.ShortDescription.Text == "" || rule.FullDescription.Text == "" || rule.Help.Text == "" || level != "error" && level != "warning" {
			t.Errorf("%+v", rule)
		}
	}
	var uris []string
	for _, one := range run.Results {
		at := one.Locations[0].PhysicalLocation
		uris = append(uris, at.ArtifactLocation.URI)
		if run.Tool.Driver.Rules[one.RuleIndex].ID != one.RuleID || one.Level != "error" || at.Region.StartLine == 0 || !strings.Contains(one.Message.Text, "shop/web: spec.x is wrong") {
			t.Errorf("%+v", one)
		}
	}
	if diff := cmp.Diff([]string{"manifests/a:b.yaml", "./a:b.yaml", "file:///srv/%C3%A4%20b.yaml"}, uris); diff != "" {
		t.Error(diff)
	}
	if of := run.Invocations; len(of) != 1 || of[0].ExecutionSuccessful || len(of[0].ToolExecutionNotifications) != 2 || of[0].ToolExecutionNotifications[0].Message.Text != "is not YAML" {
		t.Errorf("%+v", of)
	}
	if of := run.Results[2].Suppressions; len(of) != 1 || of[0].Kind != "inSource" || of[0].Justification != "served elsewhere" {
		t.Errorf("%+v", of)
	}
	if diff := cmp.Diff(run.Results[0].PartialFingerprints, run.Results[1].PartialFingerprints); diff != "" {
		t.Error("a finding that moved is another:", diff)
	}
}
