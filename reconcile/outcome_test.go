package reconcile

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/octagate/octagate/reconcile/plan"
)

func TestStopped(t *testing.T) {
	refusal := func(r plan.Reason, after ...time.Duration) error {
		refusal := &plan.Refusal{Reason: r, Err: errors.New("no")}
		if len(after) > 0 {
			refusal.After = after[0]
		}
		return fmt.Errorf("create listener TCP/80: %w", refusal)
	}
	for claim, tt := range map[string]struct {
		err         error
		reason      string
		again       time.Duration
		warn, fails bool
	}{
		"no error is the end":                                {nil, "", 0, false, false},
		"a busy Octavia is waited for in peace":              {refusal(plan.Busy), "Working", 0, false, false},
		"a quota is given time":                              {refusal(plan.Quota), "QuotaExceeded", time.Minute, true, false},
		"so is what somebody else holds":                     {refusal(plan.Conflict), "Conflict", time.Minute, true, false},
		"what the cloud does not take is rarely tried again": {refusal(plan.Invalid), "Refused", 5 * time.Minute, true, false},
		"a cloud that is away is tried again":                {refusal(plan.Away), "CloudUnreachable", 0, true, true},
		"a cloud that says when is tried then":               {refusal(plan.Away, time.Hour), "CloudUnreachable", time.Hour, true, false},
		"so is a turn to call that was too far off":          {refusal(plan.Busy, time.Second), "Working", time.Second, false, false},
		"anything else is an error":                          {errors.New("odd"), "Error", 0, true, true},
	} {
		t.Run(claim, func(t *testing.T) {
			o := stopped(tt.err)
			if o.Reason != tt.reason || o.Again != tt.again || o.Warn != tt.warn || (o.Err != nil) != tt.fails {
				t.Errorf("got %+v", o)
			}
		})
	}
}
