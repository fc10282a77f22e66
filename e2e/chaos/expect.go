package chaos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile"
)

// A reckoning compares a cloud with the Services of a cluster. It says in its own words what
// there should be: nothing of octagate's policy, translation or client is asked.
type reckoning struct {
	w     *world
	s     emulator.Snapshot
	cfg   policy.Config
	wrong []string
}

// wrong is what is not as it should be once all is quiet.
func (w *world) wrong() []string {
	w.mu.Lock()
	number := w.config
	w.mu.Unlock()
	r := &reckoning{w: w, s: w.cloud.Snapshot(), cfg: configured(w.nets, number)}
	living := map[types.UID]*corev1.Service{}
	for _, svc := range w.api.list() {
		living[svc.UID] = svc
		r.service(svc)
	}
	r.leftovers(living)
	return append(r.wrong, w.stolen(r.s)...)
}

func (r *reckoning) say(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// same says it when something is not as it should be.
func (r *reckoning) same(what string, got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		r.say("%s: %s, want %s", what, g, w)
	}
}

// service compares what there is of one Service.
func (r *reckoning) service(svc *corev1.Service) {
	if !svc.DeletionTimestamp.IsZero() {
		r.say("%s is still being deleted: %v", svc.Name, svc.Finalizers)
		return
	}
	if !r.includes(svc) {
		r.excluded(svc)
		return
	}
	ready := apimeta.FindStatusCondition(svc.Status.Conditions, reconcile.Ready)
	if ready == nil {
		r.say("%s has no condition", svc.Name)
		return
	}
	if ready.ObservedGeneration != svc.Generation {
		r.say("%s: its condition is of generation %d, not %d", svc.Name, ready.ObservedGeneration, svc.Generation)
	}
	if ready.Status != metav1.ConditionTrue {
		r.objected(svc, ready)
		return
	}
	r.same(svc.Name+"'s verdict", svc.Annotations["octagate.dev/verdict"], "accepted")
	want := r.listeners(svc)
	all := r.balancersOf(svc.UID)
	if len(want) == 0 {
		r.same(svc.Name+"'s load balancers", len(all), 0)
		return
	}
	if len(all) != 1 {
		r.say("%s has %d load balancers", svc.Name, len(all))
		return
	}
	r.balancer(svc, all[0], want)
}

// includes reports whether the operator wants a Service balanced.
func (r *reckoning) includes(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer || svc.Spec.Type == corev1.ServiceTypeClusterIP && len(r.cfg.ServiceTypes) == 0
}

// excluded compares a Service that is not ours: it has nothing, unless it is the operator
// who does not want it any more; then it has what it had.
func (r *reckoning) excluded(svc *corev1.Service) {
	all := r.balancersOf(svc.UID)
	if svc.Spec.Type == corev1.ServiceTypeClusterIP {
		if len(all) > 1 {
			r.say("%s, which the operator left out, has %d load balancers", svc.Name, len(all))
		}
		return
	}
	r.same(svc.Name+", which is not ours: load balancers", len(all), 0)
	r.same(svc.Name+", which is not ours: finalizers", svc.Finalizers, []string{})
}

// objected compares a Service that is not ready: it must have deserved that.
func (r *reckoning) objected(svc *corev1.Service, ready *metav1.Condition) {
	address := wish(svc)
	var why string
	switch f := r.floatingIP(address); {
	case address == "":
	case f == nil:
		why = "there is no such floating IP"
	case text(f, "port_id") != "" && served(r.s, text(f, "port_id")) != svc.UID:
		why = "somebody else uses it"
	case r.rivals(svc, address):
		why = "somebody else names it"
	}
	if why == "" || ready.Reason != "Denied" && ready.Reason != "FloatingIPConflict" {
		r.say("%s is not ready, although nothing is to be said against it (%s): %s: %s", svc.Name, why, ready.Reason, ready.Message)
	}
	if n := len(r.balancersOf(svc.UID)); n > 1 {
		r.say("%s, which is refused, has %d load balancers", svc.Name, n)
	}
}

// rivals reports whether another Service names a floating IP.
func (r *reckoning) rivals(svc *corev1.Service, address string) bool {
	return slices.ContainsFunc(r.w.api.list(), func(other *corev1.Service) bool { return other.UID != svc.UID && wish(other) == address })
}

// floatingIP is that of an address; nil: there is none.
func (r *reckoning) floatingIP(address string) object {
	for _, f := range r.s["floatingips"] {
		if text(f, "floating_ip_address") == address {
			return f
		}
	}
	return nil
}

// balancersOf are the load balancers of a Service.
func (r *reckoning) balancersOf(uid types.UID) []object {
	var all []object
	for _, id := range balancers(r.s) {
		if lb := r.s["loadbalancers"][id]; owner(texts(lb, "tags")) == uid {
			all = append(all, lb)
		}
	}
	return all
}

// listeners are the ports that get a listener.
func (r *reckoning) listeners(svc *corev1.Service) map[string]corev1.ServicePort {
	all := map[string]corev1.ServicePort{}
	for _, p := range svc.Spec.Ports {
		if p.Protocol == corev1.ProtocolTCP || slices.Contains(r.cfg.Protocols, p.Protocol) {
			all[fmt.Sprintf("%s:%d", p.Protocol, p.Port)] = p
		}
	}
	return all
}

// balancer compares the load balancer of a Service.
func (r *reckoning) balancer(svc *corev1.Service, lb object, want map[string]corev1.ServicePort) {
	who := svc.Name + "'s load balancer"
	r.same(who+", name", text(lb, "name"), svc.Namespace+"/"+svc.Name)
	r.same(who+", VIP", text(lb, "vip_address"), svc.Spec.ClusterIP)
	r.same(who+", subnet", text(lb, "vip_subnet_id"), r.w.nets.ServiceSubnet)
	r.same(who+", status", text(lb, "provisioning_status"), "ACTIVE")
	r.same(who+", admin state", lb["admin_state_up"], true)
	r.same(who+", in its annotation", svc.Annotations["octagate.dev/load-balancer-id"], text(lb, "id"))
	r.same(svc.Name+"'s finalizers", svc.Finalizers, []string{reconcile.Finalizer})
	have, pools := map[string]object{}, map[string]bool{}
	for _, id := range ids(lb, "listeners") {
		l := r.s["listeners"][id]
		have[fmt.Sprintf("%s:%d", text(l, "protocol"), number(l, "protocol_port"))] = l
		pools[text(l, "default_pool_id")] = true
	}
	r.same(who+", listeners", slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(want)))
	r.same(who+", pools", ids(lb, "pools"), slices.Sorted(maps.Keys(pools)))
	for key, p := range want {
		if l := have[key]; l != nil {
			r.listener(svc, p, l)
		}
	}
	r.external(svc, lb)
}

// listener compares a listener, and the pool that it leads to.
func (r *reckoning) listener(svc *corev1.Service, p corev1.ServicePort, l object) {
	who := fmt.Sprintf("%s's listener %d", svc.Name, p.Port)
	r.same(who+", name", text(l, "name"), fmt.Sprintf("%s/%s:%s:%d", svc.Namespace, svc.Name, p.Protocol, p.Port))
	r.same(who+", ours", ours(texts(l, "tags")) && owner(texts(l, "tags")) == svc.UID, true)
	r.same(who+", status", text(l, "provisioning_status"), "ACTIVE")
	r.same(who+", admin state", l["admin_state_up"], true)
	r.same(who+", connection limit", number(l, "connection_limit"), -1)
	r.same(who+", sources", texts(l, "allowed_cidrs"), svc.Spec.LoadBalancerSourceRanges)
	if seconds := svc.Annotations["octagate.dev/timeout-client-data"]; seconds != "" {
		r.same(who+", timeout", number(l, "timeout_client_data"), 70_000)
	}
	pool := r.s["pools"][text(l, "default_pool_id")]
	if pool == nil {
		r.say("%s leads nowhere", who)
		return
	}
	r.same(who+", pool's status", text(pool, "provisioning_status"), "ACTIVE")
	r.same(who+", pool's admin state", pool["admin_state_up"], true)
	r.same(who+", algorithm", text(pool, "lb_algorithm"), "ROUND_ROBIN")
	persistence, _ := pool["session_persistence"].(object)
	r.same(who+", persistence", text(persistence, "type") == "SOURCE_IP", svc.Spec.SessionAffinity == corev1.ServiceAffinityClientIP)
	monitored := svc.Annotations["octagate.dev/health-monitor"] == "true" || r.cfg.Monitored
	r.same(who+", health monitor", text(pool, "healthmonitor_id") != "", monitored)
	var have []string
	for _, id := range ids(pool, "members") {
		m := r.s["members"][id]
		have = append(have, fmt.Sprintf("%s %s:%d", text(m, "name"), text(m, "address"), number(m, "protocol_port")))
	}
	slices.Sort(have)
	r.same(who+", members", have, r.members(svc, p))
}

// members are the Pods behind a port.
func (r *reckoning) members(svc *corev1.Service, p corev1.ServicePort) []string {
	r.w.mu.Lock()
	pods := r.w.selected[client.ObjectKeyFromObject(svc)]
	r.w.mu.Unlock()
	all := []string{}
	for i := range 3 {
		if pods>>i&1 == 1 {
			all = append(all, fmt.Sprintf("shop/pod-%d:%d 10.1.0.%d:%d", i, p.TargetPort.IntVal, 10+i, p.TargetPort.IntVal))
		}
	}
	return all
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
	internal := svc.Annotations["octagate.dev/internal"] == "true"
	who := svc.Name + "'s external IP"
	switch {
	case svc.Spec.Type != corev1.ServiceTypeLoadBalancer, internal:
		r.same(who, address, "")
	case svc.Spec.LoadBalancerIP != "":
		r.same(who, address, svc.Spec.LoadBalancerIP)
	default:
		r.same(who+", allocated", marked, svc.UID)
	}
	shown := ""
	for _, i := range svc.Status.LoadBalancer.Ingress {
		shown += i.IP
	}
	if internal {
		address = cmp.Or(address, svc.Spec.ClusterIP)
	}
	r.same(who+", in the status", shown, address)
}

// leftovers looks for what is ours and has no Service.
func (r *reckoning) leftovers(living map[types.UID]*corev1.Service) {
	for _, id := range balancers(r.s) {
		if lb := r.s["loadbalancers"][id]; living[owner(texts(lb, "tags"))] == nil {
			r.say("load balancer %s (%s) has no Service", text(lb, "name"), text(lb, "vip_address"))
		}
	}
	allocated := map[types.UID]int{}
	for _, f := range r.s["floatingips"] {
		if marks := strings.Fields(text(f, "description")); ours(marks) {
			uid := owner(marks)
			allocated[uid]++
			svc := living[uid]
			if svc != nil && svc.Spec.Type == corev1.ServiceTypeClusterIP && !r.includes(svc) {
				continue // the operator left it out: it has what it had, perhaps from when it was another type
			}
			if svc == nil || svc.Spec.Type != corev1.ServiceTypeLoadBalancer || allocated[uid] > 1 {
				r.say("floating IP %s, allocated for %s, is left", text(f, "floating_ip_address"), uid)
			}
		}
	}
	for _, p := range r.s["ports"] {
		if lb, vip := strings.CutPrefix(text(p, "name"), "octavia-lb-"); vip && !strings.HasPrefix(lb, "vrrp") && r.s["loadbalancers"][lb] == nil {
			r.say("port %s is left", text(p, "name"))
		}
	}
}
