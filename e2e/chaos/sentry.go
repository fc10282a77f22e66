package chaos

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile"
)

// lag is how long octagate may not know of a change of a Service: as long as a watch may be
// lost, and a call under way.
const lag = 4 * time.Minute

// A sentry sees a call that changes something, before it does and after.
type sentry struct {
	o      *octagate
	w      *world
	call   string
	ids    []string  // of what it changes, and of what that is to hang under
	maker  types.UID // the Service whose marks it writes; empty: none's
	before emulator.Snapshot
	port   string // that a floating IP is to be associated with
}

// watched are the collections that sentries look at.
var watched = []string{"loadbalancers", "listeners", "pools", "healthmonitors", "members", "ports", "floatingips"}

// sentry is nil for a call that changes nothing.
func (o *octagate) sentry(call string, request *http.Request, body []byte) *sentry {
	if !writes(call) {
		return nil
	}
	s := &sentry{o: o, w: o.w, call: call, before: o.w.cloud.Snapshot(watched...)}
	for _, segment := range strings.Split(request.URL.Path, "/") {
		if len(segment) == 36 {
			s.ids = append(s.ids, segment)
		}
	}
	var things map[string]object
	if json.Unmarshal(body, &things) != nil {
		return s
	}
	for _, thing := range things {
		s.maker = owner(marksOf(thing))
		for _, above := range []string{"loadbalancer_id", "listener_id", "pool_id", "default_pool_id"} {
			s.ids = append(s.ids, text(thing, above))
		}
		if strings.HasSuffix(call, "floatingips") || strings.HasSuffix(call, "floatingips/{id}") {
			s.port = text(thing, "port_id")
		}
	}
	return s
}

// judge looks whether a call that was answered with a status may have been made.
func (s *sentry) judge(status int) {
	if status >= http.StatusBadRequest {
		return
	}
	s.w.mu.Lock()
	s.w.writes++
	s.w.mu.Unlock()
	service := s.maker
	for _, collection := range watched {
		for _, id := range s.ids {
			thing := s.before[collection][id]
			if thing == nil {
				continue
			}
			if why := s.foreign(collection, thing); why != "" {
				s.w.violate("%s of %s %s, which %s", s.call, collection, text(thing, "name"), why)
			}
			service = cmp.Or(owner(marksOf(thing)), service)
		}
	}
	s.released()
	if s.port != "" {
		service = cmp.Or(served(s.before, s.port), service)
		s.associated()
	}
	if !strings.Contains(s.call, "/members") {
		s.w.api.permitted(s.o, service, s.call)
	}
}

// foreign is why a thing is not octagate's to change; empty: it is. Floating IPs of users
// come and go, Members bear no marks, and are what the pool is that is named beside them. The port of a VIP
// is the load balancer's, and what Kuryr made is adopted if the operator wants that.
func (s *sentry) foreign(collection string, thing object) string {
	port, _ := strings.CutPrefix(text(thing, "name"), "octavia-lb-")
	lb := s.before["loadbalancers"][port]
	switch {
	case collection == "members", collection == "floatingips":
		return ""
	case collection == "ports" && s.call == "DELETE ports/{id}" && port != text(thing, "name") && lb == nil:
		return ""
	case collection == "ports" && lb != nil && ours(texts(lb, "tags")) && s.call != "DELETE ports/{id}":
		return ""
	case ours(texts(thing, "tags")):
		return ""
	case s.o.policy.Adopts && s.w.kuryrs(s.before, collection, thing):
		return ""
	}
	return "is not ours"
}

// released looks at a floating IP that is deleted, or taken off a port.
func (s *sentry) released() {
	for _, id := range s.ids {
		f := s.before["floatingips"][id]
		marks := marksOf(f)
		switch {
		case f == nil:
		case s.call == "DELETE floatingips/{id}" && !ours(marks):
			s.w.violate("floating IP %s was deleted, which is the user's", text(f, "floating_ip_address"))
		case s.call == "DELETE floatingips/{id}":
			s.w.api.dispensable(s.w, owner(marks), text(f, "floating_ip_address"))
		case text(f, "port_id") != "" && text(f, "port_id") != s.port && !ours(marks) && !s.w.vip(s.before, text(f, "port_id")):
			s.w.violate("floating IP %s was taken off a port that is none of our VIPs", text(f, "floating_ip_address"))
		}
	}
}

// ours reports whether marks are those of our cluster.
func ours(marks []string) bool {
	return slices.Contains(marks, "octagate:cluster="+cluster) && slices.Contains(marks, "octagate:kube-system="+string(system))
}

// owner is the Service that marks name.
func owner(marks []string) types.UID {
	for _, m := range marks {
		if uid, found := strings.CutPrefix(m, "octagate:service="); found {
			return types.UID(uid)
		}
	}
	return ""
}

// associated looks for whom floating IPs are at a port now that were not there before.
func (s *sentry) associated() {
	after := s.w.cloud.Snapshot("loadbalancers", "floatingips")
	for id, f := range after["floatingips"] {
		if text(f, "port_id") != s.port || text(s.before["floatingips"][id], "port_id") == s.port {
			continue
		}
		service := served(after, s.port)
		address, marks := text(f, "floating_ip_address"), strings.Fields(text(f, "description"))
		switch {
		case service == "":
			s.w.violate("floating IP %s was associated with a port that is none of our VIPs", address)
		case ours(marks) && owner(marks) != service:
			s.w.violate("floating IP %s, allocated for %s, was associated for %s", address, owner(marks), service)
		case !ours(marks):
			s.w.api.entitled(s.w, service, address)
		}
	}
}

// served is the Service whose VIP has a port; empty: it is none of ours.
func served(s emulator.Snapshot, port string) types.UID {
	for _, lb := range s["loadbalancers"] {
		if text(lb, "vip_port_id") == port && ours(texts(lb, "tags")) {
			return owner(texts(lb, "tags"))
		}
	}
	return ""
}

// entitled looks whether a Service could have the claim to a floating IP when it was
// associated for it: it named it at some time since lag ago, and no older Service named
// it all that time.
func (a *api) entitled(w *world, service types.UID, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	since := time.Now().Add(-lag)
	var own *claim
	for _, c := range a.claims {
		if c.service == service && c.address == address && (c.to.IsZero() || c.to.After(since)) {
			own = c
		}
	}
	if own == nil {
		w.violate("floating IP %s was associated for %s, which has not named it for %s", address, service, lag)
		return
	}
	for _, c := range a.claims {
		older := c.born.Before(own.born) || c.born.Equal(own.born) && c.service < own.service
		if c.service != service && c.address == address && older && c.to.IsZero() && c.from.Before(since) {
			w.violate("floating IP %s was associated for %s, though the older %s names it", address, service, c.service)
		}
	}
}

// dispensable looks whether a floating IP that was allocated for a Service may be deleted:
// not while the Service wants it, nor if its author wants it kept.
func (a *api) dispensable(w *world, service types.UID, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	last, known := a.last[service]
	if !known || time.Since(last.since) < lag {
		return
	}
	svc := last.service
	keeps := svc.Annotations["octagate.dev/keep-floating-ip"] == "true"
	wants := svc.Spec.Type == corev1.ServiceTypeLoadBalancer && svc.Spec.LoadBalancerClass == nil && svc.Annotations["octagate.dev/internal"] != "true"
	named := wish(svc)
	switch {
	case keeps:
		w.violate("floating IP %s was deleted, which %s wants kept", address, svc.Name)
	case wants && !last.gone && (named == "" || named == address):
		w.violate("floating IP %s was deleted, which %s has and wants", address, svc.Name)
	}
}

// permitted looks whether anything may be done for a Service beside having its members follow
// its Pods: not if admission refuses it, and it was so for as long as octagate may not know.
func (a *api) permitted(o *octagate, service types.UID, call string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	last, known := a.last[service]
	if !known || last.gone || time.Since(last.since) < lag || !included(o.policy, last.service) {
		return
	}
	if why := unfitFor(o.policy, last.service); why != "" {
		o.w.violate("%s was made for %s, which admission refuses: %s", call, who(last.service), why)
	}
}

// held looks whether a Service for which something is made cannot go before that is gone: it
// has our finalizer. Of two octagates one may take it off while the other does not know.
func (a *api) held(w *world, service types.UID, call string) {
	if w.doubled() {
		return
	}
	for _, svc := range a.list() {
		if svc.UID == service && !slices.Contains(svc.Finalizers, reconcile.Finalizer) {
			w.violate("%s was made for %s, which nothing holds until that is gone", call, who(svc))
		}
	}
}

// abandoned looks what a Service leaves behind when it is gone from the API server, beside
// what calls have done that were on their way so long.
func (w *world) abandoned(svc *corev1.Service) {
	if svc.Annotations[forced] != "" {
		return
	}
	s := w.cloud.Snapshot("loadbalancers")
	for _, id := range balancers(s) {
		lb := s["loadbalancers"][id]
		made, err := time.Parse("2006-01-02T15:04:05", text(lb, "created_at"))
		if owner(texts(lb, "tags")) == svc.UID && (err != nil || time.Since(made) > lag) {
			w.violate("%s is gone, and leaves its load balancer", svc.Name)
		}
	}
}
