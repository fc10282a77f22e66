package metric

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	colour = Label{Name: "colour", Values: []string{"red", "green"}, Doc: "of the light"}
	street = Label{Name: "street", Values: []string{"main"}, Open: true, Doc: "there are few"}
	lights = Def{Name: "octagate_lights_total", Kind: Counter, Doc: "Lights.", Labels: []Label{colour, {Name: "on", Values: []string{"true", "false"}}}}
	wait   = Def{Name: "octagate_wait_seconds", Kind: Histogram, Doc: "Waits.", Labels: []Label{colour}, Buckets: []float64{.5, 1}}
	cars   = Def{Name: "octagate_cars", Kind: Gauge, Doc: "Cars.", Labels: []Label{street}, Leader: true}
)

// series are all series that are shown, by their labels.
func series(t *testing.T, from prometheus.Gatherer) []string {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			words := []string{f.GetName()}
			for _, l := range m.GetLabel() {
				words = append(words, l.GetValue())
			}
			all = append(all, strings.Join(words, " "))
		}
	}
	return all
}

func TestCountersStartAtZeroWhereAllSeriesAreKnown(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	lights.Counter(r)
	cars.Gauge(r)
	Def{Name: "octagate_size", Kind: Gauge, Doc: "Size."}.Gauge(r)
	wait.Histogram(r)
	want := []string{
		"octagate_lights_total green false", "octagate_lights_total green true", "octagate_lights_total red false", "octagate_lights_total red true",
		"octagate_size", "octagate_wait_seconds green", "octagate_wait_seconds red",
	}
	if diff := cmp.Diff(want, series(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestReadingsAreMadeWhenSomebodyReads(t *testing.T) {
	r, n := prometheus.NewPedanticRegistry(), 0
	r.MustRegister(Reading{[]Def{cars}, func(show Show) {
		if n++; n > 1 {
			show(cars, 3, "main")
		}
	}})
	if got := series(t, r); len(got) > 0 {
		t.Errorf("%q is shown at first", got)
	}
	if diff := cmp.Diff([]string{"octagate_cars main"}, series(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestReference(t *testing.T) {
	_, table, _ := strings.Cut(Reference([]Def{lights, wait, cars}), "|---|---|---|---|---|\n")
	want := "| [`octagate_lights_total`](#octagate_lights_total) | counter | number | 4 | Lights. |\n" +
		"| [`octagate_wait_seconds`](#octagate_wait_seconds) | histogram | seconds | 10 | Waits. |\n" +
		"| [`octagate_cars`](#octagate_cars) | gauge | number | few | Cars. |\n" +
		"\n## octagate_lights_total\n\nLights.\n\n| label | values | |\n|---|---|---|\n| `colour` | `red`, `green` | of the light |\n| `on` | `true`, `false` |  |\n" +
		"\n## octagate_wait_seconds\n\nWaits.\n\nBuckets: 0.5, 1.\n\n| label | values | |\n|---|---|---|\n| `colour` | `red`, `green` | of the light |\n" +
		"\n## octagate_cars\n\nCars.\n\nExported by the *leader*.\n\n| label | values | |\n|---|---|---|\n| `street` | `main`, … | there are few |\n"
	if diff := cmp.Diff(want, table); diff != "" {
		t.Error(diff)
	}
}

func TestUnits(t *testing.T) {
	for name, want := range map[string]string{
		"octagate_a_seconds": "seconds", "octagate_a_timestamp_seconds": "seconds since 1970", "octagate_a_total": "number",
		"octagate_a_seconds_total": "seconds", "octagate_a_info": "always 1", "octagate_a": "number",
	} {
		if got := (Def{Name: name}).Unit(); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
