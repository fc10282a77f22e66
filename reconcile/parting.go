package reconcile

import (
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile/octavia"
)

// partingPause is how long a load balancer that Octavia could not delete is left alone
// the first time; then it is twice as long each time.
const partingPause = 10 * time.Second

// A partings remembers which load balancers in ERROR were told to go and did not. The
// first time there is nothing to wait for, since Octavia deletes what is in ERROR, and
// often succeeds when it is told again; but some it never can, until an operator helps.
//
// A restart forgets all this. The zero partings remembers nothing yet; it is safe for
// concurrent use.
type partings struct {
	mu  sync.Mutex
	all map[types.UID]parting
}

// A parting is what is remembered of one load balancer.
type parting struct {
	tries int       // how often it was told to go while it was in ERROR
	since time.Time // when it was first seen in ERROR afterwards; zero: not yet
}

// next is when a load balancer that is in ERROR now is to be told to go, and how often
// it was already.
func (p *partings) next(service types.UID, now time.Time) (at time.Time, tries int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, known := p.all[service]
	if !known {
		return now, 0
	}
	if one.since.IsZero() {
		one.since = now
		p.all[service] = one
	}
	return one.since.Add(doubled(partingPause, one.tries-1)), one.tries
}

// tried is told that a load balancer in ERROR was told to go.
func (p *partings) tried(service types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[types.UID]parting{}
	}
	p.all[service] = parting{tries: p.all[service].tries + 1}
}

// over is told of a service whose load balancer is gone, or is to stay.
func (p *partings) over(service types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, service)
}

// unparted is the outcome while a load balancer in ERROR that is to go is left alone;
// finished: there is none, or it is time to tell it again.
func (p *partings) unparted(service types.UID, observed octavia.Tree, now time.Time) Outcome {
	if observed.Status != octavia.Failed {
		return Outcome{}
	}
	at, tries := p.next(service, now)
	if !at.After(now) {
		return Outcome{}
	}
	waiting := fmt.Sprintf("Octavia has it in ERROR, though told to delete it %s; it is told again at %s; see: openstack loadbalancer show %s",
		times(tries), at.UTC().Format("15:04:05 MST"), observed.ID)
	return Outcome{Reason: broken, Warn: true, Waiting: waiting, Again: at.Sub(now)}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// leave is the steps to nothing. Only its own load balancer holds up who leaves.
func (r *Reconciler) leave(svc *corev1.Service, observed octavia.Tree) Decision {
	if observed.Empty() {
		r.partings.over(svc.UID)
	}
	if o := r.partings.unparted(svc.UID, observed, time.Now()); !o.Finished() {
		return Decision{Against: o}
	}
	return Decision{Steps: r.plan(departed(svc), observed)}
}
