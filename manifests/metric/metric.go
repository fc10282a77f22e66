// Package metric is the contract between octagate and those who watch over it.
//
// Each metric is one Def: its name, kind, labels with their values, and the sentence
// that documents it. What is exported, the page about it, the dashboard, and the check
// that alerts speak of nothing else, are read from that one definition, which stands beside
// the code that counts. The package itself counts nothing.
package metric

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Prefix starts the name of every metric of octagate.
const Prefix = "octagate_"

// A Kind is a type of Prometheus.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// A Label tells the series of one metric apart.
type Label struct {
	Name   string
	Values []string // all that there are, unless Open
	Open   bool     // there may be others than Values, but not many, as Doc says
	Doc    string   // what the values mean, and why they are few
}

// A Def defines one metric.
type Def struct {
	Name    string
	Kind    Kind
	Doc     string // a sentence
	Labels  []Label
	Buckets []float64 // of a histogram: their upper bounds
	Leader  bool      // shown by the replica that builds, and by no other
}

// Unit is what the metric is measured in, as its name says.
func (d Def) Unit() string {
	name := strings.TrimSuffix(d.Name, "_total")
	switch {
	case strings.HasSuffix(name, "_timestamp_seconds"):
		return "seconds since 1970"
	case strings.HasSuffix(name, "_seconds"):
		return "seconds"
	case strings.HasSuffix(name, "_info"):
		return "always 1"
	}
	return "number"
}

// names are those of the labels.
func (d Def) names() []string {
	var all []string
	for _, l := range d.Labels {
		all = append(all, l.Name)
	}
	return all
}

// Series is how many series the metric has at most in one process; 0: nobody knows
// beforehand.
func (d Def) Series() int {
	n := 1
	if d.Kind == Histogram {
		n = len(d.Buckets) + 3 // and one without bound, the sum and the number
	}
	for _, l := range d.Labels {
		if l.Open {
			return 0
		}
		n *= len(l.Values)
	}
	return n
}

// Counter is a counter that r shows. It starts at zero where all values of its labels are
// known, so that the first thing to be counted is seen as an increase.
func (d Def) Counter(r prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Doc}, d.names())
	r.MustRegister(c)
	for _, values := range d.combinations() {
		c.WithLabelValues(values...)
	}
	return c
}

// Gauge is a gauge that r shows, which starts at zero like a counter.
func (d Def) Gauge(r prometheus.Registerer) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Doc}, d.names())
	r.MustRegister(g)
	for _, values := range d.combinations() {
		g.WithLabelValues(values...)
	}
	return g
}

// Histogram is a histogram that r shows. It is there from the start where it has few series.
func (d Def) Histogram(r prometheus.Registerer) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Doc, Buckets: d.Buckets}, d.names())
	r.MustRegister(h)
	if d.Series() > few {
		return h
	}
	for _, values := range d.combinations() {
		h.WithLabelValues(values...)
	}
	return h
}

// few is how many series a histogram may have that nobody has seen anything of.
const few = 100

// combinations are the values of the labels of all series; none where they are not known.
func (d Def) combinations() [][]string {
	all := [][]string{nil}
	for _, l := range d.Labels {
		if l.Open {
			return nil
		}
		var longer [][]string
		for _, one := range all {
			for _, value := range l.Values {
				longer = append(longer, append(slices.Clone(one), value))
			}
		}
		all = longer
	}
	return all
}

// A Reading is metrics that are looked up whenever somebody reads them.
type Reading struct {
	Defs []Def
	Read func(Show)
}

// Show shows the value of one series of a metric, by the values of its labels.
type Show func(d Def, value float64, labels ...string)

// Describe implements prometheus.Collector.
func (r Reading) Describe(to chan<- *prometheus.Desc) {
	for _, d := range r.Defs {
		to <- d.desc()
	}
}

// Collect implements prometheus.Collector.
func (r Reading) Collect(to chan<- prometheus.Metric) {
	r.Read(func(d Def, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d.desc(), prometheus.GaugeValue, value, labels...)
	})
}

func (d Def) desc() *prometheus.Desc { return prometheus.NewDesc(d.Name, d.Doc, d.names(), nil) }

// Truth is 1 for what is true.
func Truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
