package openstack

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Counts are the look-ups for admission as Prometheus counts them. A nil Counts counts
// nothing.
type Counts struct {
	lookups  *prometheus.CounterVec
	circuits *prometheus.GaugeVec
}

// A result is what became of a look-up.
type result string

// The results.
const (
	answered result = "answered"
	failed   result = "failed"
	late     result = "late"
	skipped  result = "skipped" // the circuit was open
)

func resultOf(err error) result {
	switch {
	case err == nil:
		return answered
	case errors.Is(err, context.DeadlineExceeded):
		return late
	}
	return failed
}

// NewCounts are counts from zero that r shows.
func NewCounts(r prometheus.Registerer) *Counts {
	c := &Counts{
		lookups: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "octagate_lookups_total",
			Help: "Facts that OpenStack was asked for while somebody waited for admission, by kind and result (answered, failed, late; skipped: it was not asked, since the circuit was open).",
		}, []string{"facts", "result"}),
		circuits: promauto.With(r).NewGaugeVec(prometheus.GaugeOpts{
			Name: "octagate_lookup_circuit_open",
			Help: "Whether a kind of facts is not looked up for admission, because OpenStack failed or was slow about it again and again.",
		}, []string{"facts"}),
	}
	for _, k := range kinds {
		c.circuits.WithLabelValues(k.name)
		for _, r := range []result{answered, failed, late, skipped} {
			c.lookups.WithLabelValues(k.name, string(r))
		}
	}
	return c
}

func (c *Counts) lookedUp(k kind, r result) {
	if c != nil {
		c.lookups.WithLabelValues(k.name, string(r)).Inc()
	}
}

func (c *Counts) opened(kind string, open bool) {
	if c == nil {
		return
	}
	value := 0.0
	if open {
		value = 1
	}
	c.circuits.WithLabelValues(kind).Set(value)
}
