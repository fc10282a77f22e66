// Package emulator plays an OpenStack cloud over HTTP: Keystone v3, Neutron v2.0
// and Octavia v2, as far as load balancers of a Kubernetes cluster need them.
//
// Answers, refusals and provisioning states follow a cloud that was measured
// (Neutron 21, Octavia 11 with the amphora provider), faults included. State
// lives in memory. Nothing happens between requests: what is pending settles
// when a later request finds its time has come, so a test that owns the clock
// owns the cloud. No traffic is ever forwarded, operating statuses never follow
// any backend, and security is only imitated: never expose it to a network.
package emulator

import (
	"net/http"
	"sync"
	"time"
)

// Options say how the cloud behaves.
type Options struct {
	// Pending is how long a PENDING_* status lasts; zero: until the next request.
	Pending time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// AsPackaged keeps a fault of Octavia 11.0.0: after a fully populated create the
	// load balancer becomes ACTIVE and everything in it stays PENDING_CREATE for ever.
	AsPackaged bool
}

// A Cloud is the whole emulated OpenStack. It is an http.Handler and safe for
// concurrent use.
type Cloud struct {
	options Options
	mux     *http.ServeMux

	record     transcript
	faultMutex sync.Mutex
	fault      func(*http.Request) *Fault

	mu  sync.Mutex // guards everything below
	now time.Time  // the moment of the request being served

	identity
	neutron
	octavia
}

// New returns a cloud with two projects, demo and other, each with a user of the
// same name; a user admin with the role admin in both and in a project of its
// own; and a user plain in demo without a load-balancer role. Every password is
// "secret". There are no networks yet.
func New(options Options) *Cloud {
	if options.Now == nil {
		options.Now = time.Now
	}
	c := &Cloud{
		options:  options,
		now:      options.Now(),
		identity: newIdentity(),
		neutron:  newNeutron(),
		octavia:  newOctavia(),
	}
	c.mux = c.routes()
	return c
}

// ServeHTTP answers one request to any of the three services.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mux.ServeHTTP(w, r)
}

// begin takes the lock for one request and lets what is due settle first.
func (c *Cloud) begin() {
	c.mu.Lock()
	c.now = c.options.Now()
	c.settle()
}
