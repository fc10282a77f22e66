package reconcile

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests/metric"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// done is the result of a step that was taken.
const done = "Done"

// refusals are the reasons that a cloud has for not taking a step.
var refusals = []string{string(plan.Busy), string(plan.Quota), string(plan.Conflict), string(plan.Invalid), string(plan.Away), failed}

// reasons are all that the Ready condition may have.
var reasons = append([]string{ready, nothing, working, denied, conflict, unverified, broken, leftOut}, refusals[1:]...)

// What is counted.
var (
	steps = metric.Def{
		Name: "octagate_steps_total", Kind: metric.Counter, Doc: "Steps that were taken in the cloud, or tried.",
		Labels: []metric.Label{
			{Name: "step", Values: plan.Kinds(), Doc: "as in Events and logs"},
			{Name: "result", Values: append([]string{done}, refusals...), Doc: "Done, or why not, in the words of the condition Ready"},
		},
	}
	waits = metric.Def{
		Name: "octagate_service_ready_seconds", Kind: metric.Histogram,
		Doc:     "How long it took until a Service was ready: since it was made, or since it was not ready any more.",
		Buckets: []float64{1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600},
	}
	strays = metric.Def{
		Name: "octagate_orphans", Kind: metric.Gauge, Leader: true, Doc: "Load balancers, and floating IPs by themselves, that bear the cluster's name and have no Service.",
		Labels: []metric.Label{{Name: "cluster", Values: []string{here, elsewhere}, Doc: "this: they are collected, or would be; another: of one with the same name, and left alone"}},
	}
	states = metric.Def{
		Name: "octagate_services", Kind: metric.Gauge, Leader: true, Doc: "Services with the condition octagate.dev/Ready.",
		Labels: []metric.Label{{Name: "reason", Values: append(reasons[:len(reasons):len(reasons)], otherwise), Doc: "the condition's; Ready and NothingToBalance are good ones"}},
	}
	unready = metric.Def{
		Name: "octagate_services_unready_seconds", Kind: metric.Gauge, Leader: true,
		Doc:    "How long that Service has not been ready that has not been for longest; 0: all are.",
		Labels: []metric.Label{{Name: "reason", Values: states.Labels[0].Values[2:], Doc: "why it is not ready now"}},
	}
)

// The values of labels.
const (
	here      = "this"
	elsewhere = "another"
	otherwise = "other"
)

// Metrics are what reconciling has to show.
func Metrics() []metric.Def { return []metric.Def{steps, waits, states, unready, strays} }

// Counts are what was done, as Prometheus counts it. A nil Counts counts nothing.
type Counts struct {
	steps   *prometheus.CounterVec
	waits   *prometheus.HistogramVec
	orphans *prometheus.GaugeVec
}

// NewCounts are counts from zero that r shows.
func NewCounts(r prometheus.Registerer) *Counts {
	return &Counts{steps: steps.Counter(r), waits: waits.Histogram(r), orphans: strays.Gauge(r)}
}

// took counts a step by what came of it.
func (c *Counts) took(step plan.Step, err error) {
	if c == nil {
		return
	}
	result := done
	if err != nil {
		result = cmp.Or(string(plan.ReasonOf(err)), failed)
	}
	c.steps.WithLabelValues(plan.Kind(step), result).Inc()
}

// recent is how old a Service may be that is taken for a new one.
const recent = time.Minute

// changed measures how long a Service was not ready that is, now.
func (c *Counts) changed(stored, svc *corev1.Service, now time.Time) {
	before, is := apimeta.FindStatusCondition(stored.Status.Conditions, Ready), apimeta.IsStatusConditionTrue(svc.Status.Conditions, Ready)
	if c == nil || !is || before != nil && before.Status == metav1.ConditionTrue {
		return
	}
	since := svc.CreationTimestamp.Time
	switch {
	case before == nil && now.Sub(since) > recent:
		return // it is older than octagate here, and did not wait
	case before != nil && before.LastTransitionTime.Sub(since) > recent:
		since = before.LastTransitionTime.Time
	}
	c.waits.WithLabelValues().Observe(max(0, now.Sub(since).Seconds()))
}

// told is how many trees have no Service.
func (c *Counts) told(all map[octavia.Owner]orphan, own string) {
	if c == nil {
		return
	}
	n := map[string]int{}
	for o := range all {
		if string(o.System) == own {
			n[here]++
		} else {
			n[elsewhere]++
		}
	}
	for _, cluster := range strays.Labels[0].Values {
		c.orphans.WithLabelValues(cluster).Set(float64(n[cluster]))
	}
}

// counted is a cloud whose steps are counted.
type counted struct {
	Cloud
	counts *Counts
}

// Of is a cloud whose steps c counts.
func (c *Counts) Of(cloud Cloud) Cloud { return counted{cloud, c} }

// Take implements Cloud.
func (c counted) Take(ctx context.Context, o octavia.Owner, step plan.Step) error {
	err := c.Cloud.Take(ctx, o, step)
	c.counts.took(step, err)
	return err
}

// Reading shows how many Services there are by what became of them. Only who builds
// knows.
func (r *Reconciler) Reading() metric.Reading {
	return metric.Reading{Defs: []metric.Def{states, unready}, Read: r.read}
}

func (r *Reconciler) read(to metric.Show) {
	select {
	case <-r.elected:
	default:
		return
	}
	var all corev1.ServiceList
	if r.Client.List(context.Background(), &all, client.UnsafeDisableDeepCopy) == nil {
		show(all.Items, time.Now(), to)
	}
}

// show shows how many Services there are, by why they are ready or not.
func show(all []corev1.Service, now time.Time, to metric.Show) {
	n, longest := map[string]int{}, map[string]time.Duration{}
	for _, svc := range all {
		c := apimeta.FindStatusCondition(svc.Status.Conditions, Ready)
		if c == nil {
			continue
		}
		reason := c.Reason
		if !slices.Contains(reasons, reason) {
			reason = otherwise
		}
		if n[reason]++; c.Status != metav1.ConditionTrue {
			longest[reason] = max(longest[reason], now.Sub(c.LastTransitionTime.Time))
		}
	}
	for _, reason := range states.Labels[0].Values {
		to(states, float64(n[reason]), reason)
	}
	for _, reason := range unready.Labels[0].Values {
		to(unready, longest[reason].Seconds(), reason)
	}
}
