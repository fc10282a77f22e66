package reconcile

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/octagate/octagate/reconcile/plan"
)

// An Outcome is how far one reconcile got. Its zero value is finished: the cloud
// is as the Service wants it.
type Outcome struct {
	Reason  string        // one word for conditions and events; empty when finished
	Waiting string        // what for, or what is wrong; empty when finished
	Again   time.Duration // when to look again; zero leaves it to changes
	Warn    bool          // somebody has to do something
	Upkeep  bool          // it is only the members that follow their Pods
	Err     error         // to be tried again with growing pauses
}

// Reasons of the Ready condition beside those of plan.Refusal.
const (
	ready   = "Ready"
	working = "Working" // a step was taken, Octavia is at work
	denied  = "Denied"  // policy objects

	conflict = "FloatingIPConflict" // another Service goes before it

	unverified = "Unverified" // the cloud could not be asked yet
	broken     = "LoadBalancerError"
	leftOut    = "Retired"          // by a change of the configuration
	nothing    = "NothingToBalance" // no port gets a listener
	failed     = "Error"            // of ours, or of the API server
)

// How long to leave a Service alone.
const (
	quotaPause   = time.Minute      // that the project's quota, or somebody else, stands in the way of
	deniedPause  = 30 * time.Second // that policy objects to
	changedPause = time.Second      // that changed while it was reconciled: the change itself asks for more

	unverifiedPause = 2 * time.Second // whose facts will come with the next round of the Watch
	refusedPause    = 5 * time.Minute // that the cloud does not take as it is: an operator may change the cloud
)

// Kubernetes gives every Service with a selector an EndpointSlice within a
// moment. A load balancer that waits for it is made with its members, in one
// call; one that does not is locked again at once to get them.
const (
	slicesPause    = time.Second
	slicesPatience = 5 * time.Second
)

// patience is how long a reconcile waits for the facts that would overrule a denial.
const patience = 1500 * time.Millisecond

var errNoSlices = errors.New("waiting for the first EndpointSlice")

// stopped is the outcome of an error from the cloud.
func stopped(err error) Outcome {
	var r *plan.Refusal
	if err == nil {
		return Outcome{}
	}
	if apierrors.IsConflict(err) {
		return Outcome{Reason: working, Waiting: "the Service has changed meanwhile", Again: changedPause}
	}
	if !errors.As(err, &r) {
		return Outcome{Reason: failed, Waiting: err.Error(), Warn: true, Err: err}
	}
	o := Outcome{Reason: string(r.Reason), Waiting: err.Error(), Again: r.After, Warn: true}
	switch r.Reason {
	case plan.Busy:
		o.Reason, o.Warn = working, false // if it does not say for how long, the Watch tells when it is over
	case plan.Quota, plan.Conflict:
		o.Again = quotaPause
	case plan.Invalid:
		o.Again = refusedPause
	case plan.Away:
		if r.After == 0 {
			o.Err = err
		}
	}
	return o
}

// atWork is the outcome while Octavia carries out p, or something before p.
func atWork(p plan.Plan) Outcome {
	if len(p) == 0 {
		return Outcome{Reason: working, Waiting: "Octavia is at work on the load balancer", Upkeep: true}
	}
	return Outcome{Reason: working, Waiting: p[0].String(), Upkeep: len(p.Upkeep()) == len(p)}
}

// Finished reports whether there is nothing left to do.
func (o Outcome) Finished() bool { return o == (Outcome{}) }

// Result is the outcome in controller-runtime's terms.
func (o Outcome) Result() (ctrl.Result, error) {
	return ctrl.Result{RequeueAfter: o.Again}, o.Err
}
