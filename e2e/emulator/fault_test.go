package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
)

// onCreate has a fault befall every create of a load balancer.
func (w *world) onCreate(f emulator.Fault) {
	w.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if r.Method != "POST" || !strings.HasSuffix(r.URL.Path, "/loadbalancers") {
			return nil
		}
		return &f
	})
}

func TestFaults(t *testing.T) {
	for claim, test := range map[string]struct {
		fault emulator.Fault
		want  int // 0: the connection is cut
		takes bool
	}{
		"an answer instead of the call":      {emulator.Fault{Status: 503, Body: `{"error":"busy"}`}, 503, false},
		"an answer after the call":           {emulator.Fault{Status: 504, After: true}, 504, true},
		"the connection is cut":              {emulator.Fault{}, 0, false},
		"the connection is cut after it":     {emulator.Fault{After: true}, 0, true},
		"only a delay":                       {emulator.Fault{Delay: time.Nanosecond}, 201, true},
		"only a delay, after the call":       {emulator.Fault{Delay: time.Nanosecond, After: true}, 201, true},
		"an answer after the call and delay": {emulator.Fault{Delay: time.Nanosecond, Status: 502, After: true}, 502, true},
	} {
		t.Run(claim, func(t *testing.T) {
			w := newWorld(t)
			demo := w.as("demo")
			w.onCreate(test.fault)
			w.cloud.ResetTranscript()
			if got := demo.try(t.Context(), w.balancer()); got != test.want {
				t.Errorf("status %d, want %d", got, test.want)
			}
			calls := []emulator.Call{{Method: "POST", Path: "lbaas/loadbalancers", Status: test.want}}
			if diff := cmp.Diff(calls, w.cloud.Transcript()); diff != "" {
				t.Error(diff)
			}
			w.cloud.SetFault(nil)
			if got := len(demo.names("")) == 1; got != test.takes {
				t.Errorf("the call took effect: %v, want %v", got, test.takes)
			}
		})
	}
}

// try creates a load balancer; status 0 is a connection without an answer.
func (c client) try(ctx context.Context, lb object) int {
	r, err := http.NewRequestWithContext(ctx, "POST", c.url+"/"+lbaas+"loadbalancers", strings.NewReader(encode(c.t, lb)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", c.token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestACallerWhoGivesUpLeavesNoTraceUnlessTheFaultComesAfter(t *testing.T) {
	for claim, test := range map[string]struct {
		after bool
		want  int
	}{
		"before the call": {false, 0},
		"after the call":  {true, 1},
	} {
		t.Run(claim, func(t *testing.T) {
			w := newWorld(t)
			demo := w.as("demo")
			ctx, giveUp := context.WithCancel(t.Context())
			ended := make(chan struct{})
			w.onCreate(emulator.Fault{Delay: time.Hour, After: test.after})
			go func() {
				defer close(ended)
				demo.try(ctx, w.balancer())
			}()
			for test.after && len(demo.names("")) == 0 {
			}
			giveUp()
			<-ended
			if got := len(demo.names("")); got != test.want {
				t.Errorf("%d load balancers, want %d", got, test.want)
			}
		})
	}
}

func TestAFaultMayReadTheBody(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	w.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		b, err := io.ReadAll(r.Body)
		if err != nil || strings.Contains(string(b), "unlucky") {
			return &emulator.Fault{Status: 500, Body: errors.Join(err).Error()}
		}
		return nil
	})
	demo.build()
}

func TestTheTranscriptHidesIds(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	w.cloud.ResetTranscript()
	b := demo.build()
	member := demo.call("GET", lbaas+"pools/"+b.pool+"/members?fields=id", nil).id("members.0.id")
	demo.call("GET", "load-balancer/v2/lbaas/pools/"+b.pool+"/members/"+member, nil).want(200)
	demo.replace(b.pool, at("10.1.0.9")).want(202)
	demo.replace(b.pool, at("10.1.0.9")).want(409)
	demo.call("GET", neutron+"floatingips/nope", nil).want(404)
	want := []emulator.Call{
		{Method: "POST", Path: "lbaas/loadbalancers", Status: 201},
		{Method: "GET", Path: "lbaas/pools/{id}/members", Status: 200, Rows: 1},
		{Method: "GET", Path: "lbaas/pools/{id}/members/{id}", Status: 200},
		{Method: "PUT", Path: "lbaas/pools/{id}/members", Status: 202},
		{Method: "PUT", Path: "lbaas/pools/{id}/members", Status: 409},
		{Method: "GET", Path: "floatingips/{id}", Status: 404},
	}
	if diff := cmp.Diff(want, w.cloud.Transcript()); diff != "" {
		t.Error(diff)
	}
	if n := w.cloud.Counts()["PUT lbaas/pools/{id}/members"]; n != 2 {
		t.Errorf("%d batches counted", n)
	}
}
