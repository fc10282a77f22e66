package reconcile

import (
	"time"

	"github.com/octagate/octagate/reconcile/octavia"
)

// turnPause is how long one waits until it is looked again whether it is its turn.
const turnPause = 5 * time.Second

// An orphans remembers which trees have no Service, since when, and what was said of
// them. One is deleted at a time, but a tree that cannot be deleted does not keep the
// others for longer than longestTurn.
//
// A restart forgets all this, and gives each its time again. The zero orphans remembers
// nothing yet. It is for one goroutine.
type orphans struct {
	all     map[octavia.Owner]orphan
	current octavia.Owner // whose tree is being deleted; zero: nobody's
	began   time.Time     // when that was
}

// An orphan is what is remembered of one tree.
type orphan struct {
	since time.Time // when it was first seen without its Service; zero: it is not to be deleted
	said  string    // what was said of it last
}

// wait is how long o's tree is still left alone. Zero: it may be deleted.
func (a *orphans) wait(o octavia.Owner, grace time.Duration, now time.Time) time.Duration {
	one := a.all[o]
	if one.since.IsZero() {
		one.since = now
		a.remember(o, one)
	}
	if own := one.since.Add(grace).Sub(now); own > 0 {
		return own
	}
	if a.current != (octavia.Owner{}) && a.current != o && now.Sub(a.began) < longestTurn {
		return turnPause
	}
	return 0
}

// begun is told that a step was taken to delete o's tree.
func (a *orphans) begun(o octavia.Owner, now time.Time) {
	if a.current != o {
		a.current, a.began = o, now
	}
}

// pass lets others have o's turn.
func (a *orphans) pass(o octavia.Owner) {
	if a.current == o {
		a.current = octavia.Owner{}
	}
}

// spare gives o's tree all its time again.
func (a *orphans) spare(o octavia.Owner, now time.Time) {
	a.pass(o)
	one := a.all[o]
	one.since = now
	a.remember(o, one)
}

// forget is told of an owner whose tree is gone, or has its Service.
func (a *orphans) forget(o octavia.Owner) {
	a.pass(o)
	delete(a.all, o)
}

// said reports whether this was said of o's tree last, and remembers that it is now.
func (a *orphans) said(o octavia.Owner, what string) bool {
	one := a.all[o]
	before := one.said
	one.said = what
	a.remember(o, one)
	return before == what
}

func (a *orphans) remember(o octavia.Owner, one orphan) {
	if a.all == nil {
		a.all = map[octavia.Owner]orphan{}
	}
	a.all[o] = one
}
