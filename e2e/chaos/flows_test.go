package chaos

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// flows are what octagate mostly does. Each begins with Pods, and ends with everything gone.
var flows = map[string]string{
	"a Service comes and goes":             "create 0 1 20s",
	"it has a floating IP of the pool":     "create 0 2 20s",
	"of a user":                            "create 0 3 20s",
	"of the pool, to be kept":              "create 0 13 20s",
	"it changes from one to the other":     "create 0 2 20s\n change 0 3 30s\n change 0 2 30s",
	"it is not reached from outside":       "create 0 3 20s\n change 0 6 30s\n change 0 0 30s",
	"its type changes":                     "create 0 0 20s\n change 0 2 30s\n change 0 24 30s\n change 0 0 30s",
	"its ports change":                     "create 0 0 20s\n change 0 1 30s\n change 0 11 30s\n change 0 17 30s",
	"its port begins to speak HTTP":        "create 0 0 20s\n change 0 19 30s\n change 0 20 30s\n change 0 22 30s",
	"its settings change":                  "create 0 2 20s\n change 0 9 30s\n change 0 10 30s\n change 0 16 30s\n change 0 23 30s",
	"its Pods change":                      "pods 0 1 5s\n create 0 1 20s\n pods 0 7 10s\n pods 0 0 10s",
	"it loses its address":                 "create 0 0 20s\n change 0 15 30s\n change 0 0 30s",
	"it has two addresses, and loses one":  "create 0 102 20s\n change 0 402 40s",
	"it has one of IPv6":                   "create 0 301 20s",
	"a floating IP changes hands":          "create 0 3 20s\n create 1 0 20s\n change 0 4 20s\n change 1 3 40s",
	"its load balancer breaks":             "create 0 2 20s\n break 0 0 4m",
	"it cannot be built for a while":       "barren 0 0 1s\n create 0 2 3m\n calm 0 0 4m",
	"somebody deletes its load balancer":   "create 0 2 20s\n meddle 0 2 2m",
	"it loses its finalizer":               "create 0 2 20s\n force 0 0 15m",
	"its address is another's right away":  "create 0 0 20s\n delete 0 0 1ms\n create 1 0 1m",
	"the configuration changes":            "create 0 27 20s\n restart 0 3 1m\n restart 0 6 1m\n restart 0 32 1m\n restart 0 0 1m",
	"its ports share a pool, and part":     "restart 0 1 1s\n create 0 11 20s\n change 0 1 30s\n restart 0 0 1m",
	"Kuryr made its load balancer":         "kuryr 0 2 1m\n change 0 1 30s",
	"admission refuses what it becomes":    "create 0 2 20s\n down 0 20 1ms\n change 0 28 1m\n change 0 2 30s",
	"its Octavia leaves things half made":  "seed 4\n create 0 1 3m",
	"everything that it wants is gone now": "create 0 2 20s\n quota 1 0 1ms\n create 1 2 1m\n calm 0 0 2m",
}

// flow is a flow as a history.
func flow(t *testing.T, which string) History {
	t.Helper()
	h, err := ReadHistory("seed 1\n pods 0 3 10s\n" + flows[which] + "\n delete 0 0 20s")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// some are all flows, or as many of them as there is time for.
func some(most int) []string {
	all := slices.Sorted(maps.Keys(flows))
	if racing {
		most = 1
	}
	if !*every {
		all = all[:min(most, len(all))]
	}
	return all
}

// stride is how many calls further it is tried again where there is time for some only: which
// ones differs from flow to flow.
const stride = 3

// calls are the numbers of the calls of a flow at which something is tried, until try says
// that there are no more.
func calls(which string, try func(at int) (more bool)) {
	first, step := 1, 1
	if !*every {
		first, step = 1+len(which)%stride, stride
	}
	for at := first; try(at); at += step {
	}
}

// Octagate is killed at calls that change something, just before that has its effect and
// just after, and another starts; with -chaos.every at each call of all.
func TestKilledAtEveryCall(t *testing.T) {
	for _, which := range some(len(flows)) {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			h := flow(t, which)
			calls(which, func(at int) bool {
				before, after := killed(t, h, at, false), killed(t, h, at, true)
				return before && after
			})
		})
	}
}

// killed lets a history happen in which octagate is killed at a call, if it makes so many.
func killed(t *testing.T, h History, at int, after bool) (reached bool) {
	made, where := 0, ""
	e := Run(t, h, func(w *world) {
		w.survives = func(call string, now bool) bool {
			if now != after || !*every && !writes(call) || reached {
				return true
			}
			if made++; made < at {
				return true
			}
			reached, where = true, call
			w.later(w.instant(10*time.Second, "down", at), w.start)
			return false
		}
	})
	if len(e.Wrong) > 0 {
		t.Errorf("killed at call %d, %s (after it: %t):\n%s\n%s", at, where, after, strings.Join(e.Wrong, "\n"), e.Log)
	}
	return reached
}

// Calls of a flow have a fault: another one each, in turn; with -chaos.every each of them.
func TestAFaultAtEveryCall(t *testing.T) {
	for _, which := range some(2) {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			h := flow(t, which)
			calls(which, func(at int) (more bool) {
				for _, f := range trials(at) {
					more = struck(t, h, at, f)
				}
				return more
			})
		})
	}
}

// trials are the faults that are tried at a call.
func trials(at int) []fault {
	if !*every {
		return []fault{fault(1 + (at/stride)%int(faults-1))}
	}
	var all []fault
	for f := none + 1; f < faults; f++ {
		all = append(all, f)
	}
	return all
}

// struck lets a history happen in which a call has a fault, if there are so many.
func struck(t *testing.T, h History, at int, f fault) (reached bool) {
	made, where := 0, ""
	e := Run(t, h, func(w *world) {
		w.meets = func(call string) fault {
			w.mu.Lock()
			defer w.mu.Unlock()
			if made++; made != at || w.peaceful {
				return none
			}
			reached, where = true, call
			return f
		}
	})
	if len(e.Wrong) > 0 {
		t.Errorf("fault %d at call %d, %s:\n%s\n%s", f, at, where, strings.Join(e.Wrong, "\n"), e.Log)
	}
	return reached
}
