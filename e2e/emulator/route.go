package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// The prefixes under which one listener serves the three services.
const (
	identityPrefix     = "/identity/v3"
	networkPrefix      = "/network/v2.0"
	loadBalancerPrefix = "/load-balancer/v2"
)

// A handler answers one call. It runs under the cloud's lock.
type handler func(*Cloud, *request) (any, error)

// A route is one call of a service's API.
type route struct {
	method, path string // below the service's prefix
	status       int    // of success
	serve        handler
}

// A service is a group of routes that share a prefix and a way to admit callers.
type service struct {
	prefix string
	admit  func(*Cloud, *request) error
	routes []route
}

// A request is one call as a handler sees it.
type request struct {
	*http.Request
	body []byte
	who  *token // nil where no token is needed
}

// origin is the scheme and host that links of the answer start with.
func (r *request) origin() string { return "http://" + r.Host }

// A reply is an answer that needs headers of its own.
type reply struct {
	header map[string]string
	body   any
}

// A refusal is an answer that says no.
type refusal struct {
	status int
	header map[string]string
	body   any
}

func (r refusal) Error() string {
	text, _ := json.Marshal(r.body)
	return http.StatusText(r.status) + ": " + string(text)
}

func (c *Cloud) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, s := range services() {
		for _, r := range s.routes {
			mux.HandleFunc(r.method+" "+s.prefix+r.path, c.handle(s, r))
		}
	}
	mux.HandleFunc("/", c.handle(service{admit: everyone}, route{status: http.StatusOK, serve: notFound}))
	return mux
}

func services() []service {
	return []service{
		{"", everyone, versionRoutes()},
		{identityPrefix, everyone, openIdentityRoutes()},
		{identityPrefix, tokenHolders, identityRoutes()},
		{networkPrefix, tokenHolders, networkRoutes()},
		{loadBalancerPrefix, loadBalancerUsers, loadBalancerRoutes()},
		{loadBalancerPrefix + ".0", loadBalancerUsers, loadBalancerRoutes()},
	}
}

// handle wraps a route with all that every call has: its fault, its entry in the
// transcript, the lock, and the encoding of the answer.
func (c *Cloud) handle(s service, rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller is gone
		}
		a := c.faultFor(r, body).meddle(r.Context(), func() answer {
			return c.answer(s, rt, &request{Request: r, body: body})
		})
		c.record.add(Call{Method: r.Method, Path: callPath(s, rt, r), Status: a.status})
		a.write(w)
	}
}

// An answer is what goes over the wire; status 0 is a connection cut.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

func (c *Cloud) answer(s service, rt route, r *request) answer {
	c.begin()
	defer c.mu.Unlock()
	body, err := c.serve(s, rt, r)
	if err != nil {
		var no refusal
		if !errors.As(err, &no) {
			no = refusal{status: http.StatusInternalServerError, body: err.Error()}
		}
		return answer{no.status, no.header, encode(no.body)}
	}
	if rep, ok := body.(reply); ok {
		return answer{rt.status, rep.header, encode(rep.body)}
	}
	return answer{rt.status, nil, encode(body)}
}

func (c *Cloud) serve(s service, rt route, r *request) (any, error) {
	if err := s.admit(c, r); err != nil {
		return nil, err
	}
	return rt.serve(c, r)
}

func (a answer) write(w http.ResponseWriter) {
	if a.status == 0 {
		panic(http.ErrAbortHandler) // net/http cuts the connection without a word
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if len(a.body) > 0 {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	w.Write(a.body)
}

// encode is JSON without HTML escapes; nil is no body at all.
func encode(body any) []byte {
	if body == nil {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(err) // only types of this package are encoded
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// callPath is the path a transcript shows: ids as {id}, no prefix, no version.
func callPath(s service, rt route, r *http.Request) string {
	if rt.path == "" {
		return strings.Trim(r.URL.Path, "/")
	}
	segments := strings.Split(strings.Trim(strings.TrimSuffix(rt.path, "{$}"), "/"), "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = "{id}"
		}
	}
	return strings.Join(segments, "/")
}

func everyone(*Cloud, *request) error { return nil }

func notFound(_ *Cloud, r *request) (any, error) {
	return nil, refusal{status: http.StatusNotFound, body: map[string]any{"code": 404, "title": "Not Found", "description": nil}}
}
