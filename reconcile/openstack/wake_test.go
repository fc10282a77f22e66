package openstack

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// Many owners build and unbuild at once, and each acts only when the Watch wakes
// it. Between rounds with nothing under way an hour passes: a wake-up that is
// lost, or a tree that is called current too early, does not go unnoticed.
func TestNobodyIsForgotten(t *testing.T) {
	s := newSky(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const owners = 20
	wakes := map[octavia.Owner]chan struct{}{}
	for n := range owners {
		wakes[octavia.Owner{Cluster: "test", UID: types.UID(fmt.Sprint(n))}] = make(chan struct{}, 1)
	}
	s.watch.Poll, s.watch.Idle = time.Millisecond, time.Hour
	s.watch.Changed = func(_ context.Context, o octavia.Owner) {
		s.clock.Pass(settle) // every notice is a step of time, too
		select {
		case wakes[o] <- struct{}{}:
		default:
		}
	}
	watching := make(chan error)
	go func() { watching <- s.watch.Start(ctx) }()

	var building sync.WaitGroup
	for n := range owners {
		o := octavia.Owner{Cluster: "test", UID: types.UID(fmt.Sprint(n))}
		tree := s.desired(octavia.FloatingIP{}, "10.1.0.10", "10.1.0.11")
		tree.VIP.Address = netip.AddrFrom4([4]byte{10, 2, 1, byte(n)})
		building.Go(func() {
			for _, desired := range []octavia.Tree{tree, {}} {
				if err := s.converge(ctx, o, desired, wakes[o]); err != nil {
					t.Errorf("%s: %v", o.UID, err)
				}
			}
		})
	}
	building.Wait()
	cancel()
	if err := <-watching; err != nil {
		t.Error(err)
	}
	if n := s.cloud.Counts()["POST lbaas/loadbalancers"]; n != owners {
		t.Errorf("%d load balancers were asked for by %d owners", n, owners)
	}
}

// converge acts whenever it is woken, until o's tree is as desired and at rest.
func (s *sky) converge(ctx context.Context, o octavia.Owner, desired octavia.Tree, wake <-chan struct{}) error {
	for {
		if tree, err := s.watch.Observe(o); err == nil {
			p := plan.Diff(desired, tree)
			if len(p) == 0 && !tree.Status.Busy() {
				return nil
			}
			if len(p) > 0 && !tree.Status.Busy() {
				err := s.watch.Take(ctx, o, p[0])
				if plan.AfterOf(err) > 0 {
					continue // as many are being made as can be at once; a worker comes back, too
				}
				if err != nil && plan.ReasonOf(err) != plan.Busy {
					return err
				}
			}
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
