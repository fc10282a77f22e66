package testbed

import (
	"sync"
	"testing"
)

// Whoever comes, and however many others at once, is led to the endpoint that is ready, and
// to each of those that are as often as to another.
func TestAnAddressLeadsToWhoIsReady(t *testing.T) {
	a := &address{endpoints: []*endpoint{{}, {}, {}}}
	if e := a.next(); e != nil {
		t.Fatal("nobody is ready, and somebody is led to")
	}
	a.endpoints[1].ready.Store(true)
	crowd(t, a, map[*endpoint]int{a.endpoints[1]: 9000})
	a.endpoints[2].ready.Store(true)
	crowd(t, a, map[*endpoint]int{a.endpoints[1]: 4500, a.endpoints[2]: 4500})
	a.endpoints[0].ready.Store(true)
	crowd(t, a, map[*endpoint]int{a.endpoints[0]: 3000, a.endpoints[1]: 3000, a.endpoints[2]: 3000})
}

// crowd is 9,000 connections of which 8 come at once.
func crowd(t *testing.T, a *address, want map[*endpoint]int) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	led := map[*endpoint]int{}
	for range 8 {
		all.Go(func() {
			own := map[*endpoint]int{}
			for range 1125 {
				own[a.next()]++
			}
			mu.Lock()
			defer mu.Unlock()
			for e, n := range own {
				led[e] += n
			}
		})
	}
	all.Wait()
	if len(led) != len(want) {
		t.Errorf("connections lead to %d endpoints, and %d are ready; %d lead nowhere", len(led), len(want), led[nil])
	}
	for e, n := range want {
		if led[e] != n {
			t.Errorf("%d lead to an endpoint that is due %d", led[e], n)
		}
	}
}
