// Package emulator plays an OpenStack cloud over HTTP: Keystone v3, Neutron v2.0
// and Octavia v2, as far as load balancers of a Kubernetes cluster need them.
//
// Answers, refusals and provisioning states follow a cloud that was measured
// (Neutron 21, Octavia 11 with the amphora provider), faults included: the tests
// repeat what was recorded of it. Options make other clouds of it, from sources
// that are named where they are used: older API versions, the ovn provider, and
// LBaaS v2 from before Octavia. State lives in memory. Nothing happens between requests: what is pending settles
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
	// Now is the clock; nil means that of Clock, and without one time.Now.
	Now func() time.Time
	// Clock is a clock that somebody else moves; nil means none.
	Clock *Clock
	// AsPackaged keeps a fault of Octavia 11.0.0: after a fully populated create the
	// load balancer becomes ACTIVE and everything in it stays PENDING_CREATE for ever.
	AsPackaged bool
	// ForgetsLoosePools keeps another fault of Octavia 11.0.0, which shows where the
	// first one was corrected: of a fully populated create, pools that no listener
	// leads to stay PENDING_CREATE for ever, with all that is in them.
	ForgetsLoosePools bool
	// APIVersion is the newest version of Octavia's API, "v2.0" to "v2.26"; "" means
	// the newest. What came later is refused and not shown, as by an older Octavia.
	APIVersion string
	// Providers are the enabled drivers, of amphora, octavia and ovn; the first is the
	// default. Nil means amphora and its alias octavia.
	Providers []string
	// Legacy is a cloud of the time before Octavia: load balancers are Neutron's own
	// (neutron-lbaas, LBaaS v2), below /network/v2.0/lbaas, and the catalog has no
	// load-balancer service. Providers and APIVersion mean nothing then.
	Legacy bool
	// Seed makes ids, MAC addresses and secrets the same whenever the same calls are
	// made; zero means other ones every time.
	Seed uint64
}

// A Cloud is the whole emulated OpenStack. It is an http.Handler and safe for
// concurrent use.
type Cloud struct {
	options Options
	ids     identifiers
	mux     *http.ServeMux

	record     transcript
	faultMutex sync.Mutex
	fault      func(*http.Request) *Fault

	mu         sync.Mutex // guards everything below
	now        time.Time  // the moment of the request being served
	call       string     // the request being served
	latency    map[string]time.Duration
	rowLatency map[string]time.Duration

	identity
	neutron
	octavia
}

// New returns a cloud with two projects, demo and other, each with a user of the
// same name; a user admin with the role admin in both and in a project of its
// own; and in demo a user plain without a load-balancer role, and a user reader whose
// roles are for reading only. Every password is "secret". There are no networks yet. It panics if the options are not valid.
func New(options Options) *Cloud {
	must(options.Validate())
	if options.Now == nil && options.Clock != nil {
		options.Now = options.Clock.Now
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	ids := newIdentifiers(options.Seed)
	c := &Cloud{
		options:  options,
		ids:      ids,
		now:      options.Now(),
		identity: newIdentity(ids, options.Legacy),
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
