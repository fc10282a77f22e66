package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/reconcile"
)

// listeners are the ports that get a listener, by the protocol and the port of that.
func (r *reckoning) listeners(svc *corev1.Service) map[string]corev1.ServicePort {
	all := map[string]corev1.ServicePort{}
	for _, p := range svc.Spec.Ports {
		if p.Protocol == corev1.ProtocolTCP || slices.Contains(r.cfg.Protocols, p.Protocol) {
			all[fmt.Sprintf("%s:%d", heard(svc, p), p.Port)] = p
		}
	}
	return all
}

// heard is the protocol of a port's listener.
func heard(svc *corev1.Service, p corev1.ServicePort) string {
	app := ""
	if p.AppProtocol != nil {
		app = *p.AppProtocol
	}
	switch {
	case app == "https" && svc.Annotations[prefix+"tls-container-ref"] != "":
		return "TERMINATED_HTTPS"
	case app != "":
		return strings.ToUpper(app)
	}
	return string(p.Protocol)
}

// behind is the protocol behind a listener.
func behind(svc *corev1.Service, p corev1.ServicePort) string {
	if heard(svc, p) == "TERMINATED_HTTPS" {
		return "HTTP"
	}
	return heard(svc, p)
}

// spoken is the protocol in which a pool speaks to its members.
func spoken(svc *corev1.Service, p corev1.ServicePort) string {
	if svc.Annotations[prefix+"proxy-protocol"] == "v2" && p.Protocol == corev1.ProtocolTCP {
		return "PROXYV2"
	}
	return behind(svc, p)
}

// balancer compares the load balancer of a Service.
func (r *reckoning) balancer(svc *corev1.Service, lb object, want map[string]corev1.ServicePort) {
	who := who(svc) + "'s load balancer"
	r.same(who+", name", text(lb, "name"), svc.Namespace+"/"+svc.Name)
	r.same(who+", status", text(lb, "provisioning_status"), "ACTIVE")
	r.same(who+", admin state", lb["admin_state_up"], true)
	r.same(who+", in its annotation", svc.Annotations[prefix+"load-balancer-id"], text(lb, "id"))
	r.same(who+", finalizers of its Service", svc.Finalizers, []string{reconcile.Finalizer})
	for _, tag := range strings.FieldsFunc(svc.Annotations[prefix+"tags"], func(r rune) bool { return r == ',' }) {
		r.same(who+", tag "+tag, slices.Contains(texts(lb, "tags"), tag), true)
	}
	r.addresses(svc, lb)
	have, pools := map[string]object{}, map[string]bool{}
	for _, id := range ids(lb, "listeners") {
		l := r.s["listeners"][id]
		have[fmt.Sprintf("%s:%d", text(l, "protocol"), number(l, "protocol_port"))] = l
		pools[text(l, "default_pool_id")] = true
	}
	r.same(who+", listeners", slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(want)))
	r.same(who+", pools", ids(lb, "pools"), slices.Sorted(maps.Keys(pools)))
	r.same(who+", number of pools", len(pools), r.pools(svc, want))
	for key, p := range want {
		if l := have[key]; l != nil {
			r.listener(svc, p, l)
		}
	}
	r.external(svc, lb)
}

// addresses compares the VIPs of a load balancer.
func (r *reckoning) addresses(svc *corev1.Service, lb object) {
	who := who(svc) + "'s load balancer"
	have := []string{text(lb, "vip_address") + " in " + text(lb, "vip_subnet_id")}
	more, _ := lb["additional_vips"].([]any)
	for _, one := range more {
		vip, _ := one.(object)
		have = append(have, text(vip, "ip_address")+" in "+text(vip, "subnet_id"))
	}
	var want []string
	for _, ip := range r.served(svc, lb) {
		want = append(want, ip+" in "+r.w.subnet(ip))
	}
	r.same(who+", VIPs", have, want)
	groups := texts(r.s["ports"][text(lb, "vip_port_id")], "security_groups")
	if r.cfg.OpenVIPs && len(groups) > 0 {
		r.say("%s: its VIP has the security groups %v", who, groups)
	}
}

// served are the ClusterIPs that a load balancer serves: what Kuryr made has one, and Octavia
// gives it no more.
func (r *reckoning) served(svc *corev1.Service, lb object) []string {
	if r.w.kuryrs(r.s, "loadbalancers", lb) {
		return svc.Spec.ClusterIPs[:1]
	}
	return svc.Spec.ClusterIPs
}

// subnet is the service subnet of an address.
func (w *world) subnet(ip string) string {
	if strings.Contains(ip, ":") {
		return w.serviceV6
	}
	return w.nets.ServiceSubnet
}

// pools is how many pools listeners lead to: ports with one target share one where the
// operator wants it so.
func (r *reckoning) pools(svc *corev1.Service, want map[string]corev1.ServicePort) int {
	all := map[string]bool{}
	for key, p := range want {
		if r.cfg.SharedPools {
			key = fmt.Sprint(behind(svc, p), p.TargetPort.IntVal)
		}
		all[key] = true
	}
	return len(all)
}

// listener compares a listener, and the pool that it leads to.
func (r *reckoning) listener(svc *corev1.Service, p corev1.ServicePort, l object) {
	who := fmt.Sprintf("%s's listener %d", who(svc), p.Port)
	r.same(who+", name", text(l, "name"), fmt.Sprintf("%s/%s:%s:%d", svc.Namespace, svc.Name, heard(svc, p), p.Port))
	r.same(who+", ours", ours(texts(l, "tags")) && owner(texts(l, "tags")) == svc.UID, true)
	r.same(who+", status", text(l, "provisioning_status"), "ACTIVE")
	r.same(who+", admin state", l["admin_state_up"], true)
	r.same(who+", connection limit", number(l, "connection_limit"), cmp.Or(svc.Annotations[prefix+"connection-limit"], "-1"))
	r.same(who+", sources", texts(l, "allowed_cidrs"), svc.Spec.LoadBalancerSourceRanges)
	timeout := 50_000
	if svc.Annotations[prefix+"timeout-client-data"] == "70s" {
		timeout = 70_000
	}
	r.same(who+", timeout", number(l, "timeout_client_data"), timeout)
	headers, _ := l["insert_headers"].(object)
	http := strings.HasPrefix(heard(svc, p), "HTTP") && heard(svc, p) != "HTTPS"
	r.same(who+", X-Forwarded-For", text(headers, "X-Forwarded-For") == "true", http && svc.Annotations[prefix+"x-forwarded-for"] == "true")
	if heard(svc, p) == "TERMINATED_HTTPS" {
		r.same(who+", certificate", text(l, "default_tls_container_ref"), container)
	}
	pool := r.s["pools"][text(l, "default_pool_id")]
	if pool == nil {
		r.say("%s leads nowhere", who)
		return
	}
	r.pool(svc, p, pool)
}

// pool compares the pool behind a port.
func (r *reckoning) pool(svc *corev1.Service, p corev1.ServicePort, pool object) {
	who := fmt.Sprintf("%s's pool behind %d", who(svc), p.Port)
	r.same(who+", ours", ours(texts(pool, "tags")) && owner(texts(pool, "tags")) == svc.UID, true)
	r.same(who+", status", text(pool, "provisioning_status"), "ACTIVE")
	r.same(who+", admin state", pool["admin_state_up"], true)
	r.same(who+", protocol", text(pool, "protocol"), spoken(svc, p))
	r.same(who+", algorithm", text(pool, "lb_algorithm"), cmp.Or(svc.Annotations[prefix+"lb-algorithm"], "ROUND_ROBIN"))
	persistence, _ := pool["session_persistence"].(object)
	r.same(who+", persistence", text(persistence, "type") == "SOURCE_IP", svc.Spec.SessionAffinity == corev1.ServiceAffinityClientIP)
	r.monitor(svc, p, pool)
	have := []string{}
	for _, id := range ids(pool, "members") {
		m := r.s["members"][id]
		have = append(have, fmt.Sprintf("%s %s:%d in %s, weight %d, %v", text(m, "name"), text(m, "address"), number(m, "protocol_port"),
			text(m, "subnet_id"), number(m, "weight"), m["admin_state_up"]))
	}
	slices.Sort(have)
	r.same(who+", members", have, r.members(svc, p))
}

// monitor compares the health monitor of a pool.
func (r *reckoning) monitor(svc *corev1.Service, p corev1.ServicePort, pool object) {
	who := fmt.Sprintf("%s's health monitor behind %d", who(svc), p.Port)
	monitored := svc.Annotations[prefix+"health-monitor"] == "true" || r.cfg.Monitored
	m := r.s["healthmonitors"][text(pool, "healthmonitor_id")]
	r.same(who, m != nil, monitored)
	if m == nil || !monitored {
		return
	}
	kind := map[corev1.Protocol]string{corev1.ProtocolTCP: "TCP", corev1.ProtocolUDP: "UDP-CONNECT", corev1.ProtocolSCTP: "SCTP"}[p.Protocol]
	delay := strings.TrimSuffix(cmp.Or(svc.Annotations[prefix+"health-monitor-delay"], "10s"), "s")
	r.same(who+", type, delay, timeout, retries", fmt.Sprint(text(m, "type"), " ", number(m, "delay"), number(m, "timeout"), number(m, "max_retries")),
		fmt.Sprint(kind, " ", delay, " 5 3"))
	r.same(who+", admin state", m["admin_state_up"], true)
	r.same(who+", status", text(m, "provisioning_status"), "ACTIVE")
}

// members are the Pods behind a port.
func (r *reckoning) members(svc *corev1.Service, p corev1.ServicePort) []string {
	r.w.mu.Lock()
	ready, _ := podsOf(r.w.selected[client.ObjectKeyFromObject(svc)])
	r.w.mu.Unlock()
	six := strings.Contains(svc.Spec.ClusterIP, ":")
	subnet := r.w.subnet(svc.Spec.ClusterIP)
	switch {
	case svc.Annotations[prefix+"member-mode"] == "L2" && six:
		subnet = r.w.podV6
	case svc.Annotations[prefix+"member-mode"] == "L2":
		subnet = r.w.nets.PodSubnet
	}
	all := []string{}
	for _, i := range ready {
		all = append(all, fmt.Sprintf("%s/pod-%d:%d %s:%d in %s, weight 1, true", svc.Namespace, i, p.TargetPort.IntVal, addressOf(i, six), p.TargetPort.IntVal, subnet))
	}
	slices.Sort(all)
	return all
}
