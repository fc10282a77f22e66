package contract

import (
	"net/http"
	"testing"
)

func TestRangesAreNormalised(t *testing.T) {
	everywhere(t, func(x trial) {
		given := map[int]any{
			80: []string{"10.1.2.3/8"},
			81: []string{"10.0.0.0/8", "10.0.0.0/8"},
			82: []string{},
			83: nil,
			84: []string{"192.0.2.7/32"},
		}
		want := map[int]string{80: `["10.0.0.0/8"]`, 81: `["10.0.0.0/8"]`, 82: "null", 83: "null", 84: `["192.0.2.7/32"]`}
		var listeners []object
		for port, ranges := range given {
			listeners = append(listeners, object{"protocol": "TCP", "protocol_port": port, "allowed_cidrs": ranges})
		}
		a := x.create(x.empty(with("listeners", listeners))).is(http.StatusCreated)
		for _, l := range a.rows("loadbalancer.listeners") {
			port := int(l["protocol_port"].(float64))
			x.see("listeners/"+l["id"].(string)).has("listener.allowed_cidrs", want[port])
		}
		x.settle(balancer{id: a.text("loadbalancer.id")})
	})
}

func TestRangesAreClearedByNullAndByNone(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		for _, none := range []any{nil, []string{}} {
			for given, want := range map[string]any{`["192.0.2.0/24"]`: []string{"192.0.2.0/24"}, "null": none} {
				x.octavia(http.MethodPut, "listeners/"+b.listener, object{"listener": object{"allowed_cidrs": want}}).is(http.StatusOK)
				x.settle(b)
				x.see("listeners/"+b.listener).has("listener.allowed_cidrs", given)
			}
		}
	})
}

func TestTCPAndUDPShareAPort(t *testing.T) {
	everywhere(t, func(x trial) {
		listeners := []object{{"protocol": "TCP", "protocol_port": 53}, {"protocol": "UDP", "protocol_port": 53}}
		a := x.create(x.empty(with("listeners", listeners))).is(http.StatusCreated)
		x.settle(balancer{id: a.text("loadbalancer.id")})
	})
}
