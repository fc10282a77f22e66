package reconcile

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// How long a load balancer in ERROR is left as it is before it is made anew: longer
// each time, because what breaks again and again is not broken by chance.
const (
	firstMend = 5 * time.Second
	lastMend  = time.Hour
)

// A mending remembers which load balancers were made anew, and when. A restart
// forgets it, and so does a long time without a breakage. The zero mending remembers
// nothing yet; it is safe for concurrent use.
type mending struct {
	mu    sync.Mutex
	tries map[types.UID]try
}

// A try is when a load balancer was made anew, or found broken for the first time.
type try struct {
	at    time.Time
	pause time.Duration // before the next
}

// wait is how long the broken load balancer of a Service is still left alone. Zero:
// it is to be made anew now, which is remembered.
func (m *mending) wait(service types.UID, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, known := m.tries[service]
	if !known || now.Sub(last.at) > 2*lastMend {
		return m.remember(service, try{now, firstMend})
	}
	if left := last.at.Add(last.pause).Sub(now); left > 0 {
		return left
	}
	m.remember(service, try{now, min(2*last.pause, lastMend)})
	return 0
}

func (m *mending) remember(service types.UID, t try) time.Duration {
	if m.tries == nil {
		m.tries = map[types.UID]try{}
	}
	m.tries[service] = t
	return t.pause
}

// forget is for a Service that has left.
func (m *mending) forget(service types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tries, service)
}
