package contract

import (
	"net/http"
	"testing"
)

func TestACascadeTakesEverythingButTheFloatingIP(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		f := x.floatingIP(with("port_id", b.port))
		x.delete(b)
		for _, path := range b.parts() {
			x.octavia(http.MethodGet, path, nil).is(http.StatusNotFound)
		}
		x.neutron(http.MethodGet, "ports/"+b.port, nil).denied(http.StatusNotFound, "PortNotFound", b.port)
		left := x.neutron(http.MethodGet, "floatingips/"+f.id, nil).is(http.StatusOK)
		left.has("floatingip.port_id", "null")
		left.has("floatingip.fixed_ip_address", "null")
		x.octavia(http.MethodDelete, b.path()+"?cascade=true", nil).refused(http.StatusNotFound, "Load Balancer "+b.id+" not found.")
	})
}

func TestAListenerGoesWithoutItsPool(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		x.octavia(http.MethodDelete, "listeners/"+b.listener, nil).is(http.StatusNoContent)
		x.settle(b)
		left := x.see("pools/" + b.pool)
		left.has("pool.listeners", "[]")
		left.has("pool.provisioning_status", `"ACTIVE"`)
		x.have(b, "10.1.0.9")
		x.see(b.path()).has("loadbalancer.pools", `[{"id": "`+b.pool+`"}]`)
		x.octavia(http.MethodDelete, "pools/"+b.pool, nil).is(http.StatusNoContent)
		x.settle(b)
		x.octavia(http.MethodDelete, b.path(), nil).is(http.StatusNoContent)
		x.becomes(b, "")
	})
}

func TestAPoolThatGoesLeavesItsListener(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		x.octavia(http.MethodDelete, "pools/"+b.pool, nil).is(http.StatusNoContent)
		x.settle(b)
		x.see("listeners/"+b.listener).has("listener.default_pool_id", "null")
		x.octavia(http.MethodGet, "healthmonitors/"+b.monitor, nil).is(http.StatusNotFound)
	})
}

func TestWhatCannotBeBuiltEndsInErrorAndCanBeDeleted(t *testing.T) {
	alone(t, func(x trial) {
		var b balancer
		x.failing(func() {
			b = x.whole(x.create(x.tree()).is(http.StatusCreated))
			x.becomes(b, "ERROR")
		})
		x.change(changes["load balancer update"], b).refused(http.StatusConflict, "Invalid state ERROR of loadbalancer resource "+b.id)
		x.change(changes["listener create"], b).refused(http.StatusConflict, "Load Balancer "+b.id+" is immutable and cannot be updated.")
		x.neutron(http.MethodGet, "ports/"+b.port, nil).is(http.StatusOK)
		x.delete(b)
		x.neutron(http.MethodGet, "ports/"+b.port, nil).is(http.StatusNotFound)
	})
}
