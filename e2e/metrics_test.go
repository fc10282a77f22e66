package e2e

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documented are the metrics of the catalogue, each with its type.
func documented(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../manifests/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| \\[`(octagate_[a-z_]+)`\\][^|]*\\| ([a-z]+) \\|").FindAllSubmatch(page, -1) {
		all[string(row[1])] = string(row[2])
	}
	if len(all) < 15 {
		t.Fatalf("the catalogue has only %d metrics", len(all))
	}
	return all
}

// everythingIsMeasured, and nothing that is not documented. What was done is in the numbers.
func (w *walk) everythingIsMeasured() {
	w.Helper()
	families, err := w.world.Metrics(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	shown := map[string]string{}
	for name, f := range families {
		if strings.HasPrefix(name, "octagate_") {
			shown[name] = strings.ToLower(f.GetType().String())
		}
	}
	if diff := cmp.Diff(documented(w.T), shown); diff != "" {
		w.Errorf("what is documented (-) is not what is exported (+): %s", diff)
	}
	for _, theirs := range []string{"process_cpu_seconds_total", "process_resident_memory_bytes", "go_goroutines", "workqueue_depth", "rest_client_requests_total"} {
		if families[theirs] == nil {
			w.Errorf("%s, which the dashboard shows, is not exported", theirs)
		}
	}
	for _, one := range []struct{ name, labels string }{
		{"octagate_admission_answers_total", `verdict="accepted"`}, {"octagate_admission_findings_total", `outcome="denied",rule="floating-ip-exists"`},
		{"octagate_admission_findings_total", `outcome="warned",rule="protocol"`}, {"octagate_admission_duration_seconds_count", `webhook="validate"`},
		{"octagate_openstack_requests_total", `code="201",resource="loadbalancers",verb="POST"`}, {"octagate_openstack_request_duration_seconds_count", `resource="floatingips"`},
		{"octagate_facts_timestamp_seconds", `facts="floating IPs"`}, {"octagate_floating_ips", `state="pool"`}, {"octagate_quota_used", `thing="floating IPs"`},
		{"octagate_steps_total", `result="Done",step="CreateLoadBalancer"`}, {"octagate_load_balancers", `status="ACTIVE"`},
		{"octagate_services", `reason="Ready"`},
	} {
		if n, err := w.world.Metric(w.Context(), one.name, one.labels); err != nil || n == 0 {
			w.Errorf("%s{%s} is %v: %v; there are %q", one.name, one.labels, n, err, slices.Sorted(maps.Keys(shown)))
		}
	}
	if h := families["octagate_service_ready_seconds"]; h.GetMetric()[0].GetHistogram().GetSampleCount() == 0 {
		w.Error("nobody measured how long a Service waited")
	}
}
