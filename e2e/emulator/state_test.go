package emulator_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
)

func TestWhatIsPendingSettlesInItsTimeAndNotBefore(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	made := demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(201, "PENDING_CREATE")
	path := "loadbalancers/" + made.id("loadbalancer.id")

	w.pass(pending - 1)
	if got := demo.statusOf(path, "loadbalancer"); got != "PENDING_CREATE" {
		t.Errorf("just before its time: %s", got)
	}
	w.pass(1)
	if got := demo.statusOf(path, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("in its time: %s", got)
	}
}

func TestWithoutPendingTheNextRequestSettles(t *testing.T) {
	w := newWorld(t, func(o *emulator.Options) { o.Pending = 0 })
	demo := w.as("demo")
	made := demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(201, "PENDING_CREATE")
	demo.call("GET", lbaas+"loadbalancers/"+made.id("loadbalancer.id"), nil).want(200, `"provisioning_status":"ACTIVE"`)
}

// statuses are what the status tree says of a load balancer, top down.
func (c client) statuses(id string) []any {
	a := c.call("GET", lbaas+"loadbalancers/"+id+"/status", nil).want(http.StatusOK)
	var all []any
	for _, path := range []string{"", "listeners.0.", "listeners.0.pools.0.", "listeners.0.pools.0.health_monitor.", "listeners.0.pools.0.members.0."} {
		all = append(all, a.at("statuses.loadbalancer."+path+"provisioning_status"))
	}
	return all
}

func TestAWholeTreeSettlesTogether(t *testing.T) {
	for claim, test := range map[string]struct {
		packaged bool
		want     []any
	}{
		"as it should":                    {false, []any{"ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"}},
		"but not in the packaged Octavia": {true, []any{"ACTIVE", "PENDING_CREATE", "PENDING_CREATE", "PENDING_CREATE", "PENDING_CREATE"}},
	} {
		t.Run(claim, func(t *testing.T) {
			w := newWorld(t, func(o *emulator.Options) { o.AsPackaged = test.packaged })
			demo := w.as("demo")
			if diff := cmp.Diff(test.want, demo.statuses(demo.build().lb)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPoolWithoutAListenerSettlesToo(t *testing.T) {
	for forgets, want := range map[bool]string{false: "ACTIVE", true: "PENDING_CREATE"} {
		w := newWorld(t, func(o *emulator.Options) { o.ForgetsLoosePools = forgets })
		demo := w.as("demo")
		loose := object{"name": "loose", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN", "members": []any{at("10.1.0.1")}}
		made := demo.call("POST", lbaas+"loadbalancers", w.balancer(with("pools", []any{loose}), with("listeners", []any{}))).want(201)
		w.settle()
		if got := demo.statusOf("pools/"+made.id("loadbalancer.pools.0.id"), "pool"); got != want {
			t.Errorf("forgetting %t: %s", forgets, got)
		}
	}
}

func TestAPackagedTreeRefusesMembersUntilItIsDeleted(t *testing.T) {
	w := newWorld(t, func(o *emulator.Options) { o.AsPackaged = true })
	demo := w.as("demo")
	b := demo.build()
	w.settle()
	demo.call("PUT", lbaas+"pools/"+b.pool+"/members", object{"members": []any{}}).want(409, "Pool "+b.pool+" is immutable")
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
}

func TestAPendingLoadBalancerRefusesEverything(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	hm := demo.call("GET", lbaas+"healthmonitors", nil).id("healthmonitors.0.id")
	demo.call("PUT", lbaas+"loadbalancers/"+b.lb, object{"loadbalancer": object{"name": "x"}}).want(200, "PENDING_UPDATE")
	invalid := "Invalid state PENDING_UPDATE of loadbalancer resource " + b.lb
	immutable := "Load Balancer " + b.lb + " is immutable and cannot be updated."
	for claim, test := range map[string]struct {
		method, path string
		body         any
		says         string
	}{
		"updating it":          {"PUT", "loadbalancers/" + b.lb, object{"loadbalancer": object{"name": "y"}}, invalid},
		"deleting it":          {"DELETE", "loadbalancers/" + b.lb + "?cascade=true", nil, invalid},
		"a new listener":       {"POST", "listeners", object{"listener": object{"loadbalancer_id": b.lb, "protocol": "TCP", "protocol_port": 1}}, immutable},
		"changing a listener":  {"PUT", "listeners/" + b.listener, object{"listener": object{"name": "y"}}, immutable},
		"deleting a listener":  {"DELETE", "listeners/" + b.listener, nil, immutable},
		"changing a pool":      {"PUT", "pools/" + b.pool, object{"pool": object{"name": "y"}}, immutable},
		"deleting a pool":      {"DELETE", "pools/" + b.pool, nil, immutable},
		"replacing members":    {"PUT", "pools/" + b.pool + "/members", object{"members": []any{}}, immutable},
		"a new member":         {"POST", "pools/" + b.pool + "/members", object{"member": object{"address": "10.1.0.1", "protocol_port": 1}}, immutable},
		"changing a monitor":   {"PUT", "healthmonitors/" + hm, object{"healthmonitor": object{"delay": 9}}, immutable},
		"deleting its monitor": {"DELETE", "healthmonitors/" + hm, nil, immutable},
	} {
		t.Run(claim, func(t *testing.T) {
			demo.call(test.method, lbaas+test.path, test.body).want(409, test.says)
		})
	}
}

func TestABrokenLoadBalancerCanOnlyBeDeleted(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	lb := demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(201).id("loadbalancer.id")
	w.cloud.Break(lb)
	w.settle()
	if diff := cmp.Diff([]any{"ERROR", "ERROR", "ERROR", "ERROR", "ERROR"}, demo.statuses(lb)); diff != "" {
		t.Error(diff)
	}
	demo.call("PUT", lbaas+"loadbalancers/"+lb, object{"loadbalancer": object{"name": "x"}}).want(409, "Invalid state ERROR")
	demo.call("POST", lbaas+"listeners", object{"listener": object{"loadbalancer_id": lb, "protocol": "TCP", "protocol_port": 1}}).want(409, "immutable")
	demo.call("PUT", lbaas+"loadbalancers/"+lb+"/failover", nil).want(403)
	demo.call("DELETE", lbaas+"loadbalancers/"+lb+"?cascade=true", nil).want(204)
	w.settle()
	demo.call("GET", lbaas+"loadbalancers/"+lb, nil).want(404)
}

func TestADeleteThatEndsInErrorSucceedsAgain(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.cloud.Break(b.lb)
	w.settle()
	if got := demo.statusOf("loadbalancers/"+b.lb, "loadbalancer"); got != "ERROR" {
		t.Fatalf("status %s", got)
	}
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.settle()
	demo.call("GET", lbaas+"loadbalancers/"+b.lb, nil).want(404)
}

func TestAnAdministratorRevivesABrokenLoadBalancer(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	w.cloud.Break(b.lb)
	w.as("admin").call("PUT", lbaas+"loadbalancers/"+b.lb+"/failover", nil).want(202)
	w.settle()
	if got := demo.statusOf("loadbalancers/"+b.lb, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("status %s", got)
	}
}

func TestBreakingWhatIsNotThereDoesNothing(t *testing.T) {
	newWorld(t).cloud.Break("nothing")
}
