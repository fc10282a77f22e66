package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/octagate/octagate/reconcile/plan"
)

// A Rate is how often OpenStack may be called. The zero Rate is no limit.
type Rate struct {
	PerSecond int
	Burst     int // how many calls may come at once after a time of rest
}

// moment is how long a worker waits for its turn to make a call. Whoever keeps it for
// longer keeps the Services, too, that want nothing of the cloud.
const moment = time.Second

// longestSilence is how long, at most, a service is left alone that asks for it.
const longestSilence = 5 * time.Minute

// A lane is the way of all our calls to the cloud: those of rounds, of workers, of
// look-ups for admission and of logins. It keeps them to a rate, and does not call a
// service that asked to be left alone, until that time is over.
//
// Octavia may ask for it while Neutron is well. They are told apart by their host and
// the first element of the path, since in many clouds they share the host.
type lane struct {
	road http.RoundTripper
	*pace
}

// A pace is what lanes that lead to one cloud keep to together.
type pace struct {
	bucket *rate.Limiter
	now    func() time.Time
	counts func() *Counts // of the calls

	mu     sync.Mutex
	closed map[string]time.Time // by service: until when
}

func newPace(r Rate, now func() time.Time) *pace {
	limit := rate.Limit(r.PerSecond)
	if r == (Rate{}) {
		limit = rate.Inf
	}
	return &pace{bucket: rate.NewLimiter(limit, r.Burst), now: now, counts: func() *Counts { return nil }, closed: map[string]time.Time{}}
}

// unsent is why a call was not made at all.
type unsent string

func (u unsent) Error() string { return string(u) }

// RoundTrip implements http.RoundTripper.
func (l *lane) RoundTrip(r *http.Request) (*http.Response, error) {
	service := service(r.URL)
	if err := l.admit(r, service); err != nil {
		if r.Body != nil {
			r.Body.Close() // as the interface wants it
		}
		return nil, err
	}
	begun := time.Now()
	answer, err := l.road.RoundTrip(r)
	l.counts().sent(r, answer, time.Since(begun))
	if err == nil {
		l.heed(service, answer)
	}
	return answer, err
}

// admit lets a call pass when it is its turn. The service may ask for silence meanwhile.
func (l *lane) admit(r *http.Request, service string) error {
	err := l.open(service)
	if err == nil {
		if err := l.turn(r.Context()); err != nil {
			l.counts().unsent(r, rationed)
			return err
		}
		err = l.open(service)
	}
	if err != nil {
		l.counts().unsent(r, silenced)
	}
	return err
}

// open is an error while a service is left alone. It tells the time to the minute, so
// that what people read does not change with every call.
func (l *lane) open(service string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.closed[service]
	after := until.Sub(l.now())
	if after <= 0 {
		return nil
	}
	by := until.Add(time.Minute - time.Nanosecond).Truncate(time.Minute).UTC()
	return &plan.Refusal{Reason: plan.Away, After: after,
		Err: unsent(fmt.Sprintf("%s wants to be left alone; it is asked again by %s", service, by.Format("15:04 MST")))}
}

// turn waits for the call's turn. Who is in a hurry is sent away when that is not soon;
// nobody is sent away later than could be known.
func (l *lane) turn(ctx context.Context) error {
	reason := plan.Away
	if hurry(ctx) {
		short, cancel := context.WithTimeout(ctx, moment)
		defer cancel()
		ctx, reason = short, plan.Busy
	}
	if err := l.bucket.Wait(ctx); err != nil {
		return &plan.Refusal{Reason: reason, After: moment, Err: unsent("more calls to OpenStack are due than openstack.rateLimit allows")}
	}
	return nil
}

// heed remembers what an answer says of when to come again.
func (l *lane) heed(service string, answer *http.Response) {
	now := l.now()
	after := silence(answer.StatusCode, answer.Header, now)
	if after == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := now.Add(after); until.After(l.closed[service]) {
		l.closed[service] = until
	}
}

// silence is how long an answer asks to be left alone; 0: it does not.
func silence(status int, header http.Header, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	text, after := header.Get("Retry-After"), time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		after = time.Duration(min(seconds, int(longestSilence/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(now)
	}
	return max(0, min(after, longestSilence))
}

// service is what a URL leads to: its host and the first element of its path.
func service(u *url.URL) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return u.Host + "/" + first
}

type hurryKey struct{}

// hurried is ctx for somebody who does not wait long for a turn to call.
func hurried(ctx context.Context) context.Context { return context.WithValue(ctx, hurryKey{}, true) }

func hurry(ctx context.Context) bool { return ctx.Value(hurryKey{}) != nil }
