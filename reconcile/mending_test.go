package reconcile

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const afterwards = time.Minute

// A clinic is a mending whose clock a test owns.
type clinic struct {
	mending
	now time.Time
}

func newClinic() *clinic { return &clinic{now: time.Unix(1e9, 0)} }

// turn waits until a load balancer that stays broken is made anew, and says after how
// many minutes that was.
func (c *clinic) turn(service types.UID) int {
	began := c.now
	for pause := c.wait(service, afterwards, c.now); pause > 0; pause = c.wait(service, afterwards, c.now) {
		c.now = c.now.Add(pause)
	}
	c.begun(service, c.now)
	return int(c.now.Sub(began).Minutes())
}

func TestWhatBreaksAgainAndAgainIsLeftAloneForLonger(t *testing.T) {
	c, minutes := newClinic(), []int{}
	for range 9 {
		minutes = append(minutes, c.turn("web"))
	}
	if want := []int{1, 2, 4, 8, 16, 32, 60, 60, 60}; !slices.Equal(minutes, want) {
		t.Errorf("got %v", minutes)
	}
}

// Who recovers without help has all the time again when the next breakage comes.
func TestWhoRecoversIsNotTouched(t *testing.T) {
	c := newClinic()
	if pause := c.wait("web", afterwards, c.now); pause != afterwards {
		t.Fatalf("seen broken, left alone for %s", pause)
	}
	c.now = c.now.Add(afterwards / 2)
	c.well("web", c.now)
	c.now = c.now.Add(time.Hour)
	if pause := c.wait("web", afterwards, c.now); pause != afterwards {
		t.Errorf("broken again after an hour, left alone for %s", pause)
	}
}

func TestOnlyOneIsMadeAnewAtATime(t *testing.T) {
	c := newClinic()
	c.wait("second", afterwards, c.now)
	c.turn("first")
	c.now = c.now.Add(longestTurn / 2)
	if pause := c.wait("second", afterwards, c.now); pause <= 0 {
		t.Error("two at a time")
	}
	c.well("first", c.now)
	if pause := c.wait("second", afterwards, c.now); pause != 0 {
		t.Errorf("the first is well, and the second waits for another %s", pause)
	}
}

// Whose load balancer never comes, because the project has no quota for it any more,
// does not keep the others.
func TestNobodyIsWaitedForForEver(t *testing.T) {
	c := newClinic()
	c.turn("lost")
	c.wait("web", afterwards, c.now)
	c.now = c.now.Add(longestTurn + time.Second)
	if pause := c.wait("web", afterwards, c.now); pause != afterwards {
		t.Errorf("waits %s", pause)
	}
}

// Where making anew does not help, the others are not taken down for nothing.
func TestWhenItDoesNotHelpTheOthersWait(t *testing.T) {
	c, pauses := newClinic(), []int{}
	for _, service := range []types.UID{"a", "b", "c", "d", "e"} {
		c.wait(service, afterwards, c.now) // all broke at once
	}
	c.now = c.now.Add(afterwards)
	for _, service := range []types.UID{"a", "b", "c", "d", "e"} {
		pauses = append(pauses, c.turn(service))
		c.wait(service, afterwards, c.now) // broken again
	}
	if want := []int{0, 1, 2, 4, 8}; !slices.Equal(pauses, want) {
		t.Errorf("got %v", pauses)
	}
	c.turn("f")
	c.well("f", c.now)
	if pause := c.wait("b", afterwards, c.now.Add(longestPause)); pause != 0 {
		t.Errorf("it helps again, and yet the others wait for %s", pause)
	}
}

func TestWhoLeavesIsForgotten(t *testing.T) {
	c := newClinic()
	c.turn("web")
	c.gone("web")
	if pause := c.wait("other", afterwards, c.now); pause != afterwards {
		t.Errorf("everybody waits for one that is gone: %s", pause)
	}
	if pause := c.wait("web", afterwards, c.now); pause != afterwards {
		t.Errorf("a new Service waits %s", pause)
	}
}
