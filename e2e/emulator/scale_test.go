package emulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
)

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, func(o *emulator.Options) { o.Pending = 0 })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			demo := w.as("demo")
			for j := range 5 {
				b := demo.build(with("vip_address", fmt.Sprintf("10.2.%d.%d", i, j+1)))
				demo.replace(b.pool, at("10.1.0.1"), at("10.1.0.2"))
				demo.call("GET", lbaas+"loadbalancers?tags=a", nil)
				demo.call("GET", neutron+"ports", nil)
				w.cloud.Break(b.lb)
				w.cloud.Transcript()
			}
		})
	}
	all.Wait()
	if n := len(w.as("demo").names("provisioning_status=ERROR")); n != 40 {
		t.Errorf("%d load balancers, want 40", n)
	}
}

// TestThousandsOfLoadBalancers holds what a big cluster has, and would time out if
// anything in it grew with the square. The race detector makes do with a tenth.
func TestThousandsOfLoadBalancers(t *testing.T) {
	balancers := 10_000
	if racing {
		balancers = 1_000
	}
	demo := crowd(t, balancers)
	list := demo.call("GET", lbaas+"loadbalancers?provisioning_status=ACTIVE", "").Body.String()
	if n := strings.Count(list, `"vip_port_id"`); n != balancers {
		t.Errorf("%d are ACTIVE", n)
	}
	if heap := heapInUse(); heap > 1<<30 {
		t.Errorf("%d MiB of heap, want less than 1024", heap>>20)
	}
	runtime.KeepAlive(demo)
}

// crowd is a cloud with many load balancers of ten members each.
func crowd(t testing.TB, balancers int) direct {
	w := &world{cloud: emulator.New(emulator.Options{})}
	w.nets = w.cloud.LayTwoSubnets()
	demo := direct{cloud: w.cloud}
	login := passwordLogin(object{"name": "demo", "domain": object{"id": "default"}, "password": "secret"}, nil)
	demo.token = demo.call("POST", tokens, encode(t, login)).Header().Get("X-Subject-Token")
	var members []any
	for i := range 10 {
		members = append(members, at(fmt.Sprintf("10.1.0.%d", i+1)))
	}
	pool := object{"name": "p", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN", "members": members}
	lb := encode(t, w.balancer(with("vip_address", nil), with("listeners", []any{listener("TCP", 80, pool)})))
	for i := range balancers {
		if r := demo.call("POST", lbaas+"loadbalancers", lb); r.Code != http.StatusCreated {
			t.Fatalf("%d: %d %s", i, r.Code, r.Body)
		}
	}
	return demo
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// BenchmarkLists measures what a controller waits for in a big cloud, of 10,000
// load balancers with 100,000 members.
func BenchmarkLists(b *testing.B) {
	demo := crowd(b, 10_000)
	b.Logf("%d MiB of heap", heapInUse()>>20)
	for _, path := range []string{
		lbaas + "loadbalancers?limit=1000", lbaas + "loadbalancers", lbaas + "loadbalancers?tags=a&limit=1000", lbaas + "loadbalancers?limit=1&name=web",
		lbaas + "listeners?limit=1000", lbaas + "pools?limit=1000", neutron + "ports?limit=1000", neutron + "ports?fixed_ips=ip_address%3D10.2.128.9",
	} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				demo.call("GET", path, "")
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/page")
		})
	}
}

// direct makes calls without a network.
type direct struct {
	cloud *emulator.Cloud
	token string
}

func (d direct) call(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/"+path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", d.token)
	w := httptest.NewRecorder()
	d.cloud.ServeHTTP(w, r)
	return w
}
