package openstack

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// mostMade is how many load balancers are being made at once. Octavia makes them one after
// the other all the same: of 24 at once the last was answered after 12 s. Whoever would only
// wait does not keep a worker from what others need.
const mostMade = 8

// mostAtDoor is how many more wait where they are, and not in the queue, for a moment at
// most. Who is called from the queue takes a while to come, in which Octavia would have less
// to do than it can.
const mostAtDoor = 4

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

// leave takes o out of the queue, wherever it is: few leave before they are called.
func (q *queue) leave(o octavia.Owner) {
	if q.in[o] {
		delete(q.in, o)
		q.order = slices.DeleteFunc(q.order, func(other octavia.Owner) bool { return other == o })
	}
}

// next takes out who is first; false: there is nobody. Nothing is left of a queue that was
// long, then: maps do not shrink.
func (q *queue) next() (octavia.Owner, bool) {
	if len(q.order) == 0 {
		*q = queue{}
		return octavia.Owner{}, false
	}
	o := q.order[0]
	q.order = q.order[1:]
	delete(q.in, o)
	return o, true
}

// A workshop is where load balancers are made, a few at once. The zero value is empty.
type workshop struct {
	mu     sync.Mutex
	inside map[octavia.Owner]bool // for whom a call is under way
	door   []caller
	queue  queue // of those who are called when there is room again
}

// A caller waits at the door for its turn, which is when turn is closed.
type caller struct {
	owner octavia.Owner
	turn  chan struct{}
}

// enter waits for the turn of o's load balancer to be made. Whose turn is not soon is sent
// away, and called.
func (s *workshop) enter(ctx context.Context, o octavia.Owner) error {
	turn, err := s.line(o)
	if turn == nil {
		return err
	}
	soon := time.NewTimer(moment)
	defer soon.Stop()
	select {
	case <-turn:
		return nil
	case <-soon.C:
	case <-ctx.Done():
	}
	return s.giveUp(o, turn)
}

// line finds a place for o: inside, and it has no turn to wait for, at the door, or in the
// queue, which is an error.
func (s *workshop) line(o octavia.Owner) (turn chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.inside) < mostMade:
		s.admit(o)
	case len(s.door) < mostAtDoor:
		turn = make(chan struct{})
		s.door = append(s.door, caller{o, turn})
	default:
		return nil, s.later(o)
	}
	s.queue.leave(o)
	return turn, nil
}

// admit lets o in.
func (s *workshop) admit(o octavia.Owner) {
	if s.inside == nil {
		s.inside = map[octavia.Owner]bool{}
	}
	s.inside[o] = true
}

// giveUp leaves the door, unless the turn came at the last moment.
func (s *workshop) giveUp(o octavia.Owner, turn chan struct{}) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.door, func(c caller) bool { return c.turn == turn })
	if at < 0 {
		return nil
	}
	s.door = slices.Delete(s.door, at, at+1)
	return s.later(o)
}

// later puts o into the queue.
func (s *workshop) later(o octavia.Owner) error {
	s.queue.add(o)
	after := min(moment*time.Duration(1+len(s.queue.order)/mostMade), longestQueue) // should the call of it get lost
	return &plan.Refusal{Reason: plan.Busy, After: after, Err: unsent("Octavia is making as many load balancers as it can at once")}
}

// leave is told that the call for o has ended. Whoever is first at the door is next, and others
// are to come, as many as there is room for: who was called before may be gone by now.
func (s *workshop) leave(o octavia.Owner) (come []octavia.Owner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inside, o)
	if len(s.door) > 0 {
		s.admit(s.door[0].owner)
		close(s.door[0].turn)
		s.door = s.door[1:]
	}
	for len(come) < mostMade+mostAtDoor-len(s.inside)-len(s.door) {
		o, waits := s.queue.next()
		if !waits {
			break
		}
		come = append(come, o)
	}
	return come
}

// makes reports whether a call is under way for o.
func (s *workshop) makes(o octavia.Owner) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inside[o]
}

// begin is told that a step for o is about to be taken, and says when it cannot be; end is to
// be called afterwards. Who has to wait for a call to end is told when one has: whoever asked
// again after a fixed time would leave Octavia idle meanwhile, and all would ask at once.
func (w *Watch) begin(ctx context.Context, o octavia.Owner, step plan.Step) (end func(), err error) {
	if _, create := step.(plan.CreateLoadBalancer); !create {
		return func() {}, nil
	}
	if err := w.workshop.enter(ctx, o); err != nil {
		return nil, err
	}
	return func() {
		for _, next := range w.workshop.leave(o) {
			if w.Changed != nil {
				w.Changed(ctx, next)
			}
		}
	}, nil
}

// acting reports whether o's load balancer is being made, or something was done to it since
// this round began: what comes of that is for the next one to see. A call leaves its note
// before it ends.
func (w *Watch) acting(o octavia.Owner) bool {
	if w.workshop.makes(o) {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.notes[o].round > w.begun
}
