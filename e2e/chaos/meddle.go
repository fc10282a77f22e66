package chaos

import (
	"maps"
	"net/http"
	"slices"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"

	corev1 "k8s.io/api/core/v1"
	"net/netip"
)

// A meddling is what somebody does to one of our load balancers, behind octagate's back.
type meddling func(w *world, s emulator.Snapshot, lb object)

var meddlings = []meddling{
	func(w *world, _ emulator.Snapshot, lb object) {
		w.admin.call(http.MethodPut, lbaas+"loadbalancers/"+text(lb, "id"), object{"loadbalancer": object{"name": "mine"}})
	},
	func(w *world, _ emulator.Snapshot, lb object) {
		w.admin.call(http.MethodPut, lbaas+"loadbalancers/"+text(lb, "id"), object{"loadbalancer": object{"admin_state_up": false}})
	},
	func(w *world, _ emulator.Snapshot, lb object) {
		w.admin.call(http.MethodDelete, lbaas+"loadbalancers/"+text(lb, "id")+"?cascade=true", nil)
	},
	under("listeners", func(w *world, id string) { w.admin.call(http.MethodDelete, lbaas+"listeners/"+id, nil) }),
	under("listeners", func(w *world, id string) {
		w.admin.call(http.MethodPut, lbaas+"listeners/"+id, object{"listener": object{"admin_state_up": false, "connection_limit": 7}})
	}),
	under("listeners", func(w *world, id string) {
		w.admin.call(http.MethodPut, lbaas+"listeners/"+id, object{"listener": object{"default_pool_id": nil}})
	}),
	under("pools", func(w *world, id string) { w.admin.call(http.MethodDelete, lbaas+"pools/"+id, nil) }),
	under("pools", func(w *world, id string) {
		w.admin.call(http.MethodPut, lbaas+"pools/"+id, object{"pool": object{"lb_algorithm": "LEAST_CONNECTIONS"}})
	}),
	under("pools", func(w *world, id string) {
		w.admin.call(http.MethodPost, lbaas+"pools/"+id+"/members", object{"member": object{"address": "10.1.9.9", "protocol_port": 1}})
	}),
	under("pools", func(w *world, id string) {
		w.admin.call(http.MethodPut, lbaas+"pools/"+id+"/members", object{"members": []object{}})
	}),
	below("healthmonitors", func(w *world, id, _ string) { w.admin.call(http.MethodDelete, lbaas+"healthmonitors/"+id, nil) }),
	below("healthmonitors", func(w *world, id, _ string) {
		w.admin.call(http.MethodPut, lbaas+"healthmonitors/"+id, object{"healthmonitor": object{"delay": 33, "admin_state_up": false}})
	}),
	below("members", func(w *world, id, pool string) {
		w.admin.call(http.MethodPut, lbaas+"pools/"+pool+"/members/"+id, object{"member": object{"weight": 7, "admin_state_up": false}})
	}),
	func(w *world, s emulator.Snapshot, lb object) {
		for _, id := range slices.Sorted(maps.Keys(s["floatingips"])) {
			if f := s["floatingips"][id]; text(f, "floating_ip_address") == floating[1] && text(f, "port_id") == "" {
				w.admin.call(http.MethodPut, neutron+"floatingips/"+id, object{"floatingip": object{"port_id": text(lb, "vip_port_id")}})
			}
		}
	},
	external(func(w *world, id string) {
		w.admin.call(http.MethodPut, neutron+"floatingips/"+id, object{"floatingip": object{"port_id": nil}})
	}),
	external(func(w *world, id string) { w.admin.call(http.MethodDelete, neutron+"floatingips/"+id, nil) }),
}

// under is done to one of a kind under a load balancer.
func under(kind string, do func(w *world, id string)) meddling {
	return func(w *world, _ emulator.Snapshot, lb object) {
		if all := ids(lb, kind); len(all) > 0 {
			do(w, all[0])
		}
	}
}

// below is done to one of a kind under a pool of a load balancer.
func below(kind string, do func(w *world, id, pool string)) meddling {
	return func(w *world, s emulator.Snapshot, lb object) {
		for _, pool := range ids(lb, "pools") {
			below := map[string][]string{"members": ids(s["pools"][pool], "members"), "healthmonitors": {text(s["pools"][pool], "healthmonitor_id")}}
			if id := firstOf(below[kind]); id != "" {
				do(w, id, pool)
				return
			}
		}
	}
}

// external is done to the floating IP of a load balancer, if it has one.
func external(do func(w *world, id string)) meddling {
	return func(w *world, s emulator.Snapshot, lb object) {
		for _, id := range slices.Sorted(maps.Keys(s["floatingips"])) {
			if text(s["floatingips"][id], "port_id") == text(lb, "vip_port_id") {
				do(w, id)
				return
			}
		}
	}
}

func (w *world) meddle(on, by int) {
	s := w.cloud.Snapshot("loadbalancers", "floatingips", "pools")
	if all := balancers(s); len(all) > 0 {
		meddlings[by%len(meddlings)](w, s, s["loadbalancers"][all[on%len(all)]])
	}
}

// configured is the policy that an operator may write into the file, between two restarts:
// each bit of number is something that he wants, or does not.
func (w *world) configured(number int) policy.Config {
	c := policy.Config{
		ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24"), netip.MustParsePrefix("fd00:2::/112")}, MemberMode: annotation.L3,
		ServiceSubnet: w.nets.ServiceSubnet, PodSubnet: w.nets.PodSubnet, ServiceSubnetV6: w.serviceV6, PodSubnetV6: w.podV6,
		ExternalNetwork: w.nets.ExternalNetwork, Monitor: policy.UsualMonitor,
		SharedPools: number&1 > 0, Monitored: number&4 > 0, OpenVIPs: number&8 > 0, Adopts: number&64 > 0,
	}
	if number&2 > 0 {
		c.Protocols = []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolSCTP}
	}
	switch number >> 4 & 3 {
	case 2:
		c.ServiceTypes = []corev1.ServiceType{corev1.ServiceTypeLoadBalancer}
	case 3:
		c.ServiceTypes = []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer}
	}
	return c
}
