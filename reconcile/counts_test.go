package reconcile

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/manifests/metric"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// shown are the values that r has, by metric and last label, but for zeros. Of a histogram
// it is the sum.
func shown(t *testing.T, r prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetValue()
			}
			if n := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum(); n != 0 {
				all[key] = n
			}
		}
	}
	return all
}

// moody is a cloud that takes steps, or has an excuse.
type moody struct {
	Cloud
	excuse error
}

func (m moody) Take(context.Context, octavia.Owner, plan.Step) error { return m.excuse }

func TestStepsAreCounted(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	counts := NewCounts(r)
	for _, excuse := range []error{nil, nil, &plan.Refusal{Reason: plan.Busy}, &plan.Refusal{Reason: plan.Quota}, errors.New("odd")} {
		if err := counts.Of(moody{excuse: excuse}).Take(t.Context(), octavia.Owner{}, plan.DeleteListener{}); err != excuse {
			t.Error(err)
		}
	}
	want := map[string]float64{
		"octagate_steps_total Done DeleteListener": 2, "octagate_steps_total Busy DeleteListener": 1,
		"octagate_steps_total QuotaExceeded DeleteListener": 1, "octagate_steps_total Error DeleteListener": 1,
	}
	if diff := cmp.Diff(want, shown(t, r)); diff != "" {
		t.Error(diff)
	}
}

// at is a Service that was made at a second of some minute, with a Ready condition since
// another.
func at(made int, status metav1.ConditionStatus, reason string, since int) *corev1.Service {
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Unix(int64(made), 0)}}
	if reason != "" {
		svc.Status.Conditions = []metav1.Condition{{Type: Ready, Status: status, Reason: reason, LastTransitionTime: metav1.Unix(int64(since), 0)}}
	}
	return svc
}

func TestHowLongServicesWaitIsMeasured(t *testing.T) {
	for claim, tt := range map[string]struct {
		before, after *corev1.Service
		want          float64
	}{
		"a new Service, from when it was made":      {at(100, metav1.ConditionFalse, working, 101), at(100, metav1.ConditionTrue, ready, 120), 20},
		"one that was ready, from when it was not":  {at(100, metav1.ConditionFalse, broken, 1000), at(100, metav1.ConditionTrue, ready, 1030), 30},
		"one that is ready at once":                 {at(100, "", "", 0), at(100, metav1.ConditionTrue, nothing, 102), 2},
		"one that was there before octagate: never": {at(100, "", "", 0), at(100, metav1.ConditionTrue, ready, 900), 0},
		"one that stays ready: never":               {at(100, metav1.ConditionTrue, ready, 101), at(100, metav1.ConditionTrue, nothing, 101), 0},
		"one that is not ready yet: never":          {at(100, metav1.ConditionFalse, working, 101), at(100, metav1.ConditionFalse, denied, 101), 0},
	} {
		r := prometheus.NewPedanticRegistry()
		now := time.Unix(100, 0)
		if c := tt.after.Status.Conditions; len(c) > 0 {
			now = c[0].LastTransitionTime.Time
		}
		NewCounts(r).changed(tt.before, tt.after, now)
		if got := shown(t, r)["octagate_service_ready_seconds"]; got != tt.want {
			t.Errorf("%s: %v", claim, got)
		}
	}
}

func TestServicesAreShownByWhatBecameOfThem(t *testing.T) {
	var all []corev1.Service
	for _, svc := range []*corev1.Service{
		at(0, metav1.ConditionTrue, ready, 10), at(0, metav1.ConditionTrue, ready, 20), at(0, metav1.ConditionFalse, denied, 30),
		at(0, metav1.ConditionFalse, denied, 70), at(0, metav1.ConditionFalse, "Forged", 90), at(0, "", "", 0),
	} {
		all = append(all, *svc)
	}
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(metric.Reading{Defs: []metric.Def{states, unready}, Read: func(to metric.Show) { show(all, time.Unix(100, 0), to) }})
	want := map[string]float64{
		"octagate_services Ready": 2, "octagate_services Denied": 2, "octagate_services other": 1,
		"octagate_services_unready_seconds Denied": 70, "octagate_services_unready_seconds other": 10,
	}
	if diff := cmp.Diff(want, shown(t, r)); diff != "" {
		t.Error(diff)
	}
}

func TestOrphansAreCounted(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	c := NewCounts(r)
	all := map[octavia.Owner]orphan{{System: "ours", UID: "1"}: {}, {System: "theirs", UID: "2"}: {}, {System: "ours", UID: "3"}: {}}
	c.told(all, "ours")
	if diff := cmp.Diff(map[string]float64{"octagate_orphans this": 2, "octagate_orphans another": 1}, shown(t, r)); diff != "" {
		t.Error(diff)
	}
	if c.told(nil, "ours"); len(shown(t, r)) > 0 {
		t.Errorf("they are never forgotten: %v", shown(t, r))
	}
}
