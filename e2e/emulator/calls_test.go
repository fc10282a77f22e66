package emulator_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
)

func TestOnlyCallsOfThisCloudHaveALatencyOrWork(t *testing.T) {
	modern := emulator.New(emulator.Options{})
	legacy := emulator.New(emulator.Options{Legacy: true})
	for claim, test := range map[string]struct {
		cloud *emulator.Cloud
		call  string
		says  string // "": nothing is wrong
	}{
		"a call with a route":          {modern, "PUT lbaas/pools/{id}/members", ""},
		"any call":                     {modern, "*", ""},
		"a service itself":             {modern, "GET identity/v3", ""},
		"a call of a newer cloud":      {legacy, "PUT lbaas/pools/{id}/members", "did you mean"},
		"a slip of the finger":         {modern, "GET lbaas/loadbalancer", `did you mean "GET lbaas/loadbalancers"?`},
		"an id":                        {modern, "GET lbaas/pools/7", `did you mean "GET lbaas/pools"?`},
		"a method that nobody answers": {modern, "PATCH lbaas/pools", `did you mean "`},
		"nonsense":                     {modern, "@@@@@", "want one of "},
	} {
		t.Run(claim, func(t *testing.T) {
			key := map[string]time.Duration{test.call: 1}
			for _, b := range []emulator.Behaviour{{Latency: key}, {Rows: key}, {Pending: key}} {
				err := test.cloud.SetBehaviour(b)
				if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
					t.Errorf("%+v: %v", b, err)
				}
			}
		})
	}
}

func TestEveryCallThatIsAnsweredIsListed(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	demo.call("GET", "", nil).want(200)
	demo.call("GET", "load-balancer/v2/lbaas/pools/"+b.pool+"/members", nil).want(200)
	demo.call("GET", "load-balancer/v2.0", nil).want(200)
	demo.call("GET", "identity/v3/", nil).want(200)
	for call := range w.cloud.Counts() {
		if !slices.Contains(w.cloud.Calls(), call) {
			t.Errorf("%q is not", call)
		}
	}
}

func TestARequestThatIsTooLargeIsRefused(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	name := func(n int) object { return object{"loadbalancer": object{"name": strings.Repeat("x", n)}} }
	demo.call("POST", lbaas+"loadbalancers", name(16<<20)).want(413, "Request is too large.")
	demo.call("POST", lbaas+"loadbalancers", name(15<<20)).want(400, "maximum character requirement")
	calls := w.cloud.Transcript()
	if got := calls[len(calls)-2]; got != (emulator.Call{Method: "POST", Path: "lbaas/loadbalancers", Status: 413}) {
		t.Errorf("the transcript has %v", got)
	}
}
