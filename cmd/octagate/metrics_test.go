package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"

	"github.com/octagate/octagate/manifests/metric"
)

// mostSeries is how many series one metric may have in one process.
const mostSeries = 1100

// unbounded are what labels must not tell: of these there may be any number.
var unbounded = []string{"namespace", "name", "service", "uid", "id", "address", "ip", "load_balancer", "pod", "message", "path", "url"}

func TestMetricsAreFewAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range catalogue() {
		if seen[d.Name] || !strings.HasPrefix(d.Name, metric.Prefix) || !strings.HasSuffix(d.Doc, ".") {
			t.Errorf("%s: named twice, not ours, or its sentence does not end: %s", d.Name, d.Doc)
		}
		seen[d.Name] = true
		if n := d.Series(); n > mostSeries {
			t.Errorf("%s has up to %d series", d.Name, n)
		}
		for _, l := range d.Labels {
			if slices.Contains(unbounded, l.Name) || len(l.Values) == 0 || l.Doc == "" {
				t.Errorf("%s: the label %s is unbounded, or says nothing", d.Name, l.Name)
			}
		}
	}
}

// Prometheus has opinions of names and kinds, which promtool has, too.
func TestMetricsAreNamedAsPrometheusWants(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	for _, d := range catalogue() {
		d.Labels = nil
		switch d.Kind {
		case metric.Counter:
			d.Counter(r)
		case metric.Gauge:
			d.Gauge(r)
		case metric.Histogram:
			d.Histogram(r)
		}
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			t.Fatal(err)
		}
	}
	problems, err := promlint.New(bytes.NewReader(text.Bytes())).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	promtool(t, text.Bytes(), "check", "metrics")
}

func TestMetricsPageIsCurrent(t *testing.T) {
	is, err := os.ReadFile("../../manifests/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(metric.Reference(catalogue()), string(is)); diff != "" {
		t.Errorf("make generate\n%s", diff)
	}
}
