package emulator

import (
	"maps"
	"slices"
	"sync"
)

// A Call is one request that was answered. Path has ids replaced by {id} and
// neither prefix, version nor query: "lbaas/pools/{id}/members". Status is 0 when
// the connection was cut. Rows is how many things a list answered.
type Call struct {
	Method, Path string
	Status       int
	Rows         int
}

// What a transcript holds: the newest calls, and the counts of so many different ones.
const (
	longestTranscript = 100_000
	mostCounted       = 10_000
)

type transcript struct {
	mu     sync.Mutex
	calls  []Call // a ring once it is full
	oldest int
	counts map[string]int
	rows   map[string]int
}

func (t *transcript) add(c Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count(c.Method+" "+c.Path, c.Rows)
	if len(t.calls) < longestTranscript {
		t.calls = append(t.calls, c)
		return
	}
	t.calls[t.oldest] = c
	t.oldest = (t.oldest + 1) % longestTranscript
}

// count counts under Any what is new when too much is counted already: whoever calls
// what is not there can think of a new path every time.
func (t *transcript) count(call string, rows int) {
	if t.counts == nil {
		t.counts, t.rows = map[string]int{}, map[string]int{}
	}
	if _, known := t.counts[call]; !known && len(t.counts) >= mostCounted {
		call = Any
	}
	t.counts[call]++
	if rows > 0 {
		t.rows[call] += rows
	}
}

// Transcript is every call since the last reset, in the order of the answers; of
// more than 100,000 the oldest are forgotten.
func (c *Cloud) Transcript() []Call {
	c.record.mu.Lock()
	defer c.record.mu.Unlock()
	return slices.Concat(c.record.calls[c.record.oldest:], c.record.calls[:c.record.oldest])
}

// ResetTranscript forgets all calls, and their counts.
func (c *Cloud) ResetTranscript() {
	c.record.mu.Lock()
	defer c.record.mu.Unlock()
	c.record.calls, c.record.oldest, c.record.counts, c.record.rows = nil, 0, nil, nil
}

// Counts is how often each call was made since the last reset, by method and path:
// "POST lbaas/loadbalancers". It counts what the transcript has forgotten as well.
// After 10,000 different calls, any other is counted as "*".
func (c *Cloud) Counts() map[string]int { return c.record.copyOf(&c.record.counts) }

// Rows is how many things lists answered since the last reset, by method and path, as Counts has
// calls. What a list costs an OpenStack is mostly that.
func (c *Cloud) Rows() map[string]int { return c.record.copyOf(&c.record.rows) }

func (t *transcript) copyOf(counts *map[string]int) map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]int{}
	maps.Copy(all, *counts)
	return all
}
