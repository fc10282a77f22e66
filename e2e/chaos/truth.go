package chaos

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// annotated compares what octagate writes onto a Service that is as it should be.
func (r *reckoning) annotated(svc *corev1.Service) {
	var listeners, ignored []string
	for _, p := range svc.Spec.Ports {
		if p.Protocol == corev1.ProtocolTCP || slices.Contains(r.cfg.Protocols, p.Protocol) {
			listeners = append(listeners, fmt.Sprintf("%s/%d", heard(svc, p), p.Port))
		} else {
			ignored = append(ignored, fmt.Sprintf("%s/%d", p.Protocol, p.Port))
		}
	}
	source, id := "none", ""
	switch address := wish(svc); {
	case address != "":
		source, id = "user/"+address, text(r.floatingIP(address), "id")
	case outside(svc):
		source = "pool"
	}
	mode := "L3"
	if svc.Annotations[prefix+"member-mode"] == "L2" {
		mode = "L2"
	}
	name := who(svc)
	if len(listeners) == 0 {
		name = ""
	}
	for key, want := range map[string]string{
		"verdict": "accepted", "listeners": strings.Join(listeners, ","), "ignored-ports": strings.Join(ignored, ","), "external-ip": source,
		"floating-ip-id": id, "vip-subnet-id": r.w.subnet(svc.Spec.ClusterIP), "member-mode": mode, "load-balancer": name,
	} {
		r.same(who(svc)+"'s annotation "+key, svc.Annotations[prefix+key], want)
	}
}

// outside reports whether a Service is to be reached from outside.
func outside(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer && svc.Annotations[prefix+"internal"] != "true"
}

// external compares the external IP of a Service, and what its status says of it.
func (r *reckoning) external(svc *corev1.Service, lb object) {
	var address, marked string
	for _, f := range r.s["floatingips"] {
		if text(f, "port_id") == text(lb, "vip_port_id") {
			address = text(f, "floating_ip_address")
			marked = string(owner(strings.Fields(text(f, "description"))))
		}
	}
	who := who(svc) + "'s external IP"
	switch {
	case !outside(svc):
		r.same(who, address, "")
	case wish(svc) != "":
		r.same(who, address, wish(svc))
	default:
		r.same(who+", allocated", marked, svc.UID)
	}
	var shown, want []string
	for _, i := range svc.Status.LoadBalancer.Ingress {
		shown = append(shown, fmt.Sprint(i.IP, " ", *i.IPMode))
	}
	reached := []string{address}
	if !outside(svc) {
		reached = r.served(svc, lb)
	}
	for _, ip := range reached {
		if svc.Spec.Type == corev1.ServiceTypeLoadBalancer {
			want = append(want, ip+" VIP")
		}
	}
	r.same(who+", in the status", shown, want)
}
