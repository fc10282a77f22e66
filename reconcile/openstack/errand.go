package openstack

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/octagate/octagate/policy/facts"
)

// spell is how long the next look-up waits for the one before to end, while whoever asks joins
// it.
const spell = 250 * time.Millisecond

// apart is how long it is between look-ups, in the long run, and sudden how many may be made
// without that. The five calls that most doubts cost are 33 a second then, however many
// Services are applied: less than openstack.rateLimit, which workers live on, too.
const (
	apart  = 150 * time.Millisecond
	sudden = 3
)

// mostAway is how many look-ups of one thing are under way at once: one that is stuck does
// not hold up the others. When as many are stuck, the circuit opens.
const mostAway = mostFailures

// mostAddresses is how many floating IPs one look-up is about, so that its URL stays far
// below the 8 KiB that web servers take.
const mostAddresses = 64

// Errands are look-ups of one thing. Who comes while one is under way waits for the next,
// with all others who do. Nobody is told what was asked before he came: the author of a
// Service who was refused, and has made the floating IP since, would be refused again for an
// answer that was already on its way.
type errands struct {
	of   facts.Kinds // of which they tell everything; 0: of none
	pace *rate.Limiter

	mu      sync.Mutex
	away    int
	newest  *errand   // for which the next waits; nil: for none
	waiting []*errand // in the order in which they set out; all but the last are full
}

func newErrands(of facts.Kinds) *errands {
	return &errands{of: of, pace: rate.NewLimiter(rate.Every(apart), sudden)}
}

// An errand is one look-up, for all who asked before it set out.
type errand struct {
	of    facts.Kinds
	run   func(about []netip.Addr) telling
	about []netip.Addr  // one invalid address: everything there is
	done  chan struct{} // closed when it is over
	told  telling       // what the cloud said; nil: nothing
}

// send is the errand that tells about an address, which sets out as soon as it may.
func (e *errands) send(about netip.Addr, run func([]netip.Addr) telling) *errand {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.waiting, func(one *errand) bool { return one.takes(about) })
	if i < 0 {
		i, e.waiting = len(e.waiting), append(e.waiting, &errand{of: e.of, run: run, about: []netip.Addr{about}, done: make(chan struct{})})
	}
	one := e.waiting[i]
	e.setOut()
	return one
}

// takes reports whether an errand that waits tells about an address, too, from now on.
func (one *errand) takes(about netip.Addr) bool {
	switch {
	case slices.Contains(one.about, about):
		return true
	case len(one.about) == mostAddresses:
		return false
	}
	one.about = append(one.about, about)
	return true
}

// setOut has the next errand set out, if it may.
func (e *errands) setOut() {
	if len(e.waiting) == 0 || e.newest != nil || e.away == mostAway {
		return
	}
	if !e.pace.Allow() {
		nobodys := &errand{}
		e.newest = nobodys
		time.AfterFunc(apart, func() { e.pass(nobodys) })
		return
	}
	one := e.waiting[0]
	e.waiting, e.newest = e.waiting[1:], one
	e.away++
	late := time.AfterFunc(spell, func() { e.pass(one) })
	go func() {
		one.told = one.run(one.about)
		close(one.done)
		late.Stop()
		e.mu.Lock()
		e.away--
		e.mu.Unlock()
		e.pass(one)
	}()
}

// pass has the next errand not wait for one that is over, or takes long.
func (e *errands) pass(one *errand) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.newest == one {
		e.newest = nil
	}
	e.setOut()
}

// heard is what an errand tells before ctx ends; nil: nothing.
func (one *errand) heard(ctx context.Context) telling {
	select {
	case <-one.done:
		return one.told
	case <-ctx.Done():
	}
	select {
	case <-one.done: // in time, after all
		return one.told
	default:
		return nil
	}
}
