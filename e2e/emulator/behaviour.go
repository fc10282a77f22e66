package emulator

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Any stands for every status and every call that a Behaviour does not name.
const Any = "*"

// A Behaviour is what can be changed about a cloud while it runs.
type Behaviour struct {
	// Pending is how long what is pending stays so, by the call that begins the work
	// ("POST lbaas/listeners"), else by the status (PENDING_CREATE, PENDING_UPDATE,
	// PENDING_DELETE), else by Any, else Options.Pending. It holds for work that
	// begins later.
	Pending map[string]time.Duration
	// Latency is how long a call waits before it is served, by the call as it is in
	// the transcript, else by Any, else not at all. It passes in real time, whatever
	// clock the cloud has.
	Latency map[string]time.Duration
	// Rows is how long each thing takes that a list answers, by the call, else by Any, else
	// no time. It passes as Latency does.
	Rows map[string]time.Duration
	// Held is that of Hold and Release.
	Held bool
	// FailBuilds is that of the method.
	FailBuilds bool
}

// Behaviour is how the cloud behaves now.
func (c *Cloud) Behaviour() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Behaviour{maps.Clone(c.worker.pending), maps.Clone(c.latency), maps.Clone(c.rowLatency), c.worker.held, c.worker.fails}
}

// SetBehaviour changes all of it. It fails, and changes nothing, when a duration is
// negative, or when CheckPending or CheckCall find something wrong.
func (c *Cloud) SetBehaviour(b Behaviour) error {
	if err := checkDurations(b.Pending, c.CheckPending); err != nil {
		return fmt.Errorf("pending: %w", err)
	}
	if err := checkDurations(b.Latency, c.CheckCall); err != nil {
		return fmt.Errorf("latency: %w", err)
	}
	if err := checkDurations(b.Rows, c.CheckCall); err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	c.begin()
	defer c.mu.Unlock()
	c.worker = worker{held: b.Held, fails: b.FailBuilds, pending: maps.Clone(b.Pending)}
	c.latency, c.rowLatency = maps.Clone(b.Latency), maps.Clone(b.Rows)
	return nil
}

func checkDurations(durations map[string]time.Duration, check func(key string) error) error {
	for _, key := range slices.Sorted(maps.Keys(durations)) {
		if err := check(key); err != nil {
			return err
		}
		if durations[key] < 0 {
			return fmt.Errorf("%s: %s is less than no time", key, durations[key])
		}
	}
	return nil
}

// pendingFor is how long work that begins now takes.
func (c *Cloud) pendingFor(as status) time.Duration {
	for _, key := range []string{c.call, string(as), Any} {
		if d, ok := c.worker.pending[key]; ok {
			return d
		}
	}
	return c.options.Pending
}

// lag waits as long as a call is to wait, and reports whether the caller still does.
func (c *Cloud) lag(caller context.Context, call string) bool {
	return (&Fault{Delay: c.latencyOf(&c.latency, call)}).wait(caller)
}

// lagRows is the same for an answer with so many rows.
func (c *Cloud) lagRows(caller context.Context, call string, rows int) bool {
	return (&Fault{Delay: time.Duration(rows) * c.latencyOf(&c.rowLatency, call)}).wait(caller)
}

func (c *Cloud) latencyOf(all *map[string]time.Duration, call string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := (*all)[call]; ok {
		return d
	}
	return (*all)[Any]
}
