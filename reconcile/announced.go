package reconcile

import (
	"hash/maphash"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// An announced remembers of what the last event of each Service told, by a hash: the words
// themselves are in the Service. The zero announced remembers nothing yet; it is safe for
// concurrent use.
type announced struct {
	mu   sync.Mutex
	seed maphash.Seed
	last map[types.UID]uint64
}

// already reports whether this is what was announced last of a Service, and remembers it.
func (a *announced) already(service types.UID, what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.seed, a.last = maphash.MakeSeed(), map[types.UID]uint64{}
	}
	now := maphash.String(a.seed, what)
	before, is := a.last[service]
	a.last[service] = now
	return is && before == now
}

// forget has the next announcement be news.
func (a *announced) forget(service types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.last, service)
}
