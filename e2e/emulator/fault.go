package emulator

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// A Fault is what happens to a call instead of, or after, its answer.
type Fault struct {
	// Status and Body are the answer. Status 0 without a Delay cuts the connection;
	// Status 0 with a Delay lets the true answer through after the delay.
	Status int
	Body   string
	// Delay holds the call back, or until its caller gives up.
	Delay time.Duration
	// After lets the call take effect; only its answer is replaced.
	After bool
}

// SetFault has f decide about the fault of every call from now on; nil means
// none. f may read the request's body and must be safe for concurrent use.
func (c *Cloud) SetFault(f func(*http.Request) *Fault) {
	c.faultMutex.Lock()
	defer c.faultMutex.Unlock()
	c.fault = f
}

func (c *Cloud) faultFor(r *http.Request, body []byte) *Fault {
	c.faultMutex.Lock()
	f := c.fault
	c.faultMutex.Unlock()
	if f == nil {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return f(r)
}

// onlyDelays reports whether the true answer follows.
func (f *Fault) onlyDelays() bool { return f.Status == 0 && f.Delay > 0 }

// delay reports whether the caller is still there after it.
func (f *Fault) delay(r *http.Request) bool {
	if f.Delay <= 0 {
		return true
	}
	select {
	case <-time.After(f.Delay):
		return true
	case <-r.Context().Done():
		return false
	}
}

func (f *Fault) play(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler) // net/http cuts the connection without a word
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	io.WriteString(w, f.Body)
}
