package chaos

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/reconcile"
)

// leftovers looks for what bears our mark and serves no Service, whatever it is.
func (r *reckoning) leftovers(living map[types.UID]*corev1.Service) {
	allocated := map[types.UID]int{}
	for _, collection := range slices.Sorted(maps.Keys(r.s)) {
		for _, id := range slices.Sorted(maps.Keys(r.s[collection])) {
			thing := r.s[collection][id]
			marks := marksOf(thing)
			if !ours(marks) || r.halfAdopted(thing) {
				continue
			}
			svc := living[owner(marks)]
			if svc == nil {
				r.say("%s %s (%s) has no Service: it was made for %s", collection, id, text(thing, "name"), owner(marks))
				continue
			}
			if collection == "floatingips" {
				allocated[svc.UID]++
				r.allocated(svc, thing, allocated[svc.UID])
			} else if why := r.loose(collection, thing, svc); why != "" {
				r.say("%s %s (%s) of %s %s", collection, id, text(thing, "name"), who(svc), why)
			}
		}
	}
	r.ports()
}

// halfAdopted reports whether a thing is under a load balancer that Kuryr made and that is
// not ours yet: that is marked last.
func (r *reckoning) halfAdopted(thing object) bool {
	above := r.s["loadbalancers"][firstOf(ids(thing, "loadbalancers"))]
	return above != nil && !ours(texts(above, "tags")) && r.w.kuryrs(r.s, "loadbalancers", above)
}

// marksOf are the marks of a thing: its tags, or the words of its description.
func marksOf(thing object) []string {
	return slices.Concat(texts(thing, "tags"), strings.Fields(text(thing, "description")))
}

// allocated looks whether a Service may have the floating IP that was allocated for it. What
// a Service had that is refused now stays.
func (r *reckoning) allocated(svc *corev1.Service, f object, n int) {
	address := text(f, "floating_ip_address")
	wanted := outside(svc) && (wish(svc) == "" || wish(svc) == address)
	refused := included(r.cfg, svc) && !apimeta.IsStatusConditionTrue(svc.Status.Conditions, reconcile.Ready)
	if n > 1 || !wanted && !refused {
		r.say("floating IP %s, allocated for %s, is left", address, who(svc))
	}
}

// loose is why something of a Service hangs nowhere; empty: it hangs where it belongs.
func (r *reckoning) loose(collection string, thing object, svc *corev1.Service) string {
	under := map[string]string{"listeners": "loadbalancers", "pools": "loadbalancers", "healthmonitors": "pools"}[collection]
	switch {
	case collection == "loadbalancers":
		return ""
	case under == "":
		return "bears our mark, which it should not"
	}
	for _, id := range ids(thing, under) {
		if above := r.s[under][id]; above != nil && ours(texts(above, "tags")) && owner(texts(above, "tags")) == svc.UID {
			return ""
		}
	}
	return "hangs under nothing of it"
}

// ports looks for those of VIPs whose load balancer is not there. What Octavia refuses for its
// quotas leaves one behind, which is deleted when it is in the way.
func (r *reckoning) ports() {
	if r.w.short {
		return
	}
	for _, p := range r.s["ports"] {
		if lb, vip := strings.CutPrefix(text(p, "name"), "octavia-lb-"); vip && !strings.HasPrefix(lb, "vrrp") && r.s["loadbalancers"][lb] == nil {
			r.say("port %s is left", text(p, "name"))
		}
	}
}
