package emulator

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// A Fault is what happens to a call instead of, or after, its answer.
type Fault struct {
	// Status, Header and Body are the answer. Status 0 without a Delay cuts the
	// connection; Status 0 with a Delay lets the true answer through after the delay.
	Status int
	Header map[string]string // such as Retry-After
	Body   string
	// Delay holds the call back. A caller who gives up in the meantime leaves no
	// trace, unless After.
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

// meddle is the answer to a call once its fault, if there is one, had its way.
func (f *Fault) meddle(caller context.Context, serve func() answer) answer {
	if f == nil {
		return serve()
	}
	if !f.After && !f.wait(caller) {
		return answer{}
	}
	if !f.After && f.replaces() {
		return f.answer()
	}
	a := serve()
	if f.After && f.wait(caller) && f.replaces() {
		return f.answer()
	}
	return a
}

// replaces reports whether the fault is itself an answer.
func (f *Fault) replaces() bool { return f.Status != 0 || f.Delay <= 0 }

func (f *Fault) answer() answer {
	return answer{status: f.Status, header: f.Header, body: []byte(f.Body)}
}

// wait reports whether the caller is still there after the delay.
func (f *Fault) wait(caller context.Context) bool {
	if f.Delay <= 0 {
		return true
	}
	select {
	case <-time.After(f.Delay):
		return true
	case <-caller.Done():
		return false
	}
}
