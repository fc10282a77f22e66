// Package dashboard draws the catalogue of metrics as a dashboard for Grafana: every metric
// has its panel, in the row that is about the same matter.
package dashboard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/octagate/octagate/manifests/metric"
)

// A topic is a row of panels.
type topic struct {
	title    string
	prefixes []string // of the names of the metrics in it
	others   []other  // of octagate's libraries
}

// An other is a panel of a metric that is not octagate's own.
type other struct{ title, query, legend, unit string }

// topics are the rows. What has no place elsewhere is in the last.
var topics = []topic{
	{title: "Admission", prefixes: []string{"octagate_admission_", "octagate_enforcement_"}},
	{title: "Facts", prefixes: []string{"octagate_facts_", "octagate_lookup"}},
	{title: "Calls to OpenStack", prefixes: []string{"octagate_openstack_", "octagate_watch_"}},
	{title: "Load balancers", prefixes: []string{"octagate_load_balancers", "octagate_service", "octagate_steps_", "octagate_orphans"}},
	{title: "Floating IPs and quota", prefixes: []string{"octagate_floating_ips", "octagate_quota_"}},
	{title: "Process", others: []other{
		{"CPU", `sum by (pod) (rate(process_cpu_seconds_total{job="octagate"}[$__rate_interval]))`, "{{pod}}", "short"},
		{"Memory", `sum by (pod) (process_resident_memory_bytes{job="octagate"})`, "{{pod}}", "bytes"},
		{"Goroutines", `sum by (pod) (go_goroutines{job="octagate"})`, "{{pod}}", "short"},
		{"Leader", `max by (pod) (leader_election_master_status{name="octagate.dev"})`, "{{pod}}", "short"},
		{"Services waiting for their turn", `max by (name) (workqueue_depth{job="octagate"})`, "{{name}}", "short"},
		{"Calls to the API server", `sum by (code, method) (rate(rest_client_requests_total{job="octagate"}[$__rate_interval]))`, "{{method}} {{code}}", "reqps"},
	}},
}

// The grid: how wide a dashboard is, and how large a panel.
const (
	width  = 24
	across = 8
	high   = 7
)

type place struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

type target struct {
	Expr   string `json:"expr"`
	Legend string `json:"legendFormat"`
	Ref    string `json:"refId"`
}

type panel struct {
	ID          int            `json:"id"`
	Type        string         `json:"type"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Place       place          `json:"gridPos"`
	Source      map[string]any `json:"datasource,omitempty"`
	Field       map[string]any `json:"fieldConfig,omitempty"`
	Targets     []target       `json:"targets,omitempty"`
}

// source is the Prometheus that the reader chooses.
var source = map[string]any{"type": "prometheus", "uid": "${datasource}"}

// Grafana is the dashboard, for Grafana to read.
func Grafana(catalogue []metric.Def) ([]byte, error) {
	var all []panel
	for i, t := range topics {
		defs := about(i, catalogue)
		all = arranged(all, panel{Type: "row", Title: t.title})
		for _, d := range defs {
			all = arranged(all, drawn(d))
		}
		for _, o := range t.others {
			all = arranged(all, plotted(o.title, "", o.unit, target{o.query, o.legend, "A"}))
		}
	}
	text, err := json.MarshalIndent(map[string]any{
		"uid": "octagate", "title": "octagate", "tags": []string{"octagate"}, "schemaVersion": 39, "editable": true,
		"time": map[string]string{"from": "now-6h", "to": "now"}, "refresh": "1m", "panels": all,
		"templating": map[string]any{"list": []any{map[string]any{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}}},
	}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing the dashboard: %w", err)
	}
	return append(text, '\n'), nil
}

// about are the metrics of a row.
func about(row int, catalogue []metric.Def) []metric.Def {
	return slices.DeleteFunc(slices.Clone(catalogue), func(d metric.Def) bool {
		i := slices.IndexFunc(topics, func(t topic) bool {
			return slices.ContainsFunc(t.prefixes, func(p string) bool { return strings.HasPrefix(d.Name, p) })
		})
		if i < 0 {
			i = len(topics) - 1
		}
		return i != row
	})
}

// arranged puts a panel behind the others, or under them where the line is full.
func arranged(all []panel, p panel) []panel {
	p.ID, p.Place = len(all)+1, place{W: across, H: high}
	if p.Type == "row" {
		p.Place = place{W: width, H: 1}
	}
	if len(all) > 0 {
		last := all[len(all)-1].Place
		p.Place.X, p.Place.Y = last.X+last.W, last.Y
		if p.Place.X+p.Place.W > width {
			p.Place.X, p.Place.Y = 0, last.Y+last.H
		}
	}
	return append(all, p)
}

// drawn is the panel of a metric, by its kind.
func drawn(d metric.Def) panel {
	by, legend := labels(d)
	title := strings.ReplaceAll(strings.TrimPrefix(strings.TrimSuffix(d.Name, "_total"), metric.Prefix), "_", " ")
	switch {
	case d.Kind == metric.Counter:
		return plotted(title+", a second", d.Doc, "short", target{fmt.Sprintf("sum%s (rate(%s[$__rate_interval]))", by, d.Name), legend, "A"})
	case d.Kind == metric.Histogram:
		return plotted(title, d.Doc, "s", quantile(d, .5), quantile(d, .9), quantile(d, .99))
	case strings.HasSuffix(d.Name, "expiry_timestamp_seconds"):
		return plotted(strings.TrimSuffix(title, " timestamp seconds")+", from now", d.Doc, "s", target{fmt.Sprintf("min%s (%s) - time()", by, d.Name), legend, "A"})
	case strings.HasSuffix(d.Name, "_timestamp_seconds"):
		return plotted(strings.TrimSuffix(title, " timestamp seconds")+", age", d.Doc, "s", target{fmt.Sprintf("time() - min%s (%s)", by, d.Name), legend, "A"})
	}
	return plotted(title, d.Doc, map[bool]string{true: "s", false: "short"}[d.Unit() == "seconds"], target{fmt.Sprintf("max%s (%s)", by, d.Name), legend, "A"})
}

// labels are those of a metric, for a query to group by, and for its legend.
func labels(d metric.Def) (by, legend string) {
	var names, words []string
	for _, l := range d.Labels {
		names, words = append(names, l.Name), append(words, "{{"+l.Name+"}}")
	}
	if len(names) == 0 {
		return "", "octagate"
	}
	return " by (" + strings.Join(names, ", ") + ")", strings.Join(words, " ")
}

// quantile asks a histogram how long a part of all took at most.
func quantile(d metric.Def, part float64) target {
	names := []string{"le"}
	legend := fmt.Sprintf("p%.0f", 100*part)
	if len(d.Labels) > 0 { // one label is enough for a picture
		names, legend = append(names, d.Labels[0].Name), legend+" {{"+d.Labels[0].Name+"}}"
	}
	return target{
		Expr:   fmt.Sprintf("histogram_quantile(%g, sum by (%s) (rate(%s_bucket[$__rate_interval])))", part, strings.Join(names, ", "), d.Name),
		Legend: legend, Ref: fmt.Sprintf("P%.0f", 100*part),
	}
}

// plotted is a panel with curves.
func plotted(title, doc, unit string, targets ...target) panel {
	return panel{
		Type: "timeseries", Title: title, Description: doc, Source: source, Targets: targets,
		Field: map[string]any{"defaults": map[string]any{"unit": unit, "min": 0}, "overrides": []any{}},
	}
}
