package webhook

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/octagate/octagate/policy/facts"
)

// What is too large is not read, and is no answer to the API server.
func TestLargeRequestsAreRefused(t *testing.T) {
	for claim, tt := range map[string]struct{ size, want int }{
		"3 MiB":               {largest, http.StatusBadRequest},
		"one byte more":       {largest + 1, http.StatusRequestEntityTooLarge},
		"as much as it takes": {64 << 20, http.StatusRequestEntityTooLarge},
	} {
		registry := prometheus.NewRegistry()
		hook := Handler{Policy: config, Facts: memory{}, Counts: NewCounts(registry)}.Validating()
		request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(bytes.Repeat([]byte(" "), tt.size)))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		hook.ServeHTTP(recorder, request)
		if recorder.Code != tt.want {
			t.Errorf("%s: %d", claim, recorder.Code)
		}
		if n := counted(t, registry)["fault=oversized webhook=validate"]; (n == 1) != (tt.want == http.StatusRequestEntityTooLarge) {
			t.Errorf("%s: counted %v", claim, n)
		}
	}
}

// slow facts are looked up until somebody says that they are known.
type slow struct {
	memory
	looking, known chan struct{}
}

func (s slow) Fresh(context.Context, facts.Question) facts.Snapshot {
	s.looking <- struct{}{}
	<-s.known
	return s.fresh
}

// A request waits for room; one that does not get it in time is allowed, and says so.
func TestTooManyRequestsAtOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	there := holding("172.24.4.13")
	f := slow{memory{there, there}, make(chan struct{}), make(chan struct{})}
	h := Handler{Policy: config, Facts: f, Counts: NewCounts(registry), Slots: make(Slots, 1)}
	body := reviewOf(t, service("172.24.4.99"), nil)
	first, second := make(chan bool), make(chan bool)
	ask := func(answered chan bool) {
		answered <- askedAt(t, h.Validating(), "/?timeout=30s", body).Allowed
	}
	go ask(first)
	<-f.looking

	late := askedAt(t, h.Validating(), "/?timeout=250ms", body)
	if !late.Allowed || len(late.Warnings) != 1 || !strings.Contains(late.Warnings[0], "could not be judged by octagate") {
		t.Errorf("the one too many: %+v", late)
	}
	marked := askedAt(t, h.Mutating(), "/?timeout=250ms", body)
	if !marked.Allowed || !strings.Contains(string(marked.Patch), `"unverified"`) {
		t.Errorf("the one too many: %+v", marked)
	}
	go ask(second)
	f.known <- struct{}{}
	<-f.looking // the second has its turn
	f.known <- struct{}{}
	if <-first || <-second {
		t.Error("one that was judged is allowed")
	}
	counts := counted(t, registry)
	if counts["fault=overloaded webhook=validate"] != 1 || counts["fault=overloaded webhook=mutate"] != 1 {
		t.Errorf("counted %v", counts)
	}
}

// What there is no room for in time is not read, and no answer; what leaves makes room.
func TestOnlySoMuchIsReadAtOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := Handler{Policy: config, Facts: memory{}, Counts: NewCounts(registry), Room: semaphore.NewWeighted(largest)}
	ask := func() int {
		request := httptest.NewRequest(http.MethodPost, "/?timeout=210ms", strings.NewReader(strings.Repeat(" ", 100)))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		h.Validating().ServeHTTP(recorder, request)
		return recorder.Code
	}
	if !h.Room.TryAcquire(largest - 99) {
		t.Fatal("there is no room")
	}
	if got := ask(); got != http.StatusServiceUnavailable {
		t.Errorf("without room: %d", got)
	}
	h.Room.Release(1)
	for range 2 {
		if got := ask(); got != http.StatusBadRequest {
			t.Errorf("with room: %d", got)
		}
	}
	if n := counted(t, registry)["fault=overloaded webhook=validate"]; n != 1 {
		t.Errorf("counted %v", n)
	}
}

// Only the API server says how long it waits, and it waits for 30 s at most.
func TestPatience(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": usual, "timeout=3s": 3 * time.Second, "timeout=30s": longest, "timeout=24h": usual, "timeout=-1s": usual, "timeout=200ms": headway, "timeout=soon": usual,
	} {
		if got := patience(&url.URL{RawQuery: query}); got != want {
			t.Errorf("%q: %s", query, got)
		}
	}
}
