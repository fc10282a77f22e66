package openstack

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

// mostFailures is how many look-ups of one kind fail, one after the other, before no more
// are made. Most rules ask for kinds in two groups, of floating IPs and of addresses, so that
// with all of the cloud away hardly more than six requests wait in vain.
const mostFailures = 3

// rest is how long the cloud is left alone about a kind that failed.
const rest = 2 * time.Second

// errLate is the failure of an answer for which nobody waits any more.
var errLate = errors.New("answered too late")

// A circuit is what look-ups of one kind go through. It opens when the cloud fails, or is
// slow, again and again: then nobody who applies a Service waits for it. What closes it
// is that facts are renewed in time; requests never try whether the cloud is back.
type circuit struct {
	*gobreaker.TwoStepCircuitBreaker[telling]
	opened chan struct{} // tells who renews facts that it is up to them now
}

// circuit is the circuit of a kind.
func (f *Facts) circuit(k kind) circuit {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.circuits == nil {
		f.circuits = map[string]circuit{}
	}
	c, there := f.circuits[k.name]
	if !there {
		c.opened = make(chan struct{}, 1)
		c.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[telling](gobreaker.Settings{
			Name:          k.name,
			Timeout:       min(f.Refresh, rest) / 2, // over when facts are renewed next
			ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= mostFailures },
			OnStateChange: func(kind string, from, to gobreaker.State) { f.turned(kind, from, to, c.opened) },
		})
		f.circuits[k.name] = c
	}
	return c
}

// turned is told what became of a circuit.
func (f *Facts) turned(kind string, from, to gobreaker.State, opened chan<- struct{}) {
	f.Counts.opened(kind, to != gobreaker.StateClosed)
	switch {
	case from == gobreaker.StateClosed:
		select {
		case opened <- struct{}{}:
		default: // they are told already
		}
		f.Log.Info("OpenStack does not answer in time; it is not asked any more while somebody waits", "facts", kind)
	case to == gobreaker.StateClosed:
		f.Log.Info("OpenStack answers in time again", "facts", kind)
	}
}

// open reports whether no look-up is to be made.
func (c circuit) open() bool { return c.State() != gobreaker.StateClosed }

// begin is called before the cloud is asked, and what it returns with the outcome. Of an
// outcome that comes while the circuit rests nobody takes note.
func (c circuit) begin() (done func(error)) {
	done, err := c.Allow()
	if err != nil {
		return func(error) {}
	}
	return done
}
