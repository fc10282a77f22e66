package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
)

// perRow is what a real Octavia 11.0.0 in one process took for each thing on a list of a
// hundred.
var perRow = map[string]time.Duration{
	"GET lbaas/loadbalancers": 5600 * time.Microsecond,
	"GET lbaas/listeners":     5800 * time.Microsecond,
	"GET lbaas/pools":         11 * time.Millisecond, // of ten members
}

// How much is looked at.
const (
	ofLists     = 1000 // Services that are there
	oneByOne    = 10   // that are made, and changed twice, one after the other
	resting     = 3 * time.Minute
	churning    = 2 * time.Minute
	quick       = 2 * time.Second // until a load balancer is ACTIVE, as with a provider that makes no servers
	churnedPace = time.Second     // between changes
)

// lists looks at what octagate asks of a cloud in which lists take their time, and how long
// others wait for that: at rest, while one Service at a time is made or changed, and while
// endpoints change all the time.
func lists(ctx context.Context, b *bench) error {
	return b.fleet(ctx, "lists", ofLists+oneByOne, b.listed)
}

// listed is that, of a fleet.
func (b *bench) listed(ctx context.Context, f *fleet) error {
	seen := f.watch(ctx)
	create := func(i int) error { return f.client.Create(ctx, member(name(i))) }
	if err := errors.Join(f.each(ofLists, create), seen.await(ctx, ofLists)); err != nil {
		return err
	}
	err := f.cloud.SetBehaviour(emulator.Behaviour{
		Pending: map[string]time.Duration{"PENDING_CREATE": quick, "PENDING_UPDATE": changing},
		Latency: map[string]time.Duration{"POST lbaas/loadbalancers": posting}, Rows: perRow,
	})
	if err != nil {
		return err
	}
	if err := b.listing(ctx, f, "rest", 0, func() error { return pause(ctx, resting) }); err != nil {
		return err
	}
	if err := b.oneByOne(ctx, f, "create", func(i int) error {
		return errors.Join(create(ofLists+i), seen.await(ctx, ofLists+i+1))
	}); err != nil {
		return err
	}
	if err := b.oneByOne(ctx, f, "change-twice", func(i int) error { return f.twice(ctx, i) }); err != nil {
		return err
	}
	return b.listing(ctx, f, "churn", int(churning/churnedPace), func() error { return f.churn(ctx) })
}

// oneByOne does something for one Service after the other, and reports how long each took.
func (b *bench) oneByOne(ctx context.Context, f *fleet, name string, do func(i int) error) error {
	var took []time.Duration
	err := b.listing(ctx, f, name, oneByOne, func() error {
		for i := range oneByOne {
			begun := time.Now()
			if err := do(i); err != nil {
				return err
			}
			took = append(took, time.Since(begun))
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(took)
	b.report.add("lists", name+"/each", is(percentile(took, 0.5)/1000, "p50-s"), is(took[len(took)-1].Seconds(), "slowest-s"))
	return nil
}

// listing does something, and reports what lists that took: how much of one process of Octavia's,
// and how many rows for each of so many doings; 0: for none.
func (b *bench) listing(ctx context.Context, f *fleet, name string, doings int, do func() error) error {
	if err := pause(ctx, settling); err != nil {
		return err
	}
	f.cloud.ResetTranscript()
	begun := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took, rows, busy := time.Since(begun), f.cloud.Rows(), time.Duration(0)
	for call, each := range perRow {
		busy += time.Duration(rows[call]) * each
	}
	b.report.add("lists", name, is(took.Seconds(), "s"), is(float64(doings), "doings"), is(float64(writes(f.cloud.Counts())), "writes"),
		is(float64(rows["GET lbaas/loadbalancers"]), "lb-rows"), is(float64(rows["GET lbaas/listeners"]), "listener-rows"),
		is(float64(rows["GET lbaas/pools"]), "pool-rows"), is(busy.Seconds()/took.Seconds(), "octavia-busy"))
	return nil
}

// twice changes the endpoints of a Service twice, the second time when Octavia was told of the
// first.
func (f *fleet) twice(ctx context.Context, number int) error {
	for variant := range 2 {
		before := f.cloud.Counts()["PUT lbaas/pools/{id}/members"]
		if err := f.client.Update(ctx, slice(number, variant+1)); err != nil {
			return err
		}
		for begun := time.Now(); f.cloud.Counts()["PUT lbaas/pools/{id}/members"] == before; {
			if time.Since(begun) > stalled {
				return fmt.Errorf("the endpoints of Service %d were not changed", number)
			}
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// churn changes the endpoints of one Service after the other.
func (f *fleet) churn(ctx context.Context) error {
	for i := range int(churning / churnedPace) {
		if err := errors.Join(f.client.Update(ctx, slice(oneByOne+i, 1)), pause(ctx, churnedPace)); err != nil {
			return err
		}
	}
	_, err := f.calm(ctx)
	return err
}
