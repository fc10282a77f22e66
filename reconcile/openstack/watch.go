package openstack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A Watch looks at all our load balancers at once, in rounds: rarely, and often at those with
// which something is under way. Nobody else polls.
//
// A tree is current when a round that began after the last step for its owner
// has ended. That is all the Watch remembers, and a restart loses nothing by it.
type Watch struct {
	Client  *Client
	Facts   *Facts                               // learns the floating IPs that each round sees
	Cluster string                               // whose load balancers
	Poll    time.Duration                        // between rounds while something is under way
	Idle    time.Duration                        // between looks at everything, at least; 0: every look is one
	Changed func(context.Context, octavia.Owner) // told of every owner whose tree changed or became current
	Log     logr.Logger

	Thorough func(octavia.Owner) bool // whose members are looked at closely from the first; nil: nobody's

	mu        sync.Mutex
	begun     uint64                         // rounds begun
	ended     uint64                         // the newest round that ended well
	wideAt    time.Time                      // when everything was last looked at with success
	wideTried time.Time                      // when it was last tried to, with success or not
	wideTook  time.Duration                  // how long that took when it had success
	trees     map[octavia.Owner]octavia.Tree // as they were last seen
	rivals    map[octavia.Owner]string       // owners with a second load balancer: its ID
	due       map[octavia.Owner]uint64       // the round that makes each touched owner's tree current
	trouble   error                          // why the newest round did not end well
	members   map[string]membership          // by the ID of their pool
	seen      map[string]string              // by ID, when the state was new in which each load balancer was looked into, as Octavia dates it
	notes     map[octavia.Owner]note         // of the steps whose end was not seen yet
	tagged    bool                           // everything of ours bears tags, and can be listed by them
	turn      int                            // whose it was last of the load balancers that nobody dates
	wake      chan struct{}

	suspects map[octavia.Owner]string // of being stuck: what stood still when they were last seen
	manner   plan.Manner              // how the cloud has to be treated
	workshop workshop                 // where load balancers are made
}

// errEarly is what is wrong before the first round has ended.
var errEarly = errors.New("load balancers have not been listed yet")

// Observe is o's tree as the newest round saw it. It is an error to observe a
// tree that is not current, and one that is somebody's rival.
func (w *Watch) Observe(o octavia.Owner) (octavia.Tree, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if rival := w.rivals[o]; rival != "" {
		return octavia.Tree{}, &plan.Refusal{Reason: plan.Conflict,
			Err: fmt.Errorf("load balancers %s and %s both claim to be this Service's; delete one", w.trees[o].ID, rival)}
	}
	if w.ended == 0 || w.ended < w.due[o] {
		w.touch(o)
		if w.trouble != nil {
			return w.trees[o], w.trouble
		}
		return w.trees[o], &plan.Refusal{Reason: plan.Busy, Err: errEarly}
	}
	return w.trees[o], nil
}

// Take carries out one step for o, whose tree is then not current, unless the
// cloud said clearly that it did nothing.
func (w *Watch) Take(ctx context.Context, o octavia.Owner, step plan.Step) error {
	s, err := w.Client.meet(ctx)
	if err != nil {
		return err
	}
	end, err := w.begin(ctx, o, step)
	if err != nil {
		return err
	}
	defer end()
	made, err := s.take(hurried(ctx), o, step)
	err = refusal(err)
	if !nothingDone(err) {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.due, o)
		w.touch(o)
		w.remember(o, made, err != nil)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	return nil
}

// remember notes what a step for o makes.
func (w *Watch) remember(o octavia.Owner, made effect, doubt bool) {
	if w.notes == nil {
		w.notes = map[octavia.Owner]note{}
	}
	n := w.notes[o]
	n.round, n.doubt, n.unknown, n.expect = w.due[o], n.doubt || doubt, n.unknown || made.unknown, maps.Clone(n.expect)
	if n.expect == nil {
		n.expect = map[string][]octavia.Member{}
	}
	maps.Copy(n.expect, made.members)
	if made.floatingIP != "" {
		n.allocated = append(slices.Clip(n.allocated), made.floatingIP)
	}
	w.notes[o] = n
}

// done forgets notes that were heeded, unless more was done since.
func (w *Watch) done(heeded map[octavia.Owner]note) {
	for o, n := range heeded {
		if w.notes[o].round == n.round {
			delete(w.notes, o)
		}
	}
	if len(w.notes) == 0 {
		w.notes = nil
	}
}

func nothingDone(err error) bool {
	reason := plan.ReasonOf(err)
	return reason == plan.Quota || reason == plan.Conflict || reason == plan.Invalid || errors.As(err, new(unsent))
}

// touch makes o's tree wait for the next round to begin and end.
func (w *Watch) touch(o octavia.Owner) {
	if w.due == nil {
		w.due = map[octavia.Owner]uint64{}
	}
	if w.due[o] == 0 {
		w.due[o] = w.begun + 1
	}
	select {
	case w.wakeup() <- struct{}{}:
	default:
	}
}

func (w *Watch) wakeup() chan struct{} {
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
	}
	return w.wake
}

// NeedLeaderElection is true: only who builds needs to watch.
func (w *Watch) NeedLeaderElection() bool { return true }

// Start makes rounds until ctx ends.
func (w *Watch) Start(ctx context.Context) error {
	for {
		for _, o := range w.round(ctx) {
			w.Changed(ctx, o)
		}
		if !w.rest(ctx) {
			return nil
		}
	}
}

// rest waits for the next round to be due; false: ctx has ended. Who wakes it may be seen to
// already.
func (w *Watch) rest(ctx context.Context) bool {
	for {
		w.mu.Lock()
		busy, idle, pause, wake := w.busy(), time.Until(w.wideTried.Add(w.between())), w.pause(), w.wakeup()
		w.mu.Unlock()
		if busy || idle <= 0 {
			return wait(ctx, pause, nil)
		}
		if !wait(ctx, idle, wake) {
			return false
		}
	}
}

// pause is how long to leave the cloud alone, which may have asked for more than Poll.
func (w *Watch) pause() time.Duration { return max(w.Poll, plan.AfterOf(w.trouble)) }

// wait returns after d, or at once when wake is signalled; false: ctx has ended.
func wait(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wake:
	}
	return true
}

// busy reports whether anything is under way.
func (w *Watch) busy() bool { return w.trouble != nil || len(w.underWay()) > 0 }

// round looks once at everything, or at what is under way, and returns the owners to be told.
func (w *Watch) round(ctx context.Context) []octavia.Owner {
	w.mu.Lock()
	w.begun++
	number, notes, about, begun := w.begun, maps.Clone(w.notes), w.scope(), time.Now()
	w.mu.Unlock()
	if w.members == nil {
		w.members, w.seen = map[string]membership{}, map[string]string{}
	}
	seen, err := w.look(ctx, about, notes)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if seen.of == nil {
		w.wideTried = now
	}
	if err != nil {
		return w.failed(err)
	}
	if w.trouble != nil {
		w.Log.Info("OpenStack answers again")
	}
	w.ended, w.trouble = number, nil
	if seen.of == nil {
		w.wideAt, w.wideTook = now, now.Sub(begun)
	}
	w.done(seen.heeded)
	return w.news(seen)
}

// failed keeps what the last good round saw, and tells who waits for a better
// one, once for every new trouble.
func (w *Watch) failed(err error) []octavia.Owner {
	same := w.trouble != nil && w.trouble.Error() == err.Error()
	w.trouble = err
	if same {
		return nil
	}
	w.Log.Info("OpenStack does not answer; what is built stays as it is", "reason", err.Error())
	return slices.Collect(maps.Keys(w.due))
}

// Manner is how this cloud has to be treated: LBaaS v2 does nothing in one call, and some
// are caught leaving a load balancer half made, as Octavia 11.0.0 is.
func (w *Watch) Manner() plan.Manner {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Client.Legacy {
		return plan.Manner{Stepwise: true, Memberwise: true, Leafwise: true, Curable: true}
	}
	return w.manner
}

// confirm tells what Octavia abandoned from what it is at work on: that does not look
// the same in two rounds. Until then it is taken for work.
func (w *Watch) confirm(seen view) {
	suspects := map[octavia.Owner]string{}
	for o, what := range w.suspects {
		if !seen.of.has(o) {
			suspects[o] = what
		}
	}
	for o, t := range seen.trees {
		if t.Stuck == "" {
			continue
		}
		suspects[o] = t.ID + t.Stuck
		if w.suspects[o] != suspects[o] {
			t.Status, t.Stuck = octavia.Creating, ""
			seen.trees[o] = t
			continue
		}
		w.manner.Stepwise = true
		w.Log.Info("Octavia left a load balancer half made; from now on each is made one thing at a time", "loadBalancer", t.Name, "unmade", t.Stuck)
	}
	w.suspects = suspects
}

// news takes what was seen for the truth and returns the owners for whom it is news.
func (w *Watch) news(seen view) []octavia.Owner {
	maps.DeleteFunc(seen.trees, func(o octavia.Owner, _ octavia.Tree) bool { return !seen.of.has(o) })
	w.confirm(seen)
	told := map[octavia.Owner]bool{}
	for o, round := range w.due {
		if round <= w.ended {
			told[o] = true
			delete(w.due, o)
		}
	}
	if len(w.due) == 0 {
		w.due = nil // maps do not shrink
	}
	if w.trees == nil {
		w.trees, w.rivals = map[octavia.Owner]octavia.Tree{}, map[octavia.Owner]string{}
	}
	for o, t := range seen.trees {
		before, known := w.trees[o]
		if !known || !reflect.DeepEqual(t, before) {
			w.trees[o] = t // what is as it was stays where it is: memory has fewer holes so
			told[o] = true
		}
		if rival := seen.rivals[o]; rival != w.rivals[o] {
			w.rivals[o] = rival
			told[o] = true
		}
	}
	for o := range w.trees {
		if _, still := seen.trees[o]; !still && seen.of.has(o) {
			delete(w.trees, o)
			delete(w.rivals, o)
			told[o] = true
		}
	}
	return slices.Collect(maps.Keys(told))
}
