package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// A status is a provisioning status.
type status string

// The provisioning statuses. gone is not one that anybody sees.
const (
	pendingCreate status = "PENDING_CREATE"
	pendingUpdate status = "PENDING_UPDATE"
	pendingDelete status = "PENDING_DELETE"
	active        status = "ACTIVE"
	failed        status = "ERROR"
	gone          status = ""
)

// settled is where each pending status ends when the work succeeds.
var settled = map[status]status{
	pendingCreate: active,
	pendingUpdate: active,
	pendingDelete: gone,
}

// An action is what a caller wants of a load balancer.
type action int

const (
	change   action = iota // itself or anything in it
	removal                // of the load balancer
	failover               // to another amphora
)

// allowed says in which statuses a load balancer may begin an action.
var allowed = map[action]map[status]bool{
	change:   {active: true},
	removal:  {active: true, failed: true},
	failover: {active: true, failed: true},
}

// takes reports whether a load balancer, or what is in it, in a status takes an action.
func (lb *loadBalancer) takes(a action, in status) bool {
	return allowed[a][in] || a == change && in == failed && lb.driver().curable
}

// A task is work that Octavia does on one load balancer. All that it marked
// settles together with the load balancer, which is what locks the tree.
type task struct {
	due    time.Time
	builds bool // an amphora, which can fail
	target *loadBalancer
	marked []component // without the load balancer
}

// A mark is the pending status that a task gives to a part of the tree.
type mark struct {
	part component
	as   status
}

// open refuses to touch a load balancer that is busy or broken.
func (lb *loadBalancer) open() error {
	if lb.takes(change, lb.Provisioning) {
		return nil
	}
	return balancerRefusal(http.StatusConflict, "Load Balancer %s is immutable and cannot be updated.", lb.ID)
}

// may refuses an action on the load balancer itself.
func (lb *loadBalancer) may(a action) error {
	if lb.takes(a, lb.Provisioning) {
		return nil
	}
	return balancerRefusal(http.StatusConflict, "Invalid state %s of loadbalancer resource %s", lb.Provisioning, lb.ID)
}

// open refuses to touch what is in a pool that is busy itself, or in a load
// balancer that is.
func (p *pool) open() error {
	if !p.balancer.takes(change, p.Provisioning) {
		return balancerRefusal(http.StatusConflict, "Pool %s is immutable and cannot be updated.", p.ID)
	}
	return p.balancer.open()
}

// start marks the load balancer and the parts, and plans when they settle.
func (c *Cloud) start(lb *loadBalancer, as status, marks ...mark) {
	t := &task{due: c.now.Add(c.pendingFor(as)), builds: as == pendingCreate, target: lb}
	lb.Provisioning, lb.task = as, t
	for _, m := range marks {
		m.part.core().Provisioning = m.as
		t.marked = append(t.marked, m.part)
	}
	at, _ := slices.BinarySearchFunc(c.pending, t, func(other, t *task) int {
		return cmp.Or(other.due.Compare(t.due), -1) // behind all of the same time
	})
	c.pending = slices.Insert(c.pending, at, t)
}

// abandon lets the work on a load balancer never end.
func (c *Cloud) abandon(lb *loadBalancer) {
	c.pending = keep(c.pending, func(t *task) bool { return t != lb.task })
}

// settle ends every task whose time has come, unless the worker is held.
func (c *Cloud) settle() {
	if c.worker.held {
		return
	}
	n := 0
	for ; n < len(c.pending) && !c.now.Before(c.pending[n].due); n++ {
		c.finish(c.pending[n])
	}
	c.pending = c.pending[n:]
}

func (c *Cloud) finish(t *task) {
	if t.target.task != t {
		return // broken in the meantime
	}
	if t.builds && (c.worker.fails || c.deploy(t.target) != nil) {
		c.spoil(t.target)
		return
	}
	t.target.task = nil
	for _, part := range t.marked {
		c.land(part)
	}
	c.land(t.target)
	if c.loadBalancers[t.target.ID] != nil {
		c.follow(t.target)
	}
}

// land moves one resource out of its pending status.
func (c *Cloud) land(part component) {
	r := part.core()
	next, pending := settled[r.Provisioning]
	switch {
	case !pending:
	case next == gone:
		part.remove(c)
	default:
		if r.Provisioning == pendingCreate && (comesOnline(part) || c.options.Legacy) {
			r.Operating = online
		}
		r.Provisioning, r.UpdatedAt = next, new(c.balancerTime())
	}
}

// comesOnline reports whether Octavia calls a new resource ONLINE without asking
// anybody.
func comesOnline(part component) bool {
	switch part := part.(type) {
	case *healthMonitor:
		return !part.populated
	case *l7policy, *l7rule:
		return true
	}
	return false
}

// Break puts a load balancer into ERROR, with all that was pending in it, as an
// amphora does that cannot be built. It does nothing if there is no such load
// balancer.
func (c *Cloud) Break(loadBalancerID string) {
	c.begin()
	defer c.mu.Unlock()
	if lb := c.loadBalancers[loadBalancerID]; lb != nil {
		c.spoil(lb)
	}
}

// spoil puts a load balancer and what was pending in it into ERROR.
func (c *Cloud) spoil(lb *loadBalancer) {
	if lb.task != nil {
		for _, part := range lb.task.marked {
			part.core().Provisioning = failed
		}
	}
	lb.task, lb.Provisioning, lb.UpdatedAt = nil, failed, new(c.balancerTime())
}
