package openstack

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/manifests/metric"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// shown are the values that r has, by the rest of the metric's name and the labels, but
// for zeros. Of histograms it is the number.
func shown(t *testing.T, r prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := strings.TrimPrefix(f.GetName(), "octagate_")
			for _, l := range m.GetLabel() {
				key += " " + l.GetValue()
			}
			if n := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()); n != 0 {
				all[key] = n
			}
		}
	}
	return all
}

func TestCallsAreCounted(t *testing.T) {
	s := newSky(t)
	r := prometheus.NewPedanticRegistry()
	f := s.facts()
	f.Client.Counts = NewCounts(r)
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs | facts.Providers})
	end := s.fault("GET floatingips", emulator.Fault{Status: http.StatusServiceUnavailable, Header: map[string]string{"Retry-After": "60"}})
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
	end()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
	got := shown(t, r)
	for key, want := range map[string]float64{
		"openstack_requests_total 200 floatingips GET": 1, "openstack_requests_total 503 floatingips GET": 1,
		"openstack_requests_total silenced floatingips GET": 1, "openstack_requests_total 201 tokens POST": 1,
		"openstack_requests_total 200 providers GET": 1, "openstack_request_duration_seconds floatingips GET": 2,
	} {
		if got[key] != want {
			t.Errorf("%s: %v of %v", key, got[key], got)
		}
	}
}

func TestResourcesOfCalls(t *testing.T) {
	for path, want := range map[string]string{
		"/v3/auth/tokens": "tokens", "/load-balancer/v2.0/lbaas/pools/x/members/y": "members", "/load-balancer/v2.0/lbaas/loadbalancers": "loadbalancers",
		"/v2.0/lbaas/loadbalancers/x/statuses": "loadbalancers", "/v2.0/floatingips/x/tags": "floatingips", "/load-balancer/": other, "/": other,
	} {
		request, err := http.NewRequest(http.MethodGet, "http://cloud"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := resource(request); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestWhatIsKnownIsShown(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(f.Reading())
	if diff := cmp.Diff(map[string]float64{"quota_limit floating IPs": math.Inf(1), "quota_limit load balancers": math.Inf(1)}, shown(t, r)); diff != "" {
		t.Errorf("of nothing: %s", diff)
	}
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
	if shown(t, r)["facts_timestamp_seconds floating IPs"] == 0 {
		t.Error("nobody knows when floating IPs were asked for")
	}
	var got []string
	known := facts.Snapshot{BalancerLimit: facts.Limit{Known: true, Most: 7}, FloatingIPLimit: facts.Limit{Known: true, Most: -1}}
	for _, one := range []facts.FloatingIP{{}, {Port: "p"}, {Port: "p", Pool: true}, {Pool: true}} {
		got = append(got, state(one))
	}
	if diff := cmp.Diff([]string{stateFree, stateUsed, statePool, stateIdle}, got); diff != "" || most(known.BalancerLimit) != 7 || !math.IsInf(most(known.FloatingIPLimit), 1) {
		t.Error(diff, most(known.BalancerLimit), most(known.FloatingIPLimit))
	}
}

// Load balancers are shown by who looks at them, once that has happened.
func TestLoadBalancersAreShownByTheirStatus(t *testing.T) {
	w, r := &Watch{}, prometheus.NewPedanticRegistry()
	r.MustRegister(metric.Reading{Defs: w.Reading().Defs, Read: w.read})
	families, err := r.Gather()
	if err != nil || len(families) > 0 {
		t.Errorf("a replica that does not build shows %v: %v", families, err)
	}
	w.begun, w.ended = 1, 1
	w.trees = map[octavia.Owner]octavia.Tree{}
	for name, t := range map[string]octavia.Tree{
		"a": {ID: "a", Status: octavia.Active}, "b": {ID: "b", Status: octavia.Active}, "c": {ID: "c", Status: octavia.Failed},
		"d": {ID: "d", Status: octavia.Active, Stuck: "pool x"}, "e": {ID: "e", Status: "MIGRATING"}, "f": {FloatingIP: octavia.FloatingIP{ID: "f"}},
	} {
		w.trees[octavia.Owner{Cluster: name}] = t
	}
	want := map[string]float64{"load_balancers ACTIVE": 2, "load_balancers ERROR": 1, "load_balancers UNFINISHED": 1, "load_balancers other": 1}
	if diff := cmp.Diff(want, shown(t, r)); diff != "" {
		t.Error(diff)
	}
}
