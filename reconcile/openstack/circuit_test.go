package openstack

import (
	"context"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
)

// failures has look-ups of a kind fail until its circuit is open, and returns how many did.
func failures(t *testing.T, f *Facts, of kind) int {
	t.Helper()
	for n := range 10 {
		if f.circuit(of).open() {
			return n
		}
		f.Fresh(t.Context(), facts.Question{Kinds: of.of})
	}
	t.Fatal("the circuit is still closed after 10 failures")
	return 0
}

var floatingIPKind, externalKind = kinds[0], kinds[4]

// A cloud that fails again and again is not asked any more while somebody waits. What it
// said before is old.
func TestNobodyWaitsForACloudThatFails(t *testing.T) {
	address := netip.MustParseAddr("172.24.4.13")
	for claim, fault := range map[string]func(*http.Request) *emulator.Fault{
		"it is down":        func(*http.Request) *emulator.Fault { return &emulator.Fault{} },
		"it says 503":       func(*http.Request) *emulator.Fault { return &emulator.Fault{Status: http.StatusServiceUnavailable} },
		"it says nonsense":  func(*http.Request) *emulator.Fault { return &emulator.Fault{Status: http.StatusOK, Body: "<html>"} },
		"it never answers":  func(*http.Request) *emulator.Fault { return &emulator.Fault{Delay: time.Hour} },
		"it wants a log-in": func(*http.Request) *emulator.Fault { return &emulator.Fault{Status: http.StatusUnauthorized} },
	} {
		t.Run(claim, func(t *testing.T) {
			s := newSky(t)
			s.cloud.AddFloatingIP(s.networks.ExternalNetwork, address.String())
			f := s.facts()
			f.Patience = 100 * time.Millisecond
			f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
			s.cloud.SetFault(fault)
			// One that waits in vain may begin another before it is known to have failed.
			if n := failures(t, f, floatingIPKind); n < mostFailures || n > mostFailures+2 {
				t.Errorf("open after %d failures", n)
			}
			var calls atomic.Int32
			s.cloud.SetFault(func(*http.Request) *emulator.Fault { calls.Add(1); return nil })
			known := f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
			if _, answer := known.FloatingIP(address); answer != facts.Yes || known.Old != facts.FloatingIPs {
				t.Errorf("%v, %b is old", answer, known.Old)
			}
			if n := calls.Load(); n > 0 {
				t.Errorf("%d calls were made", n)
			}
			if known := f.Known(); known.Old != 0 {
				t.Errorf("%b is old, and nobody asked", known.Old)
			}
		})
	}
}

// What fails of one kind is no reason not to ask about another.
func TestCircuitsAreOfOneKind(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs | facts.Externals})
	end := s.fault("GET floatingips", emulator.Fault{Status: http.StatusForbidden})
	defer end()
	failures(t, f, floatingIPKind)
	if known := f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs | facts.Externals}); known.Old != facts.FloatingIPs || f.circuit(externalKind).open() {
		t.Errorf("%b is old", known.Old)
	}
}

// The renewal of facts finds out that the cloud is back; whoever applies a Service does not
// try it. It finds out, too, that the cloud is away.
func TestRenewalsCloseCircuits(t *testing.T) {
	s := newSky(t)
	registry := prometheus.NewPedanticRegistry()
	f := s.facts()
	f.Refresh, f.Counts = 10*time.Millisecond, NewCounts(registry)
	end := s.fault("GET floatingips", emulator.Fault{Status: http.StatusForbidden})
	turned := make(chan struct{}, 1)
	f.Renewed = func() {
		select {
		case turned <- struct{}{}:
		default:
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Start(ctx) }()
	byAddress := floatingIPsAt(nil)
	for !f.circuit(floatingIPKind).open() || !f.circuit(byAddress).open() {
		<-turned // by the other kinds
	}
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
	want := map[string]float64{"circuit": 1, "skipped": 1}
	if diff := cmp.Diff(want, countedOf(t, registry, floatingIPKind.name)); diff != "" {
		t.Error(diff)
	}
	end()
	for f.circuit(floatingIPKind).open() || f.circuit(byAddress).open() {
		<-turned
	}
	f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs})
	want = map[string]float64{"answered": 1, "skipped": 1}
	if diff := cmp.Diff(want, countedOf(t, registry, floatingIPKind.name)); diff != "" {
		t.Error(diff)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Facts may be renewed rarely. When a circuit opens, they are renewed often enough to see the
// cloud come back.
func TestAnOpenCircuitHurriesRenewals(t *testing.T) {
	s := newSky(t)
	f := s.facts() // renewed every hour
	renewed := make(chan struct{}, 100)
	f.Renewed = func() { renewed <- struct{}{} }
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go f.Start(ctx)
	for range kinds {
		<-renewed
	}
	end := s.fault("GET floatingips", emulator.Fault{Status: http.StatusForbidden})
	failures(t, f, floatingIPKind)
	end()
	for f.circuit(floatingIPKind).open() { // who is told of a renewal may look before it is taken in
		select {
		case <-renewed:
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// What takes too long is not asked for all the time.
func TestLongRenewalsAreRare(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Refresh = 30 * time.Second
	if got := f.pause(floatingIPKind, nil, time.Minute); got != f.Refresh {
		t.Errorf("although the circuit is closed: %s", got)
	}
	end := s.fault("GET floatingips", emulator.Fault{Status: http.StatusForbidden})
	failures(t, f, floatingIPKind)
	end()
	for took, want := range map[time.Duration]time.Duration{
		0: rest, 5 * time.Second: 15 * time.Second, time.Minute: f.Refresh,
	} {
		if got := f.pause(floatingIPKind, nil, took); got != want {
			t.Errorf("after %s: %s, not %s", took, got, want)
		}
	}
	if got := f.pause(floatingIPKind, errEarly, time.Minute); got != rest {
		t.Errorf("after a failure: %s", got)
	}
}

// countedOf is what is counted of one kind of facts, and is not zero.
func countedOf(t *testing.T, from prometheus.Gatherer, kind string) map[string]float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := map[string]string{"result": "circuit"}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if n := m.GetCounter().GetValue() + m.GetGauge().GetValue(); n != 0 && labels["facts"] == kind {
				all[labels["result"]] = n
			}
		}
	}
	return all
}

// An answer that comes when nobody waits any more is kept, but the next would come too late,
// too.
func TestASlowCloudIsAFailure(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Patience = time.Nanosecond
	release := make(chan struct{})
	slow := floatingIPKind
	slow.ask = func(ctx context.Context, session *session, f *Facts) (telling, error) {
		<-release
		return askFloatingIPs(ctx, session, f)
	}
	for n := range uint32(mostFailures) {
		asked := make(chan error)
		go func() { _, err := f.try(t.Context(), slow); asked <- err }()
		for f.circuit(slow).Counts().ConsecutiveFailures == n && !f.circuit(slow).open() {
			f.Known() // until the alarm has rung
		}
		release <- struct{}{}
		if err := <-asked; err != nil {
			t.Error(err)
		}
	}
	if !f.circuit(slow).open() || f.Known().FloatingIPs == nil {
		t.Errorf("open: %v", f.circuit(slow).open())
	}
}
