package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
)

// A world is a cloud being served, with a clock that only tests move.
type world struct {
	t     *testing.T
	cloud *emulator.Cloud
	nets  emulator.Networks
	clock *emulator.Clock
	url   string
}

// pending is how long a status lasts in these tests.
const pending = 10 * time.Second

func newWorld(t *testing.T, change ...func(*emulator.Options)) *world {
	w := &world{t: t, clock: emulator.NewClock()}
	options := emulator.Options{Pending: pending, Now: w.clock.Now}
	for _, f := range change {
		f(&options)
	}
	w.cloud = emulator.New(options)
	w.nets = w.cloud.LayTwoSubnets()
	w.serve()
	return w
}

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.clock.Pass(d) }

func (w *world) serve() {
	server := httptest.NewServer(w.cloud)
	w.t.Cleanup(server.Close)
	w.url = server.URL
}

// settle lets everything pending end.
func (w *world) settle() { w.pass(pending) }

// A client is a user who logged in.
type client struct {
	*world
	token string
}

func (w *world) as(user string) client {
	body := object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": object{
			"name": user, "domain": object{"id": "default"}, "password": "secret"}}},
	}}
	a := client{world: w}.call("POST", "identity/v3/auth/tokens", body)
	if a.status != http.StatusCreated {
		w.t.Fatalf("logging in as %s: %d %s", user, a.status, a.text)
	}
	return client{w, a.header.Get("X-Subject-Token")}
}

type object = map[string]any

// An answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

func (c client) call(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	var in io.Reader
	if body != nil {
		in = strings.NewReader(encode(c.t, body))
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/"+path, in)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", c.token)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{c.t, res.StatusCode, res.Header, string(b)}
}

func encode(t testing.TB, body any) string {
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
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

// at is the value at a path of keys and, for lists, numbers: "pools.0.id".
func (a answer) at(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		a.t.Fatalf("%v: %s", err, a.text)
	}
	for key := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' }) {
		switch x := v.(type) {
		case object:
			v = x[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(x) {
				a.t.Fatalf("%s has no %s", a.text, path)
			}
			v = x[i]
		}
	}
	return v
}

func (a answer) id(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s has no text at %s", a.text, path)
	}
	return s
}

// The services' paths.
const (
	lbaas   = "load-balancer/v2.0/lbaas/"
	neutron = "network/v2.0/"
)

// balancer is a load balancer in full, changed a little.
func (w *world) balancer(changes ...func(object)) object {
	lb := object{
		"name": "web", "vip_subnet_id": w.nets.ServiceSubnet, "vip_address": "10.2.0.7", "tags": []string{"b", "a"},
		"listeners": []any{listener("TCP", 80, object{
			"name": "p", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN",
			"healthmonitor": object{"type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3},
			"members":       []any{object{"address": "10.1.0.9", "protocol_port": 8080, "subnet_id": w.nets.PodSubnet}},
		})},
	}
	for _, change := range changes {
		change(lb)
	}
	return object{"loadbalancer": lb}
}

func listener(protocol string, port int, pool any) object {
	return object{"name": "l", "protocol": protocol, "protocol_port": port, "default_pool": pool}
}

func with(key string, value any) func(object) { return func(o object) { o[key] = value } }

// A tree is a load balancer that is there.
type tree struct{ lb, port, listener, pool string }

// build makes a load balancer and waits for it.
func (c client) build(changes ...func(object)) tree {
	c.t.Helper()
	a := c.call("POST", lbaas+"loadbalancers", c.balancer(changes...)).want(http.StatusCreated)
	c.settle()
	return tree{a.id("loadbalancer.id"), a.id("loadbalancer.vip_port_id"), a.id("loadbalancer.listeners.0.id"), a.id("loadbalancer.pools.0.id")}
}

// statusOf is the provisioning status of whatever is at a path.
func (c client) statusOf(path, kind string) string {
	c.t.Helper()
	return c.call("GET", lbaas+path, nil).want(http.StatusOK).id(kind + ".provisioning_status")
}
