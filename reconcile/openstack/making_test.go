package openstack

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

func nth(n int) octavia.Owner { return octavia.Owner{Cluster: "test", UID: types.UID(fmt.Sprint(n))} }

// crowd has n owners come to a workshop, one after the other, and tells who was let in, in
// order, and who was sent away.
type crowd struct {
	t       *testing.T
	s       workshop
	mu      sync.Mutex
	in, out []octavia.Owner
}

// now is who was let in so far, and who was sent away.
func (c *crowd) now() (in, out []octavia.Owner) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.in), slices.Clone(c.out)
}

func (c *crowd) come(ctx context.Context, o octavia.Owner) {
	c.t.Helper()
	go func() {
		err := c.s.enter(ctx, o)
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case err == nil:
			c.in = append(c.in, o)
		case plan.ReasonOf(err) == plan.Busy && plan.AfterOf(err) > 0 && nothingDone(err):
			c.out = append(c.out, o)
		default:
			c.t.Errorf("%s: %v", o.UID, err)
		}
	}()
	synctest.Wait()
}

// Eight are inside, four wait at the door, and are let in at once when one leaves; whoever comes
// then is sent away, and called.
func TestAWorkshopIsNeverIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t}
		for n := range mostMade + mostAtDoor + 2 {
			c.come(t.Context(), nth(n))
		}
		if in, out := c.now(); len(in) != mostMade || !slices.Equal(out, []octavia.Owner{nth(12), nth(13)}) {
			t.Errorf("%v are inside, %v were sent away", in, out)
		}
		for n := range 2 {
			called := c.s.leave(nth(n))
			if in, _ := c.now(); !slices.Equal(called, []octavia.Owner{nth(12 + n)}) || in[len(in)-1] != nth(mostMade+n) {
				t.Errorf("%v was called, %v are inside", called, in)
			}
		}
		for n := range mostMade + 2 {
			if called := c.s.leave(nth(2 + n)); called != nil {
				t.Errorf("%v was called and did not wait", called)
			}
		}
		if in, _ := c.now(); len(in) != mostMade+mostAtDoor || len(c.s.inside) != 0 {
			t.Errorf("%v were inside, %v are", in, c.s.inside)
		}
	})
}

// Nobody waits at the door for longer than a moment, or once he does not want to any more. What he
// leaves is another's.
func TestNobodyWaitsLongAtTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t}
		for n := range mostMade {
			c.come(t.Context(), nth(n))
		}
		impatient, leave := context.WithCancel(t.Context())
		c.come(impatient, nth(8))
		c.come(t.Context(), nth(9))
		leave()
		if _, out := c.now(); !slices.Equal(out, []octavia.Owner{nth(8)}) {
			t.Errorf("%v were sent away", out)
		}
		time.Sleep(moment)
		if _, out := c.now(); !slices.Equal(out, []octavia.Owner{nth(8), nth(9)}) {
			t.Errorf("%v were sent away after a moment", out)
		}
		called := c.s.leave(nth(0))
		if in, _ := c.now(); !slices.Equal(called, []octavia.Owner{nth(8), nth(9)}) || len(in) != mostMade {
			t.Errorf("%v were called, %v are inside", called, in)
		}
		c.come(t.Context(), nth(9))
		if in, _ := c.now(); in[len(in)-1] != nth(9) || len(c.s.queue.in) != 0 {
			t.Errorf("%v are inside, %v wait", in, c.s.queue.in)
		}
	})
}

// Whoever is sent away again and again is in the queue once.
func TestNobodyIsInTheQueueTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t}
		for n := range mostMade + 1 {
			c.come(t.Context(), nth(n))
		}
		for range 3 {
			time.Sleep(moment)
			c.come(t.Context(), nth(mostMade))
			c.come(t.Context(), nth(mostMade+1))
		}
		time.Sleep(moment)
		synctest.Wait()
		if got := c.s.queue.order; len(got) != 2 || len(c.s.queue.in) != 2 {
			t.Errorf("%v wait", got)
		}
	})
}
