package contract

import (
	"net/http"
	"slices"
	"testing"
)

// all checks that each path has a provisioning status.
func (x trial) all(status string, paths ...string) {
	x.Helper()
	for _, path := range paths {
		if got := x.status(path); got != status {
			x.Errorf("%s is %q, want %q", path, got, status)
		}
	}
}

func TestWhatIsNewIsPendingCreate(t *testing.T) {
	alone(t, func(x trial) {
		var b balancer
		x.held(func() {
			a := x.create(x.tree()).is(http.StatusCreated)
			b = x.whole(a)
			for _, part := range []string{"", ".listeners.0", ".pools.0", ".pools.0.members.0"} {
				a.has("loadbalancer"+part+".provisioning_status", `"PENDING_CREATE"`)
			}
			x.all("PENDING_CREATE", b.path())
			x.all("PENDING_CREATE", b.parts()...)
			x.see(b.members()).has("members.0.provisioning_status", `"PENDING_CREATE"`)
		})
		x.settle(b)
	})
}

func TestWhatChangesIsPendingUpdate(t *testing.T) {
	alone(t, func(x trial) {
		b := x.ordinary()
		x.held(func() {
			x.octavia(http.MethodPut, "listeners/"+b.listener, object{"listener": object{"name": "changed"}}).is(http.StatusOK)
			x.all("PENDING_UPDATE", b.path(), "listeners/"+b.listener)
		})
		x.settle(b)
		x.all("ACTIVE", b.parts()...)
		x.see("listeners/"+b.listener).has("listener.name", `"changed"`)
	})
}

func TestWhatGoesIsPendingDelete(t *testing.T) {
	alone(t, func(x trial) {
		b := x.ordinary()
		x.held(func() {
			x.octavia(http.MethodDelete, "listeners/"+b.listener, nil).is(http.StatusNoContent)
			x.all("PENDING_DELETE", "listeners/"+b.listener)
			x.all("PENDING_UPDATE", b.path())
		})
		x.settle(b)
		x.octavia(http.MethodGet, "listeners/"+b.listener, nil).refused(http.StatusNotFound, "Listener "+b.listener+" not found.")
		x.held(func() {
			x.octavia(http.MethodDelete, b.path()+"?cascade=true", nil).is(http.StatusNoContent)
			x.all("PENDING_DELETE", b.path())
			x.octavia(http.MethodDelete, b.path()+"?cascade=true", nil).
				refused(http.StatusConflict, "Invalid state PENDING_DELETE of loadbalancer resource "+b.id)
		})
		x.becomes(b, "")
		x.octavia(http.MethodGet, b.path(), nil).refused(http.StatusNotFound, "Load Balancer "+b.id+" not found.")
	})
}

func TestTheOperatingStatusIsNotWorthWaitingFor(t *testing.T) {
	everywhere(t, func(x trial) {
		a := x.create(x.empty()).is(http.StatusCreated)
		a.has("loadbalancer.operating_status", `"OFFLINE"`)
		b := balancer{id: a.text("loadbalancer.id")}
		x.settle(b)
		known := []string{"ONLINE", "OFFLINE", "DEGRADED", "ERROR", "NO_MONITOR"}
		if got := x.see(b.path()).text("loadbalancer.operating_status"); !slices.Contains(known, got) {
			x.Errorf("it is ACTIVE and %s", got)
		}
	})
}
