package emulator

import (
	"slices"
	"sync"
)

// A Call is one request that was answered. Path has ids replaced by {id} and
// neither prefix, version nor query: "lbaas/pools/{id}/members". Status is 0 when
// the connection was cut.
type Call struct {
	Method, Path string
	Status       int
}

type transcript struct {
	mu    sync.Mutex
	calls []Call
}

func (t *transcript) add(c Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, c)
}

// Transcript is every call since the last reset, in the order of the answers.
func (c *Cloud) Transcript() []Call {
	c.record.mu.Lock()
	defer c.record.mu.Unlock()
	return slices.Clone(c.record.calls)
}

// ResetTranscript forgets all calls.
func (c *Cloud) ResetTranscript() {
	c.record.mu.Lock()
	defer c.record.mu.Unlock()
	c.record.calls = nil
}

// Counts is how often each call was made, by method and path: "POST lbaas/loadbalancers".
func (c *Cloud) Counts() map[string]int {
	counts := map[string]int{}
	for _, call := range c.Transcript() {
		counts[call.Method+" "+call.Path]++
	}
	return counts
}
