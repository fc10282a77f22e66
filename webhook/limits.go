package webhook

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"golang.org/x/sync/semaphore"
)

// largest is how much is read of a request, in bytes. It holds an object and what it was
// before, of which etcd stores 1.5 MiB each.
const largest = 3 << 20

// mostRead is how much of all requests is held at once, in bytes. What is made of a
// request in judging it takes several times its size.
const mostRead = 32 << 20

// NewRoom is room for as much of requests as is held at once.
func NewRoom() *semaphore.Weighted { return semaphore.NewWeighted(mostRead) }

// A reader answers requests whose body has arrived.
type reader func(w http.ResponseWriter, r *http.Request, body []byte)

// bounded has a webhook see no request that is larger, and none for which there is no room
// in time. The answer is not one of an admission webhook: the API server takes it for none,
// and follows failurePolicy.
func bounded(name string, counts *Counts, room *semaphore.Weighted, hook reader) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size := weight(r)
		if room != nil {
			if room.Acquire(r.Context(), size) != nil {
				counts.failed(name, overloaded)
				http.Error(w, "too much is being read", http.StatusServiceUnavailable)
				return
			}
			defer room.Release(size)
		}
		body := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
		_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, largest))
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			counts.failed(name, oversized)
			http.Error(w, "the request is larger than 3 MiB", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(w, "the request did not arrive", http.StatusBadRequest)
			return
		}
		hook(w, r, body.Bytes())
	})
}

// weight is how much room a request takes, in bytes.
func weight(r *http.Request) int64 {
	if r.ContentLength < 0 {
		return largest
	}
	return min(r.ContentLength, largest)
}

// Slots are how many requests are judged at once. A nil Slots has room for all.
type Slots chan struct{}

// errFull is why a request was not judged.
var errFull = errors.New("too many requests were waiting")

// take waits for room until ctx ends, and reports whether there was some.
func (s Slots) take(ctx context.Context) bool {
	if s == nil {
		return true
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s Slots) leave() {
	if s != nil {
		<-s
	}
}
