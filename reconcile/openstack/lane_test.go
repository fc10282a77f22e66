package openstack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/octagate/octagate/reconcile/plan"
)

// A road is the network: it remembers which calls came by, and answers them all alike.
type road struct {
	mu     sync.Mutex
	calls  []string
	answer http.Response
}

func (r *road) RoundTrip(call *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call.URL.String())
	answer := r.answer
	answer.Body = http.NoBody
	return &answer, nil
}

// get makes a call that is answered, or not sent.
func (l *lane) get(t *testing.T, ctx context.Context, url string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.RoundTrip(request)
	if err != nil && !errors.As(err, new(unsent)) {
		t.Errorf("neither answered nor held back: %v", err)
	}
	return err
}

const balancing = "http://octavia/v2/lbaas"

func TestCallsBeyondTheBurstWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, l := time.Now(), &lane{&road{}, newPace(Rate{PerSecond: 10, Burst: 2}, time.Now)}
		var waited []time.Duration
		for range 5 {
			if err := l.get(t, t.Context(), balancing); err != nil {
				t.Fatal(err)
			}
			waited = append(waited, time.Since(began).Round(time.Millisecond))
		}
		if want := []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond}; !slices.Equal(waited, want) {
			t.Errorf("got %v", waited)
		}
	})
}

// With eight workers at an empty bucket, none is held for longer than a moment.
func TestNoWorkerIsHeldByAnEmptyBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, way := time.Now(), &road{}
		l := &lane{way, newPace(Rate{PerSecond: 3, Burst: 1}, time.Now)}
		refusals := make(chan error, 8)
		for range 8 {
			go func() { refusals <- l.get(t, hurried(t.Context()), balancing) }()
		}
		refused := 0
		for range 8 {
			if err := <-refusals; err != nil {
				refused++
				if plan.ReasonOf(err) != plan.Busy || plan.AfterOf(err) != moment {
					t.Errorf("got %v after %s", err, plan.AfterOf(err))
				}
			}
		}
		if held := time.Since(began); held > moment {
			t.Errorf("a worker was held for %s", held)
		}
		if refused == 0 || len(way.calls)+refused != 8 {
			t.Errorf("%d calls were made and %d held back", len(way.calls), refused)
		}
	})
}

func TestACallThatCannotComeInTimeIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &road{}
		l := &lane{way, newPace(Rate{PerSecond: 1, Burst: 1}, time.Now)}
		l.get(t, t.Context(), balancing)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if err := l.get(t, ctx, balancing); plan.ReasonOf(err) != plan.Away || len(way.calls) != 1 {
			t.Errorf("%d calls: %v", len(way.calls), err)
		}
	})
}

func TestWhoWantsToBeLeftAloneIs(t *testing.T) {
	now := time.Date(2026, 11, 22, 2, 0, 10, 0, time.UTC)
	for claim, tt := range map[string]struct {
		status int
		after  string
		want   time.Duration
	}{
		"for so many seconds":               {429, "30", 30 * time.Second},
		"until then":                        {503, "Sun, 22 Nov 2026 02:01:00 GMT", 50 * time.Second},
		"but not for ever":                  {429, "86400", longestSilence},
		"nor for longer than there is time": {503, "99999999999999999", longestSilence},
		"nor until next year":               {503, "Mon, 22 Nov 2027 02:01:00 GMT", longestSilence},
		"not who does not say":              {503, "", 0},
		"not who says it in words":          {429, "soon", 0},
		"not for less than no time":         {429, "-30", 0},
		"not until what is over":            {429, "Sun, 22 Nov 2026 02:00:00 GMT", 0},
		"not for a fault":                   {500, "30", 0},
		"not for success":                   {200, "30", 0},
	} {
		t.Run(claim, func(t *testing.T) {
			way := &road{answer: http.Response{StatusCode: tt.status, Header: http.Header{"Retry-After": {tt.after}}}}
			clock := now
			l := &lane{way, newPace(Rate{}, func() time.Time { return clock })}
			l.get(t, t.Context(), balancing)
			err := l.get(t, t.Context(), balancing)
			if got := plan.AfterOf(err); got != tt.want || tt.want > 0 && plan.ReasonOf(err) != plan.Away {
				t.Errorf("%s: %v", got, err)
			}
			clock = clock.Add(tt.want)
			if err := l.get(t, t.Context(), balancing); err != nil {
				t.Errorf("it is over: %v", err)
			}
		})
	}
}

func TestOnlyWhoAskedIsLeftAlone(t *testing.T) {
	way := &road{answer: http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"30"}}}}
	now := time.Date(2026, 11, 22, 2, 0, 10, 0, time.UTC)
	l := &lane{way, newPace(Rate{}, func() time.Time { return now })}
	l.get(t, t.Context(), "http://cloud:443/load-balancer/v2/lbaas/pools")
	for url, sent := range map[string]bool{
		"http://cloud:443/load-balancer/v2/lbaas/listeners": false,
		"http://cloud:443/network/v2.0/ports":               true,
		"http://cloud:9876/load-balancer/v2/lbaas/pools":    true,
	} {
		if err := l.get(t, t.Context(), url); (err == nil) != sent {
			t.Errorf("%s: %v", url, err)
		}
	}
	err := l.get(t, t.Context(), "http://cloud:443/load-balancer")
	if want := "CloudUnreachable: cloud:443/load-balancer wants to be left alone; it is asked again by 02:01 UTC"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
