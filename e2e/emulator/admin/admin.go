// Package admin lets people and programs look into an emulated cloud, and change
// how it behaves, over HTTP while it runs.
//
// It needs no token and answers below /emulator/, which no OpenStack service uses.
// Everything it does, the exported methods of emulator.Cloud do as well; it never
// changes what is in the cloud, except by letting time pass and by breaking things.
package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/octagate/octagate/e2e/emulator"
)

// prefix is the path that everything here is below.
const prefix = "/emulator"

// longestBody is how many bytes a body may have: enough for a snapshot of thousands
// of load balancers.
const longestBody = 256 << 20

// An admin is the state of the handler: a cloud and the faults that it was given.
type admin struct {
	cloud  *emulator.Cloud
	faults faults
}

// An action is what a call does: its answer is sent as JSON, a text as it is. What
// goes wrong is the caller's fault.
type action func(*admin, *http.Request) (any, error)

// A call is one line of what the handler can do.
type call struct {
	pattern, does string
	act           action
}

func calls() []call {
	return []call{
		{"GET /behaviour", "shows pending times, latencies, and whether work is held or builds fail", showBehaviour},
		{"PATCH /behaviour", `changes them: {"pending": {"PENDING_CREATE": "5s", "POST lbaas/listeners": "1s", "*": "2s"}, "latency": {"GET lbaas/pools/{id}/members": "300ms"}, "rows": {"GET lbaas/loadbalancers": "6ms"}, "held": true, "failBuilds": true}`, changeBehaviour},
		{"POST /hold", "stops the work: nothing pending settles", hold},
		{"POST /release", "goes on with the work", release},
		{"GET /faults", "lists the faults that are still to come", listFaults},
		{"POST /faults", `makes calls fail: {"call": "POST lbaas/loadbalancers", "times": 2, "status": 503, "header": {"Retry-After": "30"}, "body": "", "delay": "1s", "after": true}`, addFault},
		{"DELETE /faults", "forgets all faults", clearFaults},
		{"GET /quotas", "shows the limits of every project", showQuotas},
		{"PATCH /quotas", `changes limits: {"demo": {"load_balancer": 5, "floatingip": -1}}`, changeQuotas},
		{"GET /transcript", "lists the calls since the last reset, the newest 100,000; rows: how many things a list answered", showTranscript},
		{"GET /counts", "counts all of them by method and path, however many", showCounts},
		{"DELETE /transcript", "forgets them", resetTranscript},
		{"GET /snapshot", "shows everything that is in the cloud", showSnapshot},
		{"POST /diff", "tells what changed since the snapshot in the body; ?as=lines for people", showDiff},
		{"GET /owners", "tells who owns what, by tags octagate:cluster= and octagate:service=; ?as=lines for people", showOwners},
		{"POST /break", `puts a load balancer into ERROR: {"loadbalancer": "id or name"}`, breakOne},
		{"POST /operating-status", `says how something works: {"id": "…", "status": "ONLINE"}`, operate},
		{"POST /expire-tokens", "makes every token worthless", expire},
		{"GET /clock", "shows the time in the cloud", showClock},
		{"POST /clock", `lets time pass, if the cloud has a clock of its own: {"pass": "10s"}`, passTime},
		{"POST /flavors", `adds a flavor: {"name": "large", "description": "eight cores"}`, addFlavor},
	}
}

// Handler serves the calls that GET /emulator lists, and passes all others to the
// cloud. It takes over Cloud.SetFault. Wrong input is answered with 400 and a
// sentence that says what is wrong and what is possible.
func Handler(cloud *emulator.Cloud) http.Handler {
	a := &admin{cloud: cloud}
	cloud.SetFault(a.faults.next)
	mux := http.NewServeMux()
	for _, c := range calls() {
		method, path, _ := strings.Cut(c.pattern, " ")
		mux.HandleFunc(method+" "+prefix+path, a.handle(c.act))
	}
	mux.HandleFunc("GET "+prefix+"/{$}", a.handle(listCalls))
	mux.HandleFunc("GET "+prefix, a.handle(listCalls))
	mux.HandleFunc(prefix+"/", a.handle(unknown))
	mux.Handle("/", cloud)
	return mux
}

func (a *admin) handle(act action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, longestBody)
		out, err := act(a, r)
		var no nothing
		var tooLong *http.MaxBytesError
		switch {
		case errors.As(err, &tooLong):
			write(w, http.StatusRequestEntityTooLarge, map[string]string{"error": err.Error()})
		case errors.As(err, &no):
			write(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		case err != nil:
			write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		default:
			write(w, http.StatusOK, out)
		}
	}
}

func write(w http.ResponseWriter, status int, out any) {
	if lines, ok := out.(lines); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, strings.Join(append(slices.Clone(lines), ""), "\n"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(out) // an error means that the caller is gone
}

// lines are an answer for people.
type lines []string

// forPeople reports whether a caller asked for lines.
func forPeople(r *http.Request) (bool, error) {
	switch as := r.URL.Query().Get("as"); as {
	case "", "json":
		return false, nil
	case "lines":
		return true, nil
	default:
		return false, fmt.Errorf("as=%s: want json or lines", as)
	}
}

// nothing is asked for where nothing is.
type nothing struct{ error }

func unknown(_ *admin, r *http.Request) (any, error) {
	var all []string
	for _, c := range calls() {
		method, path, _ := strings.Cut(c.pattern, " ")
		all = append(all, method+" "+prefix+path)
	}
	return nil, nothing{fmt.Errorf("there is no %s %s; there are %s", r.Method, r.URL.Path, strings.Join(all, ", "))}
}

func listCalls(*admin, *http.Request) (any, error) {
	all := lines{"What this emulated cloud can be asked beside OpenStack's own calls:", ""}
	for _, c := range calls() {
		method, path, _ := strings.Cut(c.pattern, " ")
		all = append(all, fmt.Sprintf("%-6s %s%-18s %s", method, prefix, path, c.does))
	}
	return all, nil
}

// read decodes a body and refuses what it does not know, and what follows it.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if _, err := d.Token(); err == nil {
		return errors.New("reading the body: there is something after the JSON")
	} else if err != io.EOF {
		return fmt.Errorf("reading the body: after the JSON: %w", err)
	}
	return nil
}

// done is the answer to what has none.
var done = map[string]bool{"done": true}
