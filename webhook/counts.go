package webhook

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/octagate/octagate/policy/annotation"
)

// Counts are the answers as Prometheus counts them. A nil Counts counts nothing.
type Counts struct{ answers, faults *prometheus.CounterVec }

// A fault is why a Service could not be judged.
type fault string

// The faults.
const (
	panicked   fault = "panic"
	unreadable fault = "unreadable" // what the API server sent, or our answer to it
)

// NewCounts are counts from zero that r shows.
func NewCounts(r prometheus.Registerer) *Counts {
	c := &Counts{
		answers: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "octagate_admission_answers_total",
			Help: "Answers to the API server, by webhook (mutate, validate), verdict (as in the annotation; none: the Service is not ours) and whether the request was allowed.",
		}, []string{"webhook", "verdict", "allowed"}),
		faults: promauto.With(r).NewCounterVec(prometheus.CounterOpts{
			Name: "octagate_admission_faults_total",
			Help: "Services that were allowed because octagate could not judge them for a fault of its own (panic, unreadable), by webhook.",
		}, []string{"webhook", "fault"}),
	}
	for _, webhook := range []string{mutate, validate} {
		for _, f := range []fault{panicked, unreadable} {
			c.faults.WithLabelValues(webhook, string(f))
		}
	}
	return c
}

func (c *Counts) answered(webhook string, verdict annotation.Answer, allowed bool) {
	if c == nil {
		return
	}
	if verdict == "" {
		verdict = "none"
	}
	c.answers.WithLabelValues(webhook, string(verdict), strconv.FormatBool(allowed)).Inc()
}

func (c *Counts) failed(webhook string, f fault) {
	if c != nil {
		c.faults.WithLabelValues(webhook, string(f)).Inc()
	}
}
