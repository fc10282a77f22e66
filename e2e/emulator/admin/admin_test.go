package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/emulator/admin"
)

type object = map[string]any

// A world is a cloud behind its admin API, and a user of it.
type world struct {
	t       *testing.T
	cloud   *emulator.Cloud
	handler http.Handler
	nets    emulator.Networks
	token   string
}

func newWorld(t *testing.T) *world {
	cloud := emulator.New(emulator.Options{Pending: 10 * time.Second, Clock: emulator.NewClock()})
	w := &world{t: t, cloud: cloud, handler: admin.Handler(cloud), nets: cloud.LayTwoSubnets()}
	login := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": "secret"}}}}}`
	w.token = w.call("POST", "/identity/v3/auth/tokens", login).want(201).header.Get("X-Subject-Token")
	return w
}

// An answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

func (w *world) call(method, path, body string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(w.t.Context())
	r.Header.Set("X-Auth-Token", w.token)
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, r)
	return answer{w.t, res.Code, res.Header(), res.Body.String()}
}

// want fails the test unless the answer has a status and contains all texts.
func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.text)
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			a.t.Fatalf("%s\nlacks %q", a.text, text)
		}
	}
	return a
}

func (a answer) decode(into any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.text), into); err != nil {
		a.t.Fatalf("%v: %s", err, a.text)
	}
}

const balancers = "/load-balancer/v2/lbaas/loadbalancers"

// build makes a load balancer and tells its id and its VIP port's.
func (w *world) build(name string) (lb, port string) {
	w.t.Helper()
	body := `{"loadbalancer": {"name": "` + name + `", "vip_subnet_id": "` + w.nets.ServiceSubnet + `", "tags": ["octagate:cluster=east", "octagate:service=` + name + `"]}}`
	var out struct {
		LoadBalancer struct {
			ID   string `json:"id"`
			Port string `json:"vip_port_id"`
		} `json:"loadbalancer"`
	}
	w.call("POST", balancers, body).want(201).decode(&out)
	return out.LoadBalancer.ID, out.LoadBalancer.Port
}

func (w *world) status(lb string) string {
	w.t.Helper()
	var out struct {
		LoadBalancer struct {
			Status string `json:"provisioning_status"`
		} `json:"loadbalancer"`
	}
	w.call("GET", balancers+"/"+lb, "").want(200).decode(&out)
	return out.LoadBalancer.Status
}

func (w *world) pass(d string) {
	w.t.Helper()
	w.call("POST", "/emulator/clock", `{"pass": "`+d+`"}`).want(200, `"manual": true`)
}

func TestTheListNamesEveryCall(t *testing.T) {
	w := newWorld(t)
	list := w.call("GET", "/emulator", "").want(200, "GET    /emulator/behaviour", "POST   /emulator/break")
	if again := w.call("GET", "/emulator/", ""); again.text != list.text {
		t.Error("the list depends on a slash")
	}
	w.call("GET", "/emulator/nonsense", "").want(404, "there are GET /emulator/behaviour")
	w.call("GET", "/", "").want(200, "an emulated OpenStack")
}

func TestPendingTimesByCallAndStatus(t *testing.T) {
	w := newWorld(t)
	w.call("PATCH", "/emulator/behaviour", `{"pending": {"PENDING_DELETE": "1s", "POST lbaas/loadbalancers": "1m"}}`).want(200, `"PENDING_DELETE": "1s"`)
	lb, _ := w.build("web")
	w.pass("59s")
	if got := w.status(lb); got != "PENDING_CREATE" {
		t.Errorf("after 59 s: %s", got)
	}
	w.pass("1s")
	if got := w.status(lb); got != "ACTIVE" {
		t.Errorf("after a minute: %s", got)
	}
	w.call("DELETE", balancers+"/"+lb, "").want(204)
	w.pass("1s")
	w.call("GET", balancers+"/"+lb, "").want(404)
	w.call("PATCH", "/emulator/behaviour", `{"pending": {"PENDING_DELETE": ""}}`).want(200, `"POST lbaas/loadbalancers": "1m0s"`)
	want := map[string]time.Duration{"POST lbaas/loadbalancers": time.Minute}
	if diff := cmp.Diff(want, w.cloud.Behaviour().Pending); diff != "" {
		t.Error(diff)
	}
}

func TestShorterWorkOvertakesLongerWork(t *testing.T) {
	w := newWorld(t)
	slow, _ := w.build("slow")
	w.call("PATCH", "/emulator/behaviour", `{"pending": {"*": "1s"}}`).want(200)
	fast, _ := w.build("fast")
	w.pass("1s")
	if got := w.status(fast) + " " + w.status(slow); got != "ACTIVE PENDING_CREATE" {
		t.Error(got)
	}
}

func TestWorkIsHeldAndBuildsFail(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/emulator/hold", "").want(200)
	w.call("GET", "/emulator/behaviour", "").want(200, `"held": true`)
	lb, _ := w.build("web")
	w.pass("1h")
	if got := w.status(lb); got != "PENDING_CREATE" {
		t.Errorf("held: %s", got)
	}
	w.call("PATCH", "/emulator/behaviour", `{"failBuilds": true}`).want(200, `"held": true`, `"failBuilds": true`)
	w.call("POST", "/emulator/release", "").want(200)
	if got := w.status(lb); got != "ERROR" {
		t.Errorf("released: %s", got)
	}
}

func TestAFaultHappensAsOftenAsItSays(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/emulator/faults", `{"call": "GET lbaas/loadbalancers/{id}", "times": 2, "status": 503, "body": "busy"}`).want(200, `"times": 2`)
	lb, _ := w.build("web")
	w.call("GET", balancers, "").want(200)
	w.call("GET", balancers+"/"+lb, "").want(503, "busy")
	w.call("GET", "/emulator/faults", "").want(200, `"times": 1`)
	w.call("GET", balancers+"/"+lb, "").want(503)
	w.call("GET", balancers+"/"+lb, "").want(200)
	w.call("POST", "/emulator/faults", `{"call": "*", "status": 500}`).want(200)
	w.call("DELETE", "/emulator/faults", "").want(200)
	w.call("GET", balancers, "").want(200)
	w.call("POST", "/emulator/faults", `{"call": "*", "status": 429, "header": {"Retry-After": "30"}}`).want(200, `"Retry-After": "30"`)
	if got := w.call("GET", balancers, "").want(429).header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After: %q", got)
	}
}

func TestQuotasOfBothServices(t *testing.T) {
	w := newWorld(t)
	w.call("PATCH", "/emulator/quotas", `{"demo": {"load_balancer": 1, "floatingip": 0}}`).want(200, `"load_balancer": 1`)
	w.build("web")
	w.call("POST", balancers, `{"loadbalancer": {"vip_subnet_id": "`+w.nets.ServiceSubnet+`"}}`).want(403, "Quota has been met")
	w.call("POST", "/network/v2.0/floatingips", `{"floatingip": {"floating_network_id": "`+w.nets.ExternalNetwork+`"}}`).want(409, "OverQuota")
}

func TestTranscriptAndCounts(t *testing.T) {
	w := newWorld(t)
	w.call("DELETE", "/emulator/transcript", "").want(200)
	lb, _ := w.build("web")
	w.status(lb)
	w.status(lb)
	var counts map[string]int
	w.call("GET", "/emulator/counts", "").want(200).decode(&counts)
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1, "GET lbaas/loadbalancers/{id}": 2}, counts); diff != "" {
		t.Error(diff)
	}
	w.call("GET", "/emulator/transcript", "").want(200, `"path": "lbaas/loadbalancers/{id}"`)
}

func TestADifferenceIsWhatHappenedSinceASnapshot(t *testing.T) {
	w := newWorld(t)
	kept, _ := w.build("kept")
	gone, _ := w.build("gone")
	w.pass("10s")
	before := w.call("GET", "/emulator/snapshot", "").want(200).text
	if again := w.call("GET", "/emulator/snapshot", "").text; again != before {
		t.Error("a snapshot is not stable")
	}
	w.call("POST", "/emulator/diff?as=lines", before).want(200, "nothing changed\n")

	w.call("DELETE", balancers+"/"+gone, "").want(204)
	w.call("PUT", balancers+"/"+kept, `{"loadbalancer": {"description": "new"}}`).want(200)
	w.pass("10s")
	added, _ := w.build("added")
	lines := w.call("POST", "/emulator/diff?as=lines", before).want(200, "+ loadbalancers added ("+added+")\n",
		"- loadbalancers gone ("+gone+")\n", "~ loadbalancers kept ("+kept+") description: \"\" → \"new\"\n")
	if strings.Contains(lines.text, "subnets") {
		t.Errorf("what did not change is there: %s", lines.text)
	}
	w.call("POST", "/emulator/diff", before).want(200, `"attribute": "description"`, `"from": ""`, `"to": "new"`)
}

func TestWhoOwnsWhat(t *testing.T) {
	w := newWorld(t)
	_, port := w.build("web")
	w.call("POST", "/network/v2.0/floatingips", `{"floatingip": {"floating_network_id": "`+w.nets.ExternalNetwork+
		`", "port_id": "`+port+`", "description": "octagate:cluster=east octagate:service=web default/web"}}`).want(201)
	w.pass("10s")
	list := w.call("GET", "/emulator/owners?as=lines", "").want(200, "cluster east, Service web:\n", "nobody:\n").text
	mine, nobodys, _ := strings.Cut(list, "nobody:")
	for what, n := range map[string]int{"loadbalancer ": 1, "floatingip ": 1, "  port ": 3} { // the VIP's, the amphora's, the floating IP's
		if got := strings.Count(mine, what); got != n {
			t.Errorf("%q %d times, want %d:\n%s", what, got, n, mine)
		}
	}
	if n := strings.Count(nobodys, "port"); n != 3 { // of the router
		t.Errorf("%d ports are nobody's:\n%s", n, nobodys)
	}
	w.call("GET", "/emulator/owners", "").want(200, `"cluster": "east"`, `"collection": "floatingips"`)
}

func TestThingsBreak(t *testing.T) {
	w := newWorld(t)
	lb, _ := w.build("web")
	w.call("POST", "/emulator/break", `{"loadbalancer": "web"}`).want(200, lb)
	if got := w.status(lb); got != "ERROR" {
		t.Errorf("status %s", got)
	}
	w.call("POST", "/emulator/operating-status", `{"id": "`+lb+`", "status": "DEGRADED"}`).want(200)
	w.call("GET", balancers+"/"+lb, "").want(200, "DEGRADED")
	w.call("POST", "/emulator/flavors", `{"name": "large"}`).want(200, `"id"`)
	w.call("POST", "/emulator/expire-tokens", "").want(200)
	w.call("GET", balancers+"/"+lb, "").want(401)
}

func TestWrongInputIsExplained(t *testing.T) {
	w := newWorld(t)
	for claim, test := range map[string]struct{ method, path, body, says string }{
		"no JSON":               {"PATCH", "behaviour", "{", "reading the body"},
		"an unknown attribute":  {"PATCH", "behaviour", `{"colour": "red"}`, `unknown field \"colour\"`},
		"an unknown status":     {"PATCH", "behaviour", `{"pending": {"ACTIVE": "1s"}}`, "want one of PENDING_CREATE"},
		"a status misspelt":     {"PATCH", "behaviour", `{"pending": {"PENDING_CREATED": "1s"}}`, `did you mean \"PENDING_CREATE\"?`},
		"work of no route":      {"PATCH", "behaviour", `{"pending": {"POST lbaas/listener": "1s"}}`, `did you mean \"POST lbaas/listeners\"?`},
		"a latency of no route": {"PATCH", "behaviour", `{"latency": {"GET lbaas/nonsense": "1s"}}`, "is no call of this cloud; did you mean"},
		"a fault of no route":   {"POST", "faults", `{"call": "GET lbaas/nonsense", "status": 500}`, "is no call of this cloud; did you mean"},
		"to take back nothing":  {"PATCH", "behaviour", `{"latency": {"GET lbaas/pool": ""}}`, `did you mean \"GET lbaas/pools\"?`},
		"something more":        {"POST", "faults", `{"call": "*", "status": 500} x`, "after the JSON"},
		"two bodies":            {"PATCH", "behaviour", `{"held": true} {"held": false}`, "there is something after the JSON"},
		"a null snapshot":       {"POST", "diff", "null", "the body is null; want a snapshot as GET /emulator/snapshot gives it"},
		"two snapshots":         {"POST", "diff", "{} {}", "there is something after the JSON"},
		"no duration":           {"PATCH", "behaviour", `{"pending": {"*": "soon"}}`, "want one such as 300ms"},
		"no call":               {"PATCH", "behaviour", `{"latency": {"lbaas": "1s"}}`, "is no call of this cloud"},
		"a fault of no call":    {"POST", "faults", `{"call": "nonsense"}`, "is no call of this cloud; want one of "},
		"a strange status":      {"POST", "faults", `{"call": "*", "status": 7}`, "want 200 to 599"},
		"an unknown project":    {"PATCH", "quotas", `{"nobody": {"load_balancer": 1}}`, "is none of admin, demo, other, service"},
		"an unknown resource":   {"PATCH", "quotas", `{"demo": {"loadbalancers": 1}}`, "load_balancer"},
		"a negative quota":      {"PATCH", "quotas", `{"demo": {"port": -2}}`, "-1 is for any number"},
		"no snapshot":           {"POST", "diff", "", "want a snapshot"},
		"no load balancer":      {"POST", "break", `{"loadbalancer": "x"}`, "there is no load balancer"},
		"no such resource":      {"POST", "operating-status", `{"id": "x", "status": "ONLINE"}`, "there is no"},
		"no operating status":   {"POST", "operating-status", `{"id": "x", "status": "FINE"}`, "is none of ONLINE"},
		"time that runs back":   {"POST", "clock", `{"pass": "-1s"}`, "no duration"},
		"a flavor of no name":   {"POST", "flavors", `{}`, "needs a name"},
		"a strange form":        {"GET", "owners?as=poem", "", "want json or lines"},
	} {
		t.Run(claim, func(t *testing.T) {
			a := w.call(test.method, "/emulator/"+test.path, test.body)
			a.t = t
			a.want(400, test.says)
		})
	}
}

func TestARealClockCannotBePassed(t *testing.T) {
	w := &world{t: t, handler: admin.Handler(emulator.New(emulator.Options{}))}
	w.call("GET", "/emulator/clock", "").want(200, `"manual": false`)
	w.call("POST", "/emulator/clock", `{"pass": "1s"}`).want(400, "--clock manual")
}

func TestALatencyHoldsACallBack(t *testing.T) {
	w := newWorld(t)
	w.call("PATCH", "/emulator/behaviour", `{"latency": {"GET lbaas/loadbalancers": "30ms"}}`).want(200)
	began := time.Now()
	w.call("GET", balancers, "").want(200)
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("it took %s only", took)
	}
}

// A list takes longer the longer it is.
func TestEachThingOfAListTakesTime(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.call("POST", balancers, `{"loadbalancer": {"vip_subnet_id": "`+w.nets.ServiceSubnet+`"}}`).want(201)
	}
	w.call("PATCH", "/emulator/behaviour", `{"rows": {"GET lbaas/loadbalancers": "10ms"}}`).want(200, `"10ms"`)
	began := time.Now()
	w.call("GET", balancers, "").want(200)
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("it took %s only", took)
	}
}
