package openstack

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"github.com/octagate/octagate/policy/facts"
)

// Fresh is what is known, and what the cloud says now to a question: what it does not say
// before ctx ends is old. Callers at the same time share look-ups, and a kind that has
// failed again and again is not looked up.
func (f *Facts) Fresh(ctx context.Context, asked facts.Question) facts.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	var tell []telling
	var heardOf facts.Kinds
	for _, one := range f.send(asked) {
		if told := one.heard(ctx); told != nil {
			tell, heardOf = append(tell, told), heardOf|one.of
		}
	}
	s := f.knownBut(heardOf)
	for _, told := range tell {
		told(&s)
	}
	return s
}

// usual is how long a look-up for admission takes, when nobody says otherwise. The API
// server waits 2 s for the mutating call and 3 s for the validating one.
const usual = 1500 * time.Millisecond

func (f *Facts) patience() time.Duration { return cmp.Or(f.Patience, usual) }

// send has the cloud asked a question, as far as it can be expected to answer.
func (f *Facts) send(asked facts.Question) []*errand {
	var all []*errand
	for _, k := range kinds {
		if asked.Kinds.Has(k.of) && f.promising(k) {
			all = append(all, f.errands(k).send(netip.Addr{}, func([]netip.Addr) telling { return f.lookUp(k) }))
		}
	}
	if k := floatingIPsAt(nil); asked.FloatingIP.IsValid() && f.promising(k) {
		all = append(all, f.errands(k).send(asked.FloatingIP, func(about []netip.Addr) telling { return f.lookUp(floatingIPsAt(about)) }))
	}
	return all
}

// promising reports whether it is of use to look a kind up.
func (f *Facts) promising(k kind) bool {
	open := f.circuit(k).open()
	if open {
		f.Counts.lookedUp(k, skipped)
	}
	return !open
}

// errands are the look-ups of a kind.
func (f *Facts) errands(k kind) *errands {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lookups == nil {
		f.lookups = map[facts.Kinds]*errands{}
	}
	if f.lookups[k.of] == nil {
		f.lookups[k.of] = newErrands(k.of)
	}
	return f.lookups[k.of]
}

// lookUp asks the cloud for one kind, as long as somebody may wait for it; nil: it does not
// say. Those who waited for others to end may have seen the cloud fail meanwhile.
func (f *Facts) lookUp(k kind) telling {
	if !f.promising(k) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.patience())
	defer cancel()
	tell, err := f.try(ctx, k)
	f.Counts.lookedUp(k, resultOf(err))
	return tell
}

// try asks the cloud for one kind, and has its circuit know whether the answer came while
// somebody could have waited for it.
func (f *Facts) try(ctx context.Context, k kind) (telling, error) {
	done := f.circuit(k).begin()
	alarm := time.AfterFunc(f.patience(), func() { done(errLate) })
	tell, err := f.ask(ctx, k)
	if alarm.Stop() {
		done(err)
	}
	return tell, err
}
