package emulator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNothingSettlesWhileTheWorkerIsHeld(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	w.cloud.Hold()
	path := "loadbalancers/" + demo.build().lb
	w.pass(100 * pending)
	if got := demo.statusOf(path, "loadbalancer"); got != "PENDING_CREATE" {
		t.Errorf("held: %s", got)
	}
	w.cloud.Release()
	if got := demo.statusOf(path, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("released: %s", got)
	}
}

func TestHoldingComesTooLateForWhatWasDue(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	path := "loadbalancers/" + demo.build().lb
	w.cloud.Hold()
	if got := demo.statusOf(path, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("status %s", got)
	}
}

func TestABuildThatFailsEndsInError(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	old := demo.build(with("vip_address", "10.2.0.8"))
	w.cloud.FailBuilds(true)
	b := demo.build()
	if diff := cmp.Diff([]any{"ERROR", "ERROR", "ERROR", "ERROR", "ERROR"}, demo.statuses(b.lb)); diff != "" {
		t.Error(diff)
	}
	demo.call("GET", neutron+"ports/"+b.port, nil).want(200)
	demo.call("PUT", lbaas+"listeners/"+old.listener, object{"listener": object{"name": "y"}}).want(200)
	w.settle()
	if got := demo.statusOf("loadbalancers/"+old.lb, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("what was there before is %s", got)
	}
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.settle()
	demo.call("GET", neutron+"ports/"+b.port, nil).want(404)

	w.cloud.FailBuilds(false)
	if got := demo.statusOf("loadbalancers/"+demo.build().lb, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestAFailoverIsABuild(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	b := demo.build()
	for fails, want := range map[bool]string{true: "ERROR", false: "ACTIVE"} {
		w.cloud.FailBuilds(fails)
		admin.call("PUT", lbaas+"loadbalancers/"+b.lb+"/failover", nil).want(202)
		w.settle()
		if got := demo.statusOf("loadbalancers/"+b.lb, "loadbalancer"); got != want {
			t.Errorf("failing %t: %s", fails, got)
		}
	}
}
