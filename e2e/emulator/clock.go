package emulator

import (
	"sync"
	"time"
)

// A Clock stands still until it is told that time passes: who owns it owns the
// cloud. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that shows a day on which nothing special happened.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)} }

// Now is what the clock shows, for Options.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Clock is the clock that the cloud was made with, nil if it has none of its own.
func (c *Cloud) Clock() *Clock { return c.options.Clock }

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
