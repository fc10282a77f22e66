package main

import (
	"runtime"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// What a Service leaves behind in memory when it is gone, at most, in allocated objects: a
// fraction, for what grows rarely and in steps.
const mostKept = 0.25

// Services come, change and go. When they are gone, nothing of them is left: neither a
// goroutine nor anything on the heap.
func TestNothingOfAServiceStays(t *testing.T) {
	if racing {
		t.Skip("NOT RUN: the race detector keeps things, too; make test runs this once without it")
	}
	const services, first, last = 20, 10, 30
	in := newInside(t)
	var goroutines int
	var objects uint64
	for round := range last {
		in.apply(services)
		in.settle(ready)
		in.move(in.born, round%4)
		in.reconcile()
		in.clock.Pass(settling)
		in.settle(ready)
		in.remove()
		in.leave()
		in.shelf.slices = map[string]*discoveryv1.EndpointSlice{}
		in.since()
		if round == first {
			goroutines, objects = runtime.NumGoroutine(), alive()
		}
	}
	for range 1_000_000 { // some may be on their way out
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines, and were %d", now, goroutines)
	}
	gone := (last - first) * services
	if kept := (float64(alive()) - float64(objects)) / float64(gone); kept > mostKept {
		t.Errorf("each Service that is gone leaves %.2f objects on the heap, want %.2f at most", kept, mostKept)
	}
	runtime.KeepAlive(in)
}

// alive is how many objects are on the heap that somebody needs.
func alive() uint64 {
	runtime.GC()
	runtime.GC() // what pools held over the first one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapObjects
}
