package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/testbed"
)

// What the emulated Octavia takes its time for, as it was measured of a real one: a POST
// of a whole load balancer is answered after 0.3 s, and it is ACTIVE 30 s later, which is
// what the quickest amphorae need. A change of members takes 1.2 s.
const (
	posting  = 300 * time.Millisecond
	building = 30 * time.Second
	changing = 1200 * time.Millisecond
)

// What octagate's documentation says of itself: of load balancers 8 are made at once.
const atOnce = 8

// The goals of reconciling.
const (
	mostOfBound    = 1.1 // of the time that the cloud alone would take
	mostPerService = 25  // KiB resident
	mostGrowth     = 1.0 // exponent of how something grows with the number of Services
)

// mostExponent leaves room for what is measured, and not counted.
const mostExponent = mostGrowth + 0.05

// A growth is what is compared between sizes.
type growth struct{ services, seconds, cpu, calls, memory float64 }

// scale has ever more Services become ready, and looks how everything grows.
func scale(ctx context.Context, b *bench) error {
	var all []growth
	for _, n := range b.size.services {
		g, err := b.grown(ctx, n)
		if err != nil {
			return fmt.Errorf("%d Services: %w", n, err)
		}
		all = append(all, g)
	}
	if len(all) < 2 {
		return nil
	}
	fit := func(of func(growth) float64) float64 { return exponent(all, of) }
	b.report.add("scale", "growth/exponent",
		atMost(fit(func(g growth) float64 { return g.seconds }), mostExponent, "of-time"),
		atMost(fit(func(g growth) float64 { return g.cpu }), mostExponent, "of-cpu"),
		atMost(fit(func(g growth) float64 { return g.calls }), mostExponent, "of-calls"),
		atMost(fit(func(g growth) float64 { return g.memory }), mostExponent, "of-rss"))
	return nil
}

// exponent is k where something grows like the k-th power of the number of Services: the
// slope of the line that fits the logarithms best.
func exponent(all []growth, of func(growth) float64) float64 {
	var x, y, xx, xy float64
	n := float64(len(all))
	for _, g := range all {
		a, b := math.Log(g.services), math.Log(max(of(g), 1e-9))
		x, y, xx, xy = x+a, y+b, xx+a*a, xy+a*b
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// slow has the emulator take its time.
func slow(cloud *emulator.Cloud) error {
	return cloud.SetBehaviour(emulator.Behaviour{
		Pending: map[string]time.Duration{"PENDING_CREATE": building, "PENDING_UPDATE": changing, "PENDING_DELETE": time.Second},
		Latency: map[string]time.Duration{"POST lbaas/loadbalancers": posting},
	})
}

// grown is one number of Services: from nothing to ready, at rest, a storm, a restart.
func (b *bench) grown(ctx context.Context, services int) (g growth, err error) {
	err = b.fleet(ctx, fmt.Sprint("scale-", services), services, func(ctx context.Context, f *fleet) error {
		if g, err = b.fill(ctx, f); err != nil {
			return err
		}
		if err := b.storm(ctx, f); err != nil {
			return err
		}
		return b.restart(ctx, f)
	})
	return g, err
}

// fleet does something with a fleet in a world of its own, in which Octavia takes its time.
func (b *bench) fleet(ctx context.Context, name string, services int, do func(context.Context, *fleet) error) (err error) {
	w, err := b.world(ctx, name, testbed.Options{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel() // an API server does not end before those who watch
		err = errors.Join(err, w.Stop())
	}()
	f, err := newFleet(ctx, w, services)
	if err != nil {
		return err
	}
	if err := slow(f.cloud); err != nil {
		return err
	}
	return do(ctx, f)
}

// fill creates the Services, and waits until all are ready.
func (b *bench) fill(ctx context.Context, f *fleet) (growth, error) {
	if err := pause(ctx, settling); err != nil {
		return growth{}, err
	}
	empty, err := memoryOf(f.world.Octagate.PID())
	if err != nil {
		return growth{}, err
	}
	seen := f.watch(ctx)
	gauge, err := follow(ctx, f.world.Octagate.PID())
	if err != nil {
		return growth{}, err
	}
	f.cloud.ResetTranscript()
	begun := time.Now()
	if err := errors.Join(f.create(ctx), seen.await(ctx, f.services)); err != nil {
		return growth{}, err
	}
	took := time.Since(begun)
	highest, used, err := gauge.end()
	if err != nil {
		return growth{}, err
	}
	calls := f.cloud.Counts()
	if err := pause(ctx, settling); err != nil {
		return growth{}, err
	}
	now, err := memoryOf(f.world.Octagate.PID())
	if err != nil {
		return growth{}, err
	}
	n := float64(f.services)
	bound := time.Duration((f.services+atOnce-1)/atOnce)*posting + building
	b.report.add("scale", fmt.Sprintf("ready/services=%d", f.services),
		is(took.Seconds(), "s"), is(bound.Seconds(), "bound-s"), atMost(took.Seconds()/bound.Seconds(), mostOfBound, "of-bound"),
		is(used.Seconds(), "cpu-s"), is(used.Seconds()/n*1000, "cpu-ms/service"),
		is(empty.all*mib, "empty-rss-MiB"), is(now.all*mib, "rss-MiB"), is(highest.all*mib, "peak-rss-MiB"),
		atMost((now.all-empty.all)/n*kib, mostPerService, "rss-KiB/service"), is((highest.all-empty.all)/n*kib, "peak-KiB/service"))
	b.calls(fmt.Sprintf("calls/services=%d", f.services), calls)
	return growth{n, took.Seconds(), used.Seconds(), float64(total(calls)), highest.all - empty.all}, nil
}

// settling is how long things are left alone before they are measured at rest.
const settling = 10 * time.Second

// kinds are those of calls that tables have: others are few.
var kinds = []struct{ call, unit string }{
	{"POST lbaas/loadbalancers", "creates"},
	{"PUT lbaas/pools/{id}/members", "member-writes"},
	{"GET lbaas/loadbalancers", "lb-lists"},
	{"GET lbaas/listeners", "listener-lists"},
	{"GET lbaas/pools", "pool-lists"},
	{"GET floatingips", "fip-lists"},
	{"GET lbaas/pools/{id}/members", "member-reads"},
	{"GET lbaas/loadbalancers/{id}/status", "status-reads"},
}

// calls reports calls by kind.
func (b *bench) calls(name string, counts map[string]int) {
	values, rest := []value{}, total(counts)
	for _, k := range kinds {
		values, rest = append(values, is(float64(counts[k.call]), k.unit)), rest-counts[k.call]
	}
	b.report.add("scale", name, append(values, is(float64(rest), "others"))...)
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// writes is how many of the calls change something.
func writes(counts map[string]int) int {
	sum := 0
	for call, n := range counts {
		if !strings.HasPrefix(call, "GET ") && call != "POST auth/tokens" {
			sum += n
		}
	}
	return sum
}
