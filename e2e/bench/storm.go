package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A storm is so many changes of endpoints in a second, of so many Services, for a while.
const (
	stormRate     = 1000
	stormServices = 100
	stormLasts    = 10 * time.Second
)

// storm changes endpoints all the time, and counts what octagate writes for that.
func (b *bench) storm(ctx context.Context, f *fleet) error {
	f.cloud.ResetTranscript()
	gauge, err := follow(ctx, f.world.Octagate.PID())
	if err != nil {
		return err
	}
	changes, took, err := f.blow(ctx)
	if err != nil {
		return err
	}
	calm, err := f.calm(ctx)
	if err != nil {
		return err
	}
	_, used, err := gauge.end()
	written := f.cloud.Counts()["PUT lbaas/pools/{id}/members"]
	b.report.add("scale", fmt.Sprintf("storm/services=%d", f.services),
		is(float64(changes)/took.Seconds(), "changes/s"), is(float64(changes), "changes"), is(float64(written), "writes"),
		is(float64(written)/float64(min(stormServices, f.services)), "writes/lb"), is(float64(changes)/max(1, float64(written)), "changes/write"),
		is(calm.Seconds(), "calm-after-s"), is(used.Seconds()/float64(changes)*1e6, "cpu-µs/change"))
	return err
}

// blow makes the changes, each at its time, as far as the API server can follow.
func (f *fleet) blow(ctx context.Context) (changes int, took time.Duration, err error) {
	var all errgroup.Group
	all.SetLimit(4 * hands)
	var done atomic.Int64
	blown := min(stormServices, f.services)
	begun := time.Now()
	for i := 0; time.Since(begun) < stormLasts; i++ {
		if err := pause(ctx, time.Until(begun.Add(time.Duration(i)*time.Second/stormRate))); err != nil {
			return 0, 0, errors.Join(err, all.Wait())
		}
		all.Go(func() error {
			done.Add(1)
			return f.client.Update(ctx, slice(i%blown, (1+i/blown)%3))
		})
	}
	err = all.Wait()
	return int(done.Load()), time.Since(begun), err
}

// calm waits until nothing is written any more, and tells how long that took.
func (f *fleet) calm(ctx context.Context) (time.Duration, error) {
	const quiet = 10 * time.Second
	begun, last, since := time.Now(), writes(f.cloud.Counts()), time.Now()
	for time.Since(since) < quiet {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
		if now := writes(f.cloud.Counts()); now != last {
			last, since = now, time.Now()
		}
	}
	return since.Sub(begun), nil
}
