package chaos

import (
	"net/http"
	"slices"

	"github.com/octagate/octagate/e2e/emulator"
)

// adopts is the bit of a configuration in which what Kuryr made is adopted.
const adopts = 64

// kuryr has a Service come from a time before octagate: Kuryr made its load balancer, and
// octagate is installed, with or without the order to adopt that.
func (w *world) kuryr(on, by int) {
	for _, o := range w.alive() {
		o.kill()
	}
	w.mu.Lock()
	w.config |= adopts
	if by%4 == 0 {
		w.config &^= adopts
	}
	w.mu.Unlock()
	w.create(on, by)
	w.inherit(on)
	w.start()
}

// inherit makes what Kuryr would have made for a Service that has nothing yet.
func (w *world) inherit(on int) {
	svc := w.api.read(slot(on))
	if svc == nil || !addressed(svc) || svc.Annotations[prefix+"load-balancer-id"] != "" {
		return
	}
	name := who(svc)
	lb := w.admin.call(http.MethodPost, lbaas+"loadbalancers", object{"loadbalancer": object{
		"name": name, "vip_subnet_id": w.subnet(svc.Spec.ClusterIP), "vip_address": svc.Spec.ClusterIP,
		"listeners": []object{{"name": name + ":TCP:80", "protocol": "TCP", "protocol_port": 80, "default_pool": object{
			"name": name + ":TCP:80", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN",
		}}},
	}})
	if text(lb, "id") == "" {
		return // somebody has the address
	}
	w.mu.Lock()
	w.inherited = append(w.inherited, text(lb, "id"))
	w.mu.Unlock()
	if outside(svc) && wish(svc) == "" {
		w.admin.call(http.MethodPost, neutron+"floatingips", object{"floatingip": object{
			"floating_network_id": w.nets.ExternalNetwork, "port_id": text(lb, "vip_port_id"), "description": "kuryr_lb",
		}})
	}
}

// kuryrs reports whether Kuryr made something, or what it hangs under.
func (w *world) kuryrs(s emulator.Snapshot, collection string, thing object) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if collection == "loadbalancers" {
		return slices.Contains(w.inherited, text(thing, "id"))
	}
	return slices.ContainsFunc(ids(thing, "loadbalancers"), func(id string) bool { return slices.Contains(w.inherited, id) })
}

// vip reports whether a port is that of a VIP of ours, or of Kuryr's.
func (w *world) vip(s emulator.Snapshot, port string) bool {
	for _, lb := range s["loadbalancers"] {
		if text(lb, "vip_port_id") == port {
			return ours(texts(lb, "tags")) || w.kuryrs(s, "loadbalancers", lb)
		}
	}
	return false
}
