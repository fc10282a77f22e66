package openstack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/octagate/octagate/manifests/metric"
)

// Counts are the calls to OpenStack, and the look-ups for admission, as Prometheus counts
// them. A nil Counts counts nothing.
type Counts struct {
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	lookups   *prometheus.CounterVec
	circuits  *prometheus.GaugeVec
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

// The codes of calls that have no answer with a code of its own.
const (
	unanswered = "none"
	silenced   = "silenced"
	rationed   = "rationed"
)

// What is counted.
var (
	byKind = metric.Label{Name: "facts", Values: names(), Doc: "the kinds of facts that rules ask for"}
	onWhat = []metric.Label{
		{Name: "resource", Values: append(resources, other), Doc: "what the path of the call ends with; other: versions and what is not listed here"},
		{Name: "verb", Values: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}, Doc: "the method of HTTP"},
	}
	requests = metric.Def{
		Name: "octagate_openstack_requests_total", Kind: metric.Counter, Doc: "Calls to OpenStack.",
		Labels: append(onWhat[:2:2], metric.Label{Name: "code", Values: []string{"200", "201", "202", "204", unanswered, silenced, rationed}, Open: true,
			Doc: "the answer's, of which OpenStack has about 20; none: no answer; silenced: not sent, since the service asked to be left alone (Retry-After); rationed: not sent, since more were due than openstack.rateLimit allows"}),
	}
	durations = metric.Def{
		Name: "octagate_openstack_request_duration_seconds", Kind: metric.Histogram, Labels: onWhat,
		Doc:     "How long OpenStack took to answer a call, whatever the answer. What was not sent is not measured.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
	}
	lookups = metric.Def{
		Name: "octagate_lookups_total", Kind: metric.Counter, Doc: "Facts that OpenStack was asked for while somebody waited for admission.",
		Labels: []metric.Label{byKind, {Name: "result", Values: []string{string(answered), string(failed), string(late), string(skipped)},
			Doc: "skipped: it was not asked, since the circuit was open"}},
	}
	circuits = metric.Def{
		Name: "octagate_lookup_circuit_open", Kind: metric.Gauge, Labels: []metric.Label{byKind},
		Doc: "Whether a kind of facts is not looked up for admission (1), because OpenStack failed or was slow about it again and again.",
	}
)

// names are those of the kinds.
func names() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.name)
	}
	return append(all, byAddress)
}

// Metrics are all that this package has to show.
func Metrics() []metric.Def {
	return slices.Concat([]metric.Def{requests, durations, lookups, circuits}, (&Facts{}).Reading().Defs, (&Watch{}).Reading().Defs)
}

// NewCounts are counts from zero that r shows.
func NewCounts(r prometheus.Registerer) *Counts {
	return &Counts{requests: requests.Counter(r), durations: durations.Histogram(r), lookups: lookups.Counter(r), circuits: circuits.Gauge(r)}
}

func (c *Counts) lookedUp(k kind, r result) {
	if c != nil {
		c.lookups.WithLabelValues(k.name, string(r)).Inc()
	}
}

func (c *Counts) opened(kind string, open bool) {
	if c != nil {
		c.circuits.WithLabelValues(kind).Set(metric.Truth(open))
	}
}

// unsent counts a call that was not made.
func (c *Counts) unsent(r *http.Request, code string) {
	if c != nil {
		c.requests.WithLabelValues(resource(r), r.Method, code).Inc()
	}
}

// sent counts a call with its answer, if there is one, and how long that took.
func (c *Counts) sent(r *http.Request, answer *http.Response, took time.Duration) {
	if c == nil {
		return
	}
	code := unanswered
	if answer != nil {
		code = strconv.Itoa(answer.StatusCode)
	}
	c.requests.WithLabelValues(resource(r), r.Method, code).Inc()
	c.durations.WithLabelValues(resource(r), r.Method).Observe(took.Seconds())
}

// resources are what calls are about, as paths have it.
var resources = []string{
	"tokens", "extensions", "networks", "subnets", "ports", "routers", "floatingips", "quotas",
	"loadbalancers", "listeners", "pools", "members", "healthmonitors", "providers", "flavors", "availabilityzones",
}

// other is everything else.
const other = "other"

// resource is what a call is about: the last word in its path that is known.
func resource(r *http.Request) string {
	found := other
	for word := range strings.SplitSeq(r.URL.Path, "/") {
		if slices.Contains(resources, word) {
			found = word
		}
	}
	return found
}
