package emulator

import "time"

// A worker is the part of Octavia that does the work: whoever stops it can look at
// what is pending for as long as they like.
type worker struct {
	held    bool
	fails   bool                     // whatever it is to build
	pending map[string]time.Duration // by call or status
}

// Hold stops the work: nothing that is pending settles until Release. Calls are
// answered as ever.
func (c *Cloud) Hold() {
	c.begin()
	defer c.mu.Unlock()
	c.worker.held = true
}

// Release goes on with the work. What would have settled in the meantime does so
// with the next request.
func (c *Cloud) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worker.held = false
}

// FailBuilds says whether builds fail from now on, as they do in a cloud without
// room for another amphora. While they do, a new load balancer ends in ERROR with
// all that is in it, and so does one that fails over; its VIP port stays until it
// is deleted. What was due before settles as it would have.
func (c *Cloud) FailBuilds(on bool) {
	c.begin()
	defer c.mu.Unlock()
	c.worker.fails = on
}
