package plan

import (
	"errors"
	"fmt"
	"time"
)

// A Reason is why the cloud did not take a step, in one word that conditions,
// events and logs share.
type Reason string

// The reasons.
const (
	Busy     Reason = "Busy"             // Octavia is at work on the load balancer; it will be free
	Quota    Reason = "QuotaExceeded"    // the project may not have more of these
	Conflict Reason = "Conflict"         // somebody else has what the step wants
	Invalid  Reason = "Refused"          // the cloud does not take the request as it is
	Away     Reason = "CloudUnreachable" // the cloud did not answer, or not sensibly
)

// A Refusal is a step that the cloud did not take.
type Refusal struct {
	Reason Reason
	After  time.Duration // how long the cloud is to be left alone; 0: it does not say
	Err    error
}

// ReasonOf is why err says that the cloud did not take a step; empty: it does not say so.
func ReasonOf(err error) Reason {
	var r *Refusal
	if !errors.As(err, &r) {
		return ""
	}
	return r.Reason
}

// AfterOf is how long err says that the cloud is to be left alone; 0: it does not say so.
func AfterOf(err error) time.Duration {
	var r *Refusal
	if !errors.As(err, &r) {
		return 0
	}
	return r.After
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %v", r.Reason, r.Err) }
func (r *Refusal) Unwrap() error { return r.Err }
