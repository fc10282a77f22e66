package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// callsASecond is openstack.rateLimit, as it is by default.
const callsASecond = 50

// newcomer is a Service that is made while octagate is away.
const newcomer = "newcomer"

// restart has octagate killed, one Service created and the endpoints of another changed
// while it is away, and looks at how soon both are seen to, and what all that costs.
func (b *bench) restart(ctx context.Context, f *fleet) error {
	if err := f.world.Octagate.Kill(); err != nil {
		return err
	}
	if err := errors.Join(f.client.Create(ctx, member(newcomer)), f.client.Update(ctx, slice(f.services/2, 3))); err != nil {
		return err
	}
	f.cloud.ResetTranscript()
	begun := time.Now()
	started, ready := make(chan error, 1), time.Duration(0)
	go func() {
		err := f.world.RestartOctagate(ctx)
		ready = time.Since(begun)
		started <- err
	}()
	first, err := f.called(ctx, "POST lbaas/loadbalancers", begun)
	if err != nil {
		return errors.Join(err, <-started)
	}
	if err := <-started; err != nil {
		return err
	}
	change, err := f.called(ctx, "PUT lbaas/pools/{id}/members", begun)
	if err != nil {
		return err
	}
	whole, err := f.looked(ctx, begun)
	if err != nil {
		return err
	}
	counts := f.cloud.Counts()
	b.report.add("scale", fmt.Sprintf("restart/services=%d", f.services),
		is(ready.Seconds(), "ready-s"), is(first.Seconds(), "first-action-s"), is(change.Seconds(), "change-s"), is(whole.Seconds(), "all-seen-s"),
		is(float64(total(counts)), "calls"), is(float64(total(counts))/float64(f.services), "calls/service"), is(float64(writes(counts)), "writes"))
	b.calls(fmt.Sprintf("restart-calls/services=%d", f.services), counts)
	return nil
}

// called waits until something was asked of the cloud, and tells how long after a moment. Who
// starts looks at one load balancer after the other, and this may be about the last.
func (f *fleet) called(ctx context.Context, call string, since time.Time) (time.Duration, error) {
	for f.cloud.Counts()[call] == 0 {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return 0, err
		}
		if time.Since(since) > stalled+time.Duration(f.services)*time.Second/callsASecond {
			return 0, fmt.Errorf("there was no %s", call)
		}
	}
	return time.Since(since), nil
}

// looked waits until the members of every load balancer were looked at.
func (f *fleet) looked(ctx context.Context, since time.Time) (time.Duration, error) {
	last, at := -1, time.Now()
	for {
		counts := f.cloud.Counts()
		now := counts["GET lbaas/pools/{id}/members"] + counts["GET lbaas/loadbalancers/{id}/status"]
		if now >= f.services {
			return time.Since(since), nil
		}
		if now != last {
			last, at = now, time.Now()
		}
		if time.Since(at) > stalled {
			return 0, fmt.Errorf("only %d of %d load balancers were looked at", now, f.services)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
