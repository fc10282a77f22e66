package reconcile

import (
	"slices"
	"testing"
	"time"
)

// What breaks as soon as it is made is made anew after 5, 10, 20, … seconds, and in
// the end once an hour.
func TestWhatBreaksAgainAndAgainIsLeftAloneForLonger(t *testing.T) {
	var m mending
	now, seconds := time.Unix(0, 0), []int{}
	for range 12 {
		began := now
		for pause := m.wait("web", now); pause > 0; pause = m.wait("web", now) {
			now = now.Add(pause)
		}
		seconds = append(seconds, int(now.Sub(began).Seconds()))
	}
	if want := []int{5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600}; !slices.Equal(seconds, want) {
		t.Errorf("got %v", seconds)
	}
	if pause := m.wait("other", now); pause != firstMend {
		t.Errorf("another Service waits %s", pause)
	}
	if pause := m.wait("web", now.Add(2*lastMend+1)); pause != firstMend {
		t.Errorf("what held for hours waits %s", pause)
	}
	m.forget("web")
	if pause := m.wait("web", now); pause != firstMend {
		t.Errorf("a new Service of the name waits %s", pause)
	}
}
