package chaos

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

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
	r := &reckoning{w: w, s: w.cloud.Snapshot(), cfg: w.configured(number)}
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

// who is a Service as people call it.
func who(svc *corev1.Service) string { return svc.Namespace + "/" + svc.Name }

// service compares what there is of one Service.
func (r *reckoning) service(svc *corev1.Service) {
	switch {
	case !svc.DeletionTimestamp.IsZero():
		r.say("%s is still being deleted: %v", who(svc), svc.Finalizers)
		return
	case !addressed(svc):
		r.nothing(svc)
		return
	case !included(r.cfg, svc):
		r.excluded(svc)
		return
	}
	ready := apimeta.FindStatusCondition(svc.Status.Conditions, reconcile.Ready)
	if ready == nil {
		r.say("%s has no condition", who(svc))
		return
	}
	if ready.Status != metav1.ConditionTrue {
		r.objected(svc, ready)
		return
	}
	if why := unfitFor(r.cfg, svc); why != "" {
		r.say("%s is ready, although %s", who(svc), why)
		return
	}
	r.ready(svc)
}

// ready compares a Service that says that all is well.
func (r *reckoning) ready(svc *corev1.Service) {
	r.annotated(svc)
	all := r.balancersOf(svc.UID)
	want := r.listeners(svc)
	if len(want) == 0 {
		r.same(who(svc)+"'s load balancers", len(all), 0)
		return
	}
	if len(all) != 1 {
		r.say("%s has %d load balancers", who(svc), len(all))
		return
	}
	r.balancer(svc, all[0], want)
}

// addressed reports whether a Service has an address that can be a VIP.
func addressed(svc *corev1.Service) bool {
	return svc.Spec.Type != corev1.ServiceTypeExternalName && svc.Spec.ClusterIP != corev1.ClusterIPNone
}

// included reports whether the operator wants a Service balanced.
func included(cfg policy.Config, svc *corev1.Service) bool {
	types := cfg.ServiceTypes
	if len(types) == 0 {
		types = []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeLoadBalancer}
	}
	return addressed(svc) && svc.Spec.LoadBalancerClass == nil && slices.Contains(types, svc.Spec.Type)
}

// unfitFor is why admission refuses a Service, whatever the cloud says; empty: it does not.
func unfitFor(cfg policy.Config, svc *corev1.Service) string {
	r := reckoning{cfg: cfg}
	if svc.Spec.Type == corev1.ServiceTypeLoadBalancer && len(r.listeners(svc)) == 0 {
		return "no port of it is balanced"
	}
	return svc.Annotations[unfit]
}

// nothing compares a Service that can have no load balancer: it has none, and nothing of
// octagate's is left on it.
func (r *reckoning) nothing(svc *corev1.Service) {
	who := who(svc) + ", which can have no load balancer"
	r.same(who+", has", len(r.balancersOf(svc.UID)), 0)
	r.same(who+": finalizers", svc.Finalizers, []string{})
	r.same(who+": conditions", len(svc.Status.Conditions), 0)
	r.same(who+": ingress", len(svc.Status.LoadBalancer.Ingress), 0)
	for _, key := range []string{"verdict", "listeners", "policy", "load-balancer-id"} {
		r.same(who+": annotation "+key, svc.Annotations[prefix+key], "")
	}
}

// upkeep compares who is behind what a Service had before it was refused: its members go on
// following its Pods, where its ports lead to the same pools as before.
func (r *reckoning) upkeep(svc *corev1.Service) {
	for _, lb := range r.balancersOf(svc.UID) {
		if text(lb, "provisioning_status") != "ACTIVE" || r.halfMade(lb) {
			continue
		}
		for key, p := range r.listeners(svc) {
			for _, id := range ids(lb, "listeners") {
				l := r.s["listeners"][id]
				pool := r.s["pools"][text(l, "default_pool_id")]
				name := fmt.Sprintf("%s:%s:%d", who(svc), behind(svc, p), p.Port)
				same := text(pool, "name") == name && text(pool, "protocol") == spoken(svc, p) && !r.cfg.SharedPools
				if keyOf(l) == key && same {
					r.same(name+", of a refused Service: members", r.behind(pool), r.members(svc, p))
				}
			}
		}
	}
}

// halfMade reports whether Octavia has left something under a load balancer that it never
// finished making, and on which it takes no change.
func (r *reckoning) halfMade(lb object) bool {
	for _, collection := range []string{"listeners", "pools"} {
		for _, id := range ids(lb, collection) {
			if text(r.s[collection][id], "provisioning_status") == "PENDING_CREATE" {
				return true
			}
		}
	}
	return false
}

// excluded compares a Service that the operator does not want balanced: if it is not the
// author who made it so, it has what it had.
func (r *reckoning) excluded(svc *corev1.Service) {
	if n := len(r.balancersOf(svc.UID)); n > 1 {
		r.say("%s, which the operator left out, has %d load balancers", who(svc), n)
	}
}

// objected compares a Service that is not ready: it must have deserved that.
func (r *reckoning) objected(svc *corev1.Service, ready *metav1.Condition) {
	why, reasons := r.objection(svc)
	if why == "" || !slices.Contains(reasons, ready.Reason) {
		r.say("%s is not ready, although nothing is to be said against it (%s): %s: %s", who(svc), why, ready.Reason, ready.Message)
	}
	if n := len(r.balancersOf(svc.UID)); n > 1 {
		r.say("%s, which is refused, has %d load balancers", who(svc), n)
	}
	r.upkeep(svc)
}

// objection is what is to be said against a Service, and the reasons of a condition that say
// so; empty: nothing.
func (r *reckoning) objection(svc *corev1.Service) (why string, reasons []string) {
	denied := []string{"Denied", "FloatingIPConflict"}
	if why := unfitFor(r.cfg, svc); why != "" {
		return why, denied
	}
	if lb := r.inTheWay(svc); lb != nil {
		return "somebody's load balancer has its address", append(denied, "Conflict")
	}
	address := wish(svc)
	switch f := r.floatingIP(address); {
	case address == "" && r.seized(svc):
		return "somebody uses what was allocated for it", []string{"Conflict"}
	case address == "":
		return "", nil
	case f == nil:
		return "there is no such floating IP", denied
	case ours(marksOf(f)) && (owner(marksOf(f)) != svc.UID || svc.Annotations[prefix+"keep-floating-ip"] != "true"):
		return "it was allocated, and goes when it is not wanted as such any more", denied
	case keptFrom(f, svc.Namespace):
		return "it is kept for another namespace", denied
	case text(f, "port_id") != "" && served(r.s, text(f, "port_id")) != svc.UID:
		return "somebody else uses it", denied
	case r.rivals(svc, address):
		return "somebody else names it", denied
	}
	return "", nil
}

// seized reports whether somebody else uses a floating IP that was allocated for a Service.
func (r *reckoning) seized(svc *corev1.Service) bool {
	for _, f := range r.s["floatingips"] {
		if owner(marksOf(f)) == svc.UID && text(f, "port_id") != "" && served(r.s, text(f, "port_id")) != svc.UID {
			return true
		}
	}
	return false
}

// inTheWay is a load balancer that is not ours and has an address of a Service; nil: none.
func (r *reckoning) inTheWay(svc *corev1.Service) object {
	for _, lb := range r.s["loadbalancers"] {
		vip := text(lb, "vip_address")
		adopted := r.cfg.Adopts && text(lb, "name") == who(svc) && text(lb, "provisioning_status") != "ERROR" && vip == svc.Spec.ClusterIP
		if !ours(texts(lb, "tags")) && !adopted && slices.Contains(svc.Spec.ClusterIPs, vip) {
			return lb
		}
	}
	return nil
}

// rivals reports whether another Service names a floating IP that is not kept from it.
func (r *reckoning) rivals(svc *corev1.Service, address string) bool {
	f := r.floatingIP(address)
	return slices.ContainsFunc(r.w.api.list(), func(other *corev1.Service) bool {
		return other.UID != svc.UID && wish(other) == address && !keptFrom(f, other.Namespace)
	})
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

// keptFrom reports whether a floating IP is kept for other namespaces.
func keptFrom(f object, namespace string) bool {
	var kept []string
	for _, tag := range texts(f, "tags") {
		if name, is := strings.CutPrefix(tag, "octagate:namespace="); is {
			kept = append(kept, name)
		}
	}
	return len(kept) > 0 && !slices.Contains(kept, namespace)
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
