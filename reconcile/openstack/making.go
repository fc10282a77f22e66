package openstack

import (
	"context"
	"time"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// mostMade is how many load balancers are being made at once. Octavia makes them one after
// the other all the same: of 24 at once the last was answered after 12 s. Whoever would only
// wait does not keep a worker from what others need.
const mostMade = 8

// longestQueue is how long, at most, an owner is left in the queue before it asks again.
const longestQueue = 5 * time.Minute

// A queue is owners in the order in which they came, each once. The zero value is empty.
type queue struct {
	order []octavia.Owner
	in    map[octavia.Owner]bool
}

// add puts o at the end, unless it is in the queue already.
func (q *queue) add(o octavia.Owner) {
	if q.in[o] {
		return
	}
	if q.in == nil {
		q.in = map[octavia.Owner]bool{}
	}
	q.order, q.in[o] = append(q.order, o), true
}

// leave takes o out of the queue.
func (q *queue) leave(o octavia.Owner) { delete(q.in, o) }

// next takes out who is first; false: there is nobody. Nothing is left of a queue that was
// long, then: maps do not shrink.
func (q *queue) next() (octavia.Owner, bool) {
	for len(q.order) > 0 {
		o := q.order[0]
		if q.order = q.order[1:]; q.in[o] {
			delete(q.in, o)
			return o, true
		}
	}
	*q = queue{}
	return octavia.Owner{}, false
}

// begin is told that a step for o is about to be taken, and says when it cannot be; end is to
// be called afterwards. Who has to wait for a call to end is told when one has: whoever asked
// again after a fixed time would leave Octavia idle meanwhile, and all would ask at once.
func (w *Watch) begin(ctx context.Context, o octavia.Owner, step plan.Step) (end func(), err error) {
	if _, create := step.(plan.CreateLoadBalancer); !create {
		return func() {}, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.making >= mostMade {
		w.queue.add(o)
		after := min(moment*time.Duration(1+len(w.queue.in)/mostMade), longestQueue) // should the call of it get lost
		return nil, &plan.Refusal{Reason: plan.Busy, After: after, Err: unsent("Octavia is making as many load balancers as it can at once")}
	}
	w.making++
	w.queue.leave(o)
	return func() { w.made(ctx) }, nil
}

// made is told that a call has ended, and has others come, as many as there is room for:
// who was called before may be gone by now.
func (w *Watch) made(ctx context.Context) {
	w.mu.Lock()
	w.making--
	var come []octavia.Owner
	for len(come) < mostMade-w.making {
		o, waits := w.queue.next()
		if !waits {
			break
		}
		come = append(come, o)
	}
	w.mu.Unlock()
	for _, o := range come {
		if w.Changed != nil {
			w.Changed(ctx, o)
		}
	}
}
