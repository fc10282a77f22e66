package reconcile

import (
	"testing"
	"time"

	"github.com/octagate/octagate/reconcile/octavia"
)

func TestOrphans(t *testing.T) {
	const grace = time.Minute
	a, b := octavia.Owner{UID: "a"}, octavia.Owner{UID: "b"}
	began := time.Unix(1e9, 0)
	var all orphans
	for _, step := range []struct {
		claim string
		o     octavia.Owner
		at    time.Duration
		want  time.Duration
		then  func(at time.Time)
	}{
		{"who is seen first has all its time", a, 0, grace, nil},
		{"and less of it later", a, grace / 4, 3 * grace / 4, nil},
		{"each has its own", b, grace / 4, grace, nil},
		{"then it may be deleted", a, grace, 0, func(now time.Time) { all.begun(a, now) }},
		{"the other has time left", b, grace, grace / 4, nil},
		{"and waits for its turn", b, 2 * grace, turnPause, nil},
		{"who is being deleted goes on", a, 2 * grace, 0, func(now time.Time) { all.begun(a, now) }},
		{"but keeps nobody for ever", b, grace + longestTurn, 0, nil},
		{"who cannot be deleted passes", a, 3 * grace, 0, func(time.Time) { all.pass(a) }},
		{"and the other comes", b, 3 * grace, 0, func(now time.Time) { all.begun(b, now) }},
		{"while it waits in turn", a, 3 * grace, turnPause, func(time.Time) { all.forget(b) }},
		{"until the other is gone", a, 3 * grace, 0, nil},
		{"who was gone has all its time again", b, 3 * grace, grace, nil},
	} {
		now := began.Add(step.at)
		if got := all.wait(step.o, grace, now); got != step.want {
			t.Errorf("%s: waits %s, want %s", step.claim, got, step.want)
		}
		if step.then != nil {
			step.then(now)
		}
	}
}

func TestWhatIsSaidOfAnOrphanIsSaidOnce(t *testing.T) {
	var all orphans
	a := octavia.Owner{UID: "a"}
	for _, step := range []struct {
		what string
		want bool
	}{{"x", false}, {"x", true}, {"y", false}, {"y", true}} {
		if got := all.said(a, step.what); got != step.want {
			t.Errorf("%s: %v", step.what, got)
		}
	}
	if all.forget(a); all.said(a, "y") {
		t.Error("it is another orphan now")
	}
}
