package webhook

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/octagate/octagate/manifests/metric"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
)

// A fault is why a Service could not be judged.
type fault string

// The faults.
const (
	panicked   fault = "panic"
	unreadable fault = "unreadable" // what the API server sent
	overloaded fault = "overloaded" // others were judged until it was too late
	oversized  fault = "oversized"  // it was not read; failurePolicy says whether it was allowed
)

// notOurs is the verdict on a Service that is none of our business.
const notOurs annotation.Answer = "none"

// outcomes are what findings do to requests, in the words of metrics.
var outcomes = map[policy.Severity]string{
	policy.Deny: "denied", policy.Forgiven: "forgiven", policy.Advised: "advised", policy.Warn: "warned", policy.Unsure: "unverified",
}

// byWebhook is the label that tells the webhooks apart.
var byWebhook = metric.Label{Name: "webhook", Values: []string{mutate, validate}, Doc: "the two that there are"}

// What is counted.
var (
	answers = metric.Def{
		Name: "octagate_admission_answers_total", Kind: metric.Counter,
		Doc: "Answers to the API server.",
		Labels: []metric.Label{
			byWebhook,
			{Name: "verdict", Values: []string{string(annotation.Accepted), string(annotation.Unverified), string(annotation.Denied), string(notOurs)},
				Doc: "as in the annotation octagate.dev/verdict; none: the Service is not octagate's"},
			{Name: "allowed", Values: []string{"true", "false"}, Doc: "whether the request was allowed; what was denied before is forgiven"},
		},
	}
	findings = metric.Def{
		Name: "octagate_admission_findings_total", Kind: metric.Counter,
		Doc: "What rules found in Services that were applied. One Service may have several.",
		Labels: []metric.Label{
			{Name: "rule", Values: policy.Rules(), Doc: "as in policy/README.md, where there is a chapter on each"},
			{Name: "outcome", Values: []string{"denied", "forgiven", "advised", "warned", "unverified"},
				Doc: "denied: the Service was refused; forgiven: it was so before, and its author was warned; advised: so is everybody with enforcement: Advise; warned; unverified: OpenStack could not be asked"},
		},
	}
	faults = metric.Def{
		Name: "octagate_admission_faults_total", Kind: metric.Counter,
		Doc: "Services that octagate could not judge, for a fault of its own, and allowed.",
		Labels: []metric.Label{
			byWebhook,
			{Name: "fault", Values: []string{string(panicked), string(unreadable), string(overloaded), string(oversized)},
				Doc: "unreadable: what the API server sent is no Service, or no AdmissionReview, which failurePolicy decides; overloaded: too many others were judged meanwhile; oversized: larger than 3 MiB, which was not read and which failurePolicy decides"},
		},
	}
	durations = metric.Def{
		Name: "octagate_admission_duration_seconds", Kind: metric.Histogram,
		Doc:     "How long it took to answer the API server, which waits for 2 s (mutate) or 3 s (validate).",
		Labels:  []metric.Label{byWebhook},
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2, 3},
	}
)

// Metrics are what the webhooks count.
func Metrics() []metric.Def { return []metric.Def{answers, findings, faults, durations} }

// Counts are the answers as Prometheus counts them. A nil Counts counts nothing.
type Counts struct {
	answers, findings, faults *prometheus.CounterVec
	durations                 *prometheus.HistogramVec
}

// NewCounts are counts from zero that r shows.
func NewCounts(r prometheus.Registerer) *Counts {
	return &Counts{answers: answers.Counter(r), findings: findings.Counter(r), faults: faults.Counter(r), durations: durations.Histogram(r)}
}

func (c *Counts) answered(webhook string, verdict annotation.Answer, allowed bool) {
	if c == nil {
		return
	}
	if verdict == "" {
		verdict = notOurs
	}
	c.answers.WithLabelValues(webhook, string(verdict), strconv.FormatBool(allowed)).Inc()
}

// found counts what rules said in a verdict that somebody is told.
func (c *Counts) found(v policy.Verdict) {
	if c == nil {
		return
	}
	for _, f := range v.Findings {
		c.findings.WithLabelValues(f.Rule, outcomes[f.Severity]).Inc()
	}
}

func (c *Counts) failed(webhook string, f fault) {
	if c != nil {
		c.faults.WithLabelValues(webhook, string(f)).Inc()
	}
}

// timed measures how long a webhook takes.
func (c *Counts) timed(webhook string, hook http.Handler) http.Handler {
	if c == nil {
		return hook
	}
	taken := c.durations.WithLabelValues(webhook)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func(begun time.Time) { taken.Observe(time.Since(begun).Seconds()) }(time.Now())
		hook.ServeHTTP(w, r)
	})
}
