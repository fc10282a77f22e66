package chaos

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile"
)

// deeds are all that may happen, and how often, in proportion.
var deeds = map[string]deed{
	"create":   {12, (*world).create},
	"change":   {6, (*world).change},
	"delete":   {4, (*world).delete},
	"force":    {1, (*world).force},
	"pods":     {6, (*world).pods},
	"kill":     {2, (*world).killNow},
	"down":     {1, (*world).down},
	"killed":   {3, (*world).killAt},
	"restart":  {1, (*world).restart},
	"second":   {1, (*world).second},
	"deaf":     {1, (*world).deaf},
	"fault":    {6, (*world).plan},
	"storm":    {2, (*world).storm},
	"calm":     {2, func(w *world, _, _ int) { w.calm() }},
	"expire":   {1, func(w *world, _, _ int) { w.cloud.ExpireTokens() }},
	"break":    {1, (*world).breakOne},
	"barren":   {1, (*world).barren},
	"slow":     {1, (*world).slow},
	"quota":    {1, (*world).quota},
	"meddle":   {4, (*world).meddle},
	"take":     {1, (*world).take},
	"kuryr":    {1, (*world).kuryr},
	"snatch":   {2, (*world).snatch},
	"withdraw": {1, (*world).withdraw},
	"wait":     {3, func(w *world, _, by int) { time.Sleep(time.Duration(by) * time.Second) }},
}

type deed struct {
	often int
	do    func(w *world, on, by int)
}

func (w *world) create(on, by int) {
	name := slot(on)
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
	reshape(svc, by)
	w.note("create: %v", w.api.create(context.Background(), svc))
	w.publish(name)
}

func (w *world) change(on, by int) {
	name := slot(on)
	w.note("change: %v", w.api.edit(context.Background(), name, func(svc *corev1.Service) { reshape(svc, by) }))
	w.publish(name)
}

func (w *world) delete(on, _ int) { w.api.delete(slot(on)) }

// force deletes a Service and takes the finalizer off.
func (w *world) force(on, _ int) {
	when := w.settled(slot(on))
	w.api.delete(slot(on))
	w.note("force: %v", w.api.edit(context.Background(), slot(on), func(svc *corev1.Service) {
		svc.Finalizers = nil
		metav1.SetMetaDataAnnotation(&svc.ObjectMeta, forced, when)
	}))
}

// settled says whether a Service has been as it is for long enough, and octagate at work.
func (w *world) settled(name types.NamespacedName) string {
	svc, troubled := w.api.read(name), w.troubled()
	if svc == nil || troubled || !apimeta.IsStatusConditionTrue(svc.Status.Conditions, reconcile.Ready) {
		return early
	}
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	if time.Since(w.api.last[svc.UID].since) < lag {
		return early
	}
	return settled
}

// pods says which Pods a Service has: one for each bit.
func (w *world) pods(on, by int) {
	w.mu.Lock()
	if w.selected == nil {
		w.selected = map[types.NamespacedName]int{}
	}
	w.selected[slot(on)] = by
	w.mu.Unlock()
	w.publish(slot(on))
}

// publish has Kubernetes make the EndpointSlices of a Service, a moment later.
func (w *world) publish(name types.NamespacedName) {
	n := w.count("publish " + name.String())
	time.AfterFunc(w.instant(3*time.Second, "publish", name, n), func() {
		svc := w.api.read(name)
		if svc == nil || len(svc.Spec.Selector) == 0 {
			w.api.expose(name, nil)
			return
		}
		w.mu.Lock()
		by := w.selected[name]
		w.mu.Unlock()
		var all []*discoveryv1.EndpointSlice
		for _, family := range svc.Spec.IPFamilies {
			all = append(all, slice(svc, by, discoveryv1.AddressType(family)))
		}
		w.api.expose(name, all)
	})
}

// slice is the EndpointSlice of a Service with Pods.
func slice(svc *corev1.Service, pods int, family discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: svc.Namespace, Name: svc.Name + "-" + string(family), Labels: map[string]string{
		discoveryv1.LabelServiceName: svc.Name, discoveryv1.LabelManagedBy: "endpointslice-controller.k8s.io",
	}}, AddressType: family}
	for _, p := range svc.Spec.Ports {
		s.Ports = append(s.Ports, discoveryv1.EndpointPort{Name: new(p.Name), Protocol: new(p.Protocol), Port: new(p.TargetPort.IntVal)})
	}
	ready, unready := podsOf(pods)
	for _, i := range slices.Concat(ready, unready) {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{addressOf(i, family == discoveryv1.AddressTypeIPv6)},
			Conditions: discoveryv1.EndpointConditions{Ready: new(slices.Contains(ready, i))},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: svc.Namespace, Name: fmt.Sprintf("pod-%d", i)},
		})
	}
	return s
}

// killNow kills one, and another starts.
func (w *world) killNow(on, by int) {
	for _, o := range w.alive() {
		o.kill()
	}
	time.Sleep(w.instant(20*time.Second, "down", on, by))
	w.start()
}

// down has nobody there for a while.
func (w *world) down(_, by int) {
	for _, o := range w.alive() {
		o.kill()
	}
	w.later(time.Duration(by%60)*time.Second, func() {
		if len(w.alive()) == 0 {
			w.start()
		}
	})
}

// killAt has octagate killed at one of the next calls, and another start.
func (w *world) killAt(on, by int) {
	w.mu.Lock()
	w.weather.killed = 1 + by%30
	w.mu.Unlock()
	for second := range 60 {
		w.later(time.Duration(1+second)*time.Second, func() {
			if len(w.alive()) == 0 {
				w.start()
			}
		})
	}
}

// restart ends octagate as an upgrade does, and starts it with another configuration. That
// is what whoever starts meanwhile reads, too.
func (w *world) restart(_, by int) {
	w.mu.Lock()
	w.config = by
	w.mu.Unlock()
	for _, o := range w.alive() {
		o.stop()
	}
	w.start()
}

// second has two of them lead for a while.
func (w *world) second(_, by int) {
	if first := w.alive(); len(first) == 1 {
		w.start()
		w.later(time.Duration(1+by%40)*time.Second, first[0].kill)
	}
}

// deaf has watches lost for a while.
func (w *world) deaf(_, by int) {
	for _, o := range w.alive() {
		o.cache.lose()
		w.later(time.Duration(by%100)*time.Second, o.cache.hear)
	}
}

func (w *world) plan(on, by int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range 1 + on%3 {
		w.weather.planned = append(w.weather.planned, fault(1+by%int(faults-1)))
	}
}

func (w *world) storm(on, by int) {
	w.mu.Lock()
	w.weather.storm, w.weather.slow = by/2, on%4 == 0
	w.mu.Unlock()
	w.api.rough(on / 3)
}

func (w *world) calm() {
	w.mu.Lock()
	killed := w.weather.killed
	w.weather = weather{killed: killed}
	w.mu.Unlock()
	w.api.rough(0)
	w.admin.mend()
}

// balancers are the IDs of our load balancers, in order.
func balancers(s emulator.Snapshot) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s["loadbalancers"])), func(id string) bool { return !ours(texts(s["loadbalancers"][id], "tags")) })
}

// breakOne puts a load balancer into ERROR.
func (w *world) breakOne(on, _ int) {
	if all := balancers(w.cloud.Snapshot("loadbalancers")); len(all) > 0 {
		w.cloud.Break(all[on%len(all)])
	}
}

func (w *world) barren(on, _ int) { w.cloud.FailBuilds(on%2 == 0) }

// slow has Octavia take its time.
func (w *world) slow(_, by int) { w.admin.pending(time.Duration(by) * time.Second / 5) }

// pending is how long Octavia is at work; 0: as usual.
func (a *admin) pending(d time.Duration) {
	b := emulator.Behaviour{}
	if d > 0 {
		b.Pending = map[string]time.Duration{emulator.Any: d}
	}
	if err := a.cloud.SetBehaviour(b); err != nil {
		panic(err)
	}
}

// scarce are what a project may run out of.
var scarce = []string{"load_balancer", "floatingip", "listener", "pool", "health_monitor", "port"}

func (w *world) quota(on, by int) {
	w.mu.Lock()
	w.short = true
	w.mu.Unlock()
	w.admin.quota(scarce[on%len(scarce)], 3+by%4)
}

// take has a user's floating IP associated with a server, or taken off it.
func (w *world) take(on, by int) {
	for id, f := range w.cloud.Snapshot("floatingips")["floatingips"] {
		if text(f, "floating_ip_address") != floating[on%len(floating)] {
			continue
		}
		var port any
		if by%2 == 0 && text(f, "port_id") == "" {
			port = w.house.port
		}
		w.admin.call(http.MethodPut, neutron+"floatingips/"+id, object{"floatingip": object{"port_id": port}})
	}
}

// snatches are the calls before which a user takes the floating IP that they are about.
var snatches = []string{"GET floatingips", "PUT floatingips/{id}", "GET floatingips/{id}"}

// snatch has a user take a floating IP in the very moment in which octagate is about to
// associate it, before it looks at it or after, or to take it off, before it looks.
func (w *world) snatch(on, _ int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.weather.snatched = snatches[on%len(snatches)]
}

// snatching has that happen if a call is the one.
func (w *world) snatching(call string, r *http.Request) {
	w.mu.Lock()
	now := call == w.weather.snatched && (call != "GET floatingips" || r.URL.Query().Has("floating_ip_address"))
	if now {
		w.weather.snatched = ""
	}
	w.mu.Unlock()
	if !now {
		return
	}
	for id, f := range w.cloud.Snapshot("floatingips")["floatingips"] {
		address := text(f, "floating_ip_address")
		asked := path.Base(r.URL.Path) == id || r.URL.Query().Get("floating_ip_address") == address
		if asked && slices.Contains(floating, address) && (text(f, "port_id") == "" || call == "GET floatingips/{id}") {
			w.admin.call(http.MethodPut, neutron+"floatingips/"+id, object{"floatingip": object{"port_id": w.house.port}})
		}
	}
}

// withdraw has a user delete a floating IP, or make it again.
func (w *world) withdraw(on, _ int) {
	address := floating[on%len(floating)]
	for id, f := range w.cloud.Snapshot("floatingips")["floatingips"] {
		if text(f, "floating_ip_address") == address {
			w.admin.call(http.MethodDelete, neutron+"floatingips/"+id, nil)
			return
		}
	}
	w.addFloatingIP(address)
}
