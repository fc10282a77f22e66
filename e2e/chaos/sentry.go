package chaos

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
)

// lag is how long octagate may not know of a change of a Service: as long as a watch may be
// lost, and a call under way.
const lag = 4 * time.Minute

// A sentry sees a call that changes something, before it does and after.
type sentry struct {
	w      *world
	call   string
	id     string // of what it changes
	before emulator.Snapshot
	port   string // that a floating IP is to be associated with
}

// sentry is nil for a call that changes nothing.
func (w *world) sentry(call string, request *http.Request, body []byte) *sentry {
	if !writes(call) {
		return nil
	}
	s := &sentry{w: w, call: call, id: path.Base(request.URL.Path), before: w.cloud.Snapshot("loadbalancers", "listeners", "pools", "floatingips")}
	if s.id == "members" {
		s.id = path.Base(path.Dir(request.URL.Path))
	}
	var f struct {
		FloatingIP struct {
			Port string `json:"port_id"`
		} `json:"floatingip"`
	}
	if json.Unmarshal(body, &f) == nil {
		s.port = f.FloatingIP.Port
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
	for _, collection := range []string{"loadbalancers", "listeners", "pools"} {
		if thing := s.before[collection][s.id]; thing != nil && !ours(texts(thing, "tags")) {
			s.w.violate("%s of %s %s, which is not ours", s.call, collection, text(thing, "name"))
		}
	}
	f := s.before["floatingips"][s.id]
	switch {
	case s.call == "DELETE floatingips/{id}" && !ours(strings.Fields(text(f, "description"))):
		s.w.violate("floating IP %s was deleted, which is the user's", text(f, "floating_ip_address"))
	case s.call == "DELETE floatingips/{id}":
		s.w.api.dispensable(s.w, owner(strings.Fields(text(f, "description"))), text(f, "floating_ip_address"))
	case s.port != "":
		s.associated()
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
	keeps, wants := last.service.Annotations["octagate.dev/keep-floating-ip"] == "true", last.service.Spec.Type == corev1.ServiceTypeLoadBalancer
	switch {
	case keeps:
		w.violate("floating IP %s was deleted, which %s wants kept", address, last.service.Name)
	case wants && !last.gone && last.service.Spec.LoadBalancerIP == "" && last.service.Annotations["octagate.dev/internal"] != "true":
		w.violate("floating IP %s was deleted, which %s has and wants", address, last.service.Name)
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
