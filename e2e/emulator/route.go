package emulator

import (
	"bytes"
	"cmp"
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

// longestBody is how many bytes a request may have.
const longestBody = 16 << 20

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
	ages   bool // what it does depends on the generation of its API
}

// A request is one call as a handler sees it.
type request struct {
	*http.Request
	body       []byte
	who        *token     // nil where no token is needed
	generation generation // of the load balancing API
	rows       int        // of the list that is answered
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
	for _, s := range c.options.services() {
		for _, r := range s.routes {
			mux.HandleFunc(r.method+" "+s.prefix+r.path, c.handle(s, r))
		}
	}
	mux.HandleFunc("/", c.handle(service{admit: everyone}, route{status: http.StatusOK, serve: notFound}))
	return mux
}

func (o Options) services() []service {
	all := []service{
		{prefix: "", admit: everyone, routes: versionRoutes()},
		{prefix: identityPrefix, admit: everyone, routes: openIdentityRoutes()},
		{prefix: identityPrefix, admit: tokenHolders, routes: identityRoutes()},
		{prefix: networkPrefix, admit: networkUsers, routes: networkRoutes()},
	}
	if o.Legacy {
		return append(all, service{prefix: networkPrefix, admit: networkUsers, routes: legacyRoutes(), ages: true})
	}
	return append(all,
		service{prefix: "", admit: everyone, routes: loadBalancerVersionRoutes()},
		service{prefix: loadBalancerPrefix, admit: loadBalancerUsers, routes: loadBalancerRoutes(), ages: true},
		service{prefix: loadBalancerPrefix + ".0", admit: loadBalancerUsers, routes: loadBalancerRoutes(), ages: true},
	)
}

// handle wraps a route with all that every call has: its fault, its entry in the
// transcript, the lock, and the encoding of the answer.
func (c *Cloud) handle(s service, rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		call := CallOf(r)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			c.record.add(Call{Method: r.Method, Path: patternPath(r), Status: http.StatusRequestEntityTooLarge})
			tooLarge().write(w)
			return
		}
		if err != nil {
			return // the caller is gone
		}
		a := c.faultFor(r, body).meddle(r.Context(), func() answer {
			if !c.lag(r.Context(), call) {
				return answer{}
			}
			a := c.answer(s, rt, &request{Request: r, body: body, generation: c.options.generation()})
			if !c.lagRows(r.Context(), call, a.rows) {
				return answer{}
			}
			return a
		})
		c.record.add(Call{Method: r.Method, Path: patternPath(r), Status: a.status, Rows: a.rows})
		a.write(w)
	}
}

// An answer is what goes over the wire; status 0 is a connection cut.
type answer struct {
	status int
	header map[string]string
	body   []byte
	rows   int // of a list
}

func tooLarge() answer {
	return answer{status: http.StatusRequestEntityTooLarge, body: encode(map[string]any{
		"code": http.StatusRequestEntityTooLarge, "title": "Request Entity Too Large", "description": "Request is too large.",
	})}
}

func (c *Cloud) answer(s service, rt route, r *request) answer {
	c.begin()
	defer c.mu.Unlock()
	c.call = CallOf(r.Request)
	body, err := c.serve(s, rt, r)
	if err != nil {
		var no refusal
		if !errors.As(err, &no) {
			no = refusal{status: http.StatusInternalServerError, body: err.Error()}
		}
		if s.ages && r.generation == lbaasV2 {
			no = c.inNeutronsWords(no, r)
		}
		return answer{status: no.status, header: no.header, body: encode(no.body)}
	}
	if rep, ok := body.(reply); ok {
		return answer{status: rt.status, header: rep.header, body: encode(rep.body)}
	}
	if s.ages {
		body = r.generation.aged(body)
	}
	return answer{status: rt.status, body: encode(body), rows: r.rows}
}

func (c *Cloud) serve(s service, rt route, r *request) (any, error) {
	if err := s.admit(c, r); err != nil {
		return nil, err
	}
	if s.ages {
		if err := r.generation.admits(rt.path, r.Request); err != nil {
			return nil, err
		}
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

// prefixes are what patternPath leaves out, longer ones first.
var prefixes = []string{loadBalancerPrefix + ".0", loadBalancerPrefix, networkPrefix, identityPrefix}

// patternPath is the path a transcript shows: ids as {id}, no prefix, no version.
func patternPath(r *http.Request) string {
	_, pattern, _ := strings.Cut(r.Pattern, " ")
	return cmp.Or(shortPath(pattern), strings.Trim(r.URL.Path, "/"))
}

// shortPath is the path of a pattern as the transcript has it, "" for that of a
// service itself.
func shortPath(pattern string) string {
	path := pattern
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(pattern, prefix); ok {
			path = rest
			break
		}
	}
	path = strings.Trim(strings.TrimSuffix(path, "{$}"), "/")
	segments := strings.Split(path, "/")
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
