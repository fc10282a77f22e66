package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/manifests/dashboard"
)

const monitoring = "../../manifests/components/monitoring"

// An alert is one of those that ship.
type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// rules are the alerts that ship, and they as Prometheus itself wants them.
func rules(t *testing.T) (all []alert, plain []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(monitoring, "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var resource struct {
		Spec json.RawMessage `json:"spec"`
	}
	var spec struct {
		Groups []struct {
			Rules []alert `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.Unmarshal(text, &resource); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(resource.Spec, &spec); err != nil {
		t.Fatal(err)
	}
	return spec.Groups[0].Rules, resource.Spec
}

// theirs are the metrics of others that alerts and the dashboard speak of. The end-to-end tests
// see them exported.
var theirs = []string{
	"apiserver_admission_webhook_fail_open_count", "apiserver_admission_webhook_rejection_count", "leader_election_master_status",
	"process_cpu_seconds_total", "process_resident_memory_bytes", "go_goroutines", "workqueue_depth", "rest_client_requests_total",
}

// metricName is a name in a query; what is not one of a metric has no underscore in it.
var metricName = regexp.MustCompile(`[a-z0-9]+(_[a-z0-9]+)+`)

// unexported are the metrics of a query that nobody exports.
func unexported(query string) []string {
	known := slices.Clone(theirs)
	for _, d := range catalogue() {
		known = append(known, d.Name)
	}
	var all []string
	bare := regexp.MustCompile(`"[^"]*"|\{[^}]*\}|\$__rate_interval|histogram_quantile|by \([^)]*\)`).ReplaceAllString(query, "")
	for _, name := range metricName.FindAllString(bare, -1) {
		if !slices.Contains(known, name) && !slices.Contains(known, strings.TrimSuffix(name, "_bucket")) {
			all = append(all, name)
		}
	}
	return all
}

func TestAlertsAreExplained(t *testing.T) {
	all, _ := rules(t)
	if len(all) < 10 {
		t.Errorf("only %d alerts", len(all))
	}
	page, err := os.ReadFile("../../manifests/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for chapter := range strings.SplitSeq(string(page), "\n## ") {
		name, text, _ := strings.Cut(chapter, "\n")
		sections[name] = text
	}
	var told []string
	for _, a := range all {
		told = append(told, a.Alert)
		for _, part := range []string{"**What it means.**", "**How to see it.**", "**What to do.**"} {
			if !strings.Contains(sections[a.Alert], part) {
				t.Errorf("%s: the runbook does not say %s", a.Alert, part)
			}
		}
		if want := "manifests/runbook.md#" + strings.ToLower(a.Alert); !strings.HasSuffix(a.Annotations["runbook_url"], want) {
			t.Errorf("%s leads to %s", a.Alert, a.Annotations["runbook_url"])
		}
		if a.Annotations["summary"] == "" || !strings.HasSuffix(a.Annotations["description"], ".") || !slices.Contains([]string{"info", "warning", "critical"}, a.Labels["severity"]) {
			t.Errorf("%s says too little: %v %v", a.Alert, a.Annotations, a.Labels)
		}
		if missing := unexported(a.Expr); len(missing) > 0 {
			t.Errorf("%s speaks of %q, which nobody exports", a.Alert, missing)
		}
	}
	for name := range sections {
		if strings.HasPrefix(name, "Octagate") && !slices.Contains(told, name) {
			t.Errorf("the runbook has %s, and there is no such alert", name)
		}
	}
}

func TestDashboardIsCurrent(t *testing.T) {
	want, err := dashboard.Grafana(catalogue())
	if err != nil {
		t.Fatal(err)
	}
	is, err := os.ReadFile(filepath.Join(monitoring, "octagate.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(is)); diff != "" {
		t.Errorf("make generate\n%s", diff)
	}
}

// The dashboard shows every metric of octagate, and none that nobody exports.
func TestDashboardShowsWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(monitoring, "octagate.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int `json:"id"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	var queries strings.Builder
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			queries.WriteString(q.Expr + "\n")
			if missing := unexported(q.Expr); len(missing) > 0 {
				t.Errorf("panel %d shows %q, which nobody exports", p.ID, missing)
			}
		}
	}
	for _, d := range catalogue() {
		if !regexp.MustCompile(d.Name + `\b|` + d.Name + `_bucket`).MatchString(queries.String()) {
			t.Errorf("%s is not on the dashboard", d.Name)
		}
	}
}

// promtool runs the program of Prometheus; where there is none, the test is not run.
func promtool(t *testing.T, stdin []byte, args ...string) {
	t.Helper()
	path := os.Getenv("PROMTOOL")
	if path == "" {
		found, err := exec.LookPath("promtool")
		if err != nil {
			t.Skip("NOT RUN: there is no promtool; make test gets it, where there are Debian's packages")
		}
		path = found
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = strings.NewReader(string(stdin))
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

// Each alert is raised by what it is about, and not by what is nearly that.
func TestAlertsAreRaised(t *testing.T) {
	all, plain := rules(t)
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("rules.yaml", plain)
	var tried []string
	var tests []any
	for _, trial := range trials {
		tried = append(tried, trial.alert)
		i := slices.IndexFunc(all, func(a alert) bool { return a.Alert == trial.alert })
		if i < 0 {
			t.Fatalf("there is no alert %s", trial.alert)
		}
		tests = append(tests, trial.raised(all[i]), trial.quiet())
	}
	for _, a := range all {
		if !slices.Contains(tried, a.Alert) {
			t.Errorf("%s is not tried", a.Alert)
		}
	}
	text, err := yaml.Marshal(map[string]any{"rule_files": []string{file}, "evaluation_interval": "1m", "tests": tests})
	if err != nil {
		t.Fatal(err)
	}
	promtool(t, nil, "check", "rules", "--lint-fatal", file)
	promtool(t, nil, "test", "rules", write("tests.yaml", text))
}
