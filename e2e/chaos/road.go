package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// A road carries the calls of one octagate to the cloud, and does to them what networks
// and clouds do. Each way takes a time that is hardly ever the same twice.
type road struct{ o *octagate }

// The faults of a call.
type fault int

const (
	none    fault = iota
	refused       // the connection is; nothing is done
	cut           // it is done, and the connection breaks
	mute          // nothing is done, and nobody answers
	muted         // it is done, and nobody answers
	late          // nobody answers, and it is done when nobody waits any more
	busy          // 409, as Octavia says it
	tired         // 429 with Retry-After
	away          // 503; nothing is done
	gateway       // 504; it is done
	half          // it is done, and half of the answer comes
	babble        // a page for people comes in place of an answer
	expired       // the token is not valid any more
	denied        // 403, for once
	torn          // it is done, and half of the answer comes as if that were all
	failing       // 500; it is done
	faults
)

var errRoad = errors.New("connection reset by peer")

// silence is how long somebody waits for an answer that does not come: longer than octagate.
const silence = 10 * time.Minute

// RoundTrip implements http.RoundTripper.
func (r road) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
		request.Body.Close()
	}
	w, ctx, call := r.o.w, request.Context(), name(request)
	if r.o.dead.Load() {
		return nil, errRoad
	}
	luck := w.lucky(fmt.Sprint(call, request.URL, string(body)))
	f := w.fault(call, luck)
	if f != none {
		w.strike()
		w.note("octagate %d: fault %d of %s", r.o.number, f, call)
	}
	send := func(late bool) *http.Response { return r.serve(request, call, body, late) }
	if !rest(ctx, w.way(luck)) {
		if f == late || w.luck(2, "sent", luck) == 0 {
			go r.afterwards(send, call, luck)
		}
		return nil, ctx.Err()
	}
	if r.falls(call, false) {
		return nil, errRoad
	}
	if answer, err, instead := r.before(ctx, request, f, send, call, luck); instead {
		return answer, err
	}
	answer := send(false)
	if r.falls(call, true) {
		return nil, errRoad
	}
	return r.after(ctx, f, answer, luck)
}

// lucky is what the luck of a call follows from: what it says, and how often that was said.
func (w *world) lucky(what string) string { return fmt.Sprint(w.count(what), " ", what) }

// way is how long a call is under way, there or back.
func (w *world) way(luck string) time.Duration {
	w.mu.Lock()
	slow := w.weather.slow
	w.mu.Unlock()
	if slow {
		return w.instant(5*time.Second, "way", luck)
	}
	return w.instant(20*time.Millisecond, "way", luck)
}

// afterwards has a call arrive when its caller does not wait any more.
func (r road) afterwards(send func(late bool) *http.Response, call, luck string) {
	time.Sleep(r.o.w.instant(30*time.Second, "late", luck))
	r.o.w.note("octagate %d: %s arrives late", r.o.number, call)
	send(true)
}

// before is what happens to a call in place of its effect, if instead.
func (r road) before(ctx context.Context, request *http.Request, f fault, send func(late bool) *http.Response, call, luck string) (_ *http.Response, _ error, instead bool) {
	switch f {
	case refused:
		return nil, errRoad, true
	case mute:
		rest(ctx, silence)
		return nil, ctx.Err(), true
	case late:
		rest(ctx, silence)
		go r.afterwards(send, call, luck)
		return nil, ctx.Err(), true
	case busy:
		return answer(request, http.StatusConflict, `{"faultstring": "Invalid state PENDING_UPDATE of loadbalancer resource"}`), nil, true
	case tired:
		a := answer(request, http.StatusTooManyRequests, `{"message": "slow down"}`)
		a.Header.Set("Retry-After", "7")
		return a, nil, true
	case away:
		return answer(request, http.StatusServiceUnavailable, "no server is available to handle this request"), nil, true
	case babble:
		return answer(request, http.StatusOK, "<html>It works!</html>"), nil, true
	case denied:
		return answer(request, http.StatusForbidden, `{"faultstring": "Policy does not allow this request to be performed."}`), nil, true
	case expired:
		r.o.w.cloud.ExpireTokens()
	}
	return nil, nil, false
}

// after is what becomes of an answer.
func (r road) after(ctx context.Context, f fault, a *http.Response, luck string) (*http.Response, error) {
	switch f {
	case cut:
		return nil, errRoad
	case muted:
		rest(ctx, silence)
		return nil, ctx.Err()
	case gateway:
		return answer(a.Request, http.StatusGatewayTimeout, "the server did not answer in time"), nil
	case failing:
		return answer(a.Request, http.StatusInternalServerError, `{"faultstring": "An unknown exception occurred."}`), nil
	case half, torn:
		body, _ := io.ReadAll(a.Body)
		a.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), end(f)))
		a.ContentLength = -1
	}
	if !rest(ctx, r.o.w.way("back "+luck)) {
		return nil, ctx.Err()
	}
	if r.o.dead.Load() {
		return nil, errRoad
	}
	return a, nil
}

// An end is that of an answer that does not come whole.
type end fault

func (e end) Read([]byte) (int, error) {
	if fault(e) == torn {
		return 0, io.EOF
	}
	return 0, io.ErrUnexpectedEOF
}

// strike takes note of a fault.
func (w *world) strike() {
	w.count("faults")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.struck = time.Now()
}

// serve has a call arrive in the cloud, perhaps when nobody waits for it any more.
func (r road) serve(request *http.Request, call string, body []byte, late bool) *http.Response {
	w := r.o.w
	arrived := httptest.NewRequestWithContext(context.Background(), request.Method, request.URL.String(), bytes.NewReader(body))
	arrived.Header = request.Header.Clone()
	if r.o.blunt {
		arrived.Header.Del("If-Match")
	}
	w.snatching(call, request)
	before := r.o.sentry(call, arrived, body)
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, arrived)
	if writes(call) {
		w.note("octagate %d: %s %s %s: %d", r.o.number, call, arrived.URL.Path[max(0, len(arrived.URL.Path)-36):], body, recorder.Code)
		before.judge(recorder.Code)
		if !late && recorder.Code < http.StatusBadRequest && strings.HasPrefix(call, http.MethodPost) {
			w.api.held(w, before.maker, call)
		}
	}
	a := recorder.Result()
	a.Request = request
	return a
}

// falls reports whether octagate is killed at a call.
func (r road) falls(call string, after bool) bool {
	w := r.o.w
	if w.survives != nil && !r.o.dead.Load() && !w.survives(call, after) {
		r.o.kill()
	}
	if !after {
		w.mu.Lock()
		w.weather.killed--
		now := w.weather.killed == 0
		w.mu.Unlock()
		if now && w.luck(2, "killed", call) == 0 {
			r.o.kill()
		} else if now {
			defer r.o.kill()
		}
	}
	return r.o.dead.Load()
}

// fault is what happens to a call.
func (w *world) fault(call, luck string) fault {
	if w.meets != nil {
		return w.meets(call)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if writes(call) && len(w.weather.planned) > 0 {
		f := w.weather.planned[0]
		w.weather.planned = w.weather.planned[1:]
		return f
	}
	if w.weather.storm > 0 && w.luck(1000, "storm", luck) < w.weather.storm {
		return fault(1 + w.luck(int(faults)-1, "fault", luck))
	}
	return none
}

// writes reports whether a call changes something.
func writes(call string) bool {
	return !strings.HasPrefix(call, http.MethodGet) && call != "POST auth/tokens"
}

// prefixes are what names of calls leave out.
var prefixes = []string{"/load-balancer/v2.0/", "/load-balancer/v2/", "/network/v2.0/", "/identity/v3/"}

// name is a call as the emulator's transcript has it: ids as {id}.
func name(r *http.Request) string {
	path := r.URL.Path
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			path = rest
			break
		}
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range segments {
		if len(s) == 36 || len(s) == 32 {
			segments[i] = "{id}"
		}
	}
	return r.Method + " " + strings.Join(segments, "/")
}

// answer is one that the cloud never gave.
func answer(request *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: request,
	}
}
