package reconcile

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// longestPause is how long, at most, what breaks again and again is left alone.
const longestPause = time.Hour

// longestTurn is how long, at most, the others wait for one that is being made anew.
const longestTurn = 10 * time.Minute

// A mending decides when a broken load balancer is made anew. That takes its traffic
// away for a while, and what Octavia calls broken often still works. So it has to have
// been broken for a good while; what breaks again waits twice as long each time; only
// one is made anew at a time; and while that does not help, the others wait for
// longer and longer, too: then it is the cloud that is broken.
//
// A restart forgets all this and starts with the first pause. The zero mending
// remembers nothing yet; it is safe for concurrent use.
type mending struct {
	mu       sync.Mutex
	patients map[types.UID]patient
	current  types.UID // whose is being made anew; empty: nobody's
	began    time.Time // when that was
	failed   int       // how many in a row were not well afterwards
	next     time.Time // when the next may be made anew
}

// A patient is what is remembered of one load balancer.
type patient struct {
	since time.Time // when it was first seen broken; zero: it is not
	tries int       // how often it was made anew
	last  time.Time // when for the last time
}

// wait is how long a load balancer that is broken now is still left alone, if the
// first pause is after. Zero: it may be made anew.
func (m *mending) wait(service types.UID, after time.Duration, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.patients[service]
	if p.since.IsZero() {
		p.since = now
		m.remember(service, p)
		m.blame(service, after, now)
	}
	if now.Sub(m.began) > longestTurn {
		m.blame(m.current, after, now)
	}
	own := p.since.Add(doubled(after, p.tries)).Sub(now)
	if m.current != "" {
		return max(own, after)
	}
	return max(own, m.next.Sub(now), 0)
}

// blame ends the turn of a service whose load balancer is broken again.
func (m *mending) blame(service types.UID, after time.Duration, now time.Time) {
	if m.current == service && service != "" {
		m.current, m.next = "", now.Add(doubled(after, m.failed))
		m.failed++
	}
}

// begun is told that a service's load balancer is being made anew.
func (m *mending) begun(service types.UID, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.patients[service]
	m.remember(service, patient{tries: p.tries + 1, last: now})
	m.current, m.began = service, now
}

// well is told that a service's load balancer is as it should be. That it was not is
// forgotten when it has been for long.
func (m *mending) well(service types.UID, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current == service {
		m.current, m.failed, m.next = "", 0, time.Time{}
	}
	p, known := m.patients[service]
	switch {
	case !known:
	case now.Sub(p.last) > 2*longestPause:
		delete(m.patients, service)
	default:
		p.since = time.Time{}
		m.patients[service] = p
	}
}

// gone is told of a service that wants no load balancer any more.
func (m *mending) gone(service types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current == service {
		m.current = ""
	}
	delete(m.patients, service)
}

func (m *mending) remember(service types.UID, p patient) {
	if m.patients == nil {
		m.patients = map[types.UID]patient{}
	}
	m.patients[service] = p
}

// doubled is a pause after so many tries.
func doubled(pause time.Duration, tries int) time.Duration {
	for range tries {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}
