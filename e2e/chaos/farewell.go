package chaos

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"
)

// hurry is how long, at most, a Service stays that is deleted and has nothing in the cloud,
// once there is an octagate that can see that: longer than octagate's pauses after errors.
const hurry = 20 * time.Minute

// glance is how often it is looked whether such a Service is gone.
const glance = time.Minute

// A farewell looks after a Service that is being deleted: nothing but its own clean-up may
// delay that.
type farewell struct {
	w       *world
	name    types.NamespacedName
	service types.UID
	since   time.Time // since when nothing is in the way
}

// bid looks after a Service until it is gone, or the history is over.
func (w *world) bid(svc *corev1.Service) {
	f := &farewell{w, client.ObjectKeyFromObject(svc), svc.UID, time.Now()}
	time.AfterFunc(glance, f.look)
}

func (f *farewell) look() {
	svc := f.w.api.read(f.name)
	if svc == nil || svc.UID != f.service || f.w.over() {
		return
	}
	if f.w.troubled() || f.w.has(f.service) {
		f.since = time.Now()
	}
	if time.Since(f.since) > hurry {
		f.w.violate("%s is deleted, has nothing, and stays for %s", who(svc), hurry)
		return
	}
	time.AfterFunc(glance, f.look)
}

// has reports whether anything in the cloud is a Service's.
func (w *world) has(service types.UID) bool {
	for _, all := range w.cloud.Snapshot("loadbalancers", "floatingips") {
		for _, thing := range all {
			if marks := marksOf(thing); ours(marks) && owner(marks) == service {
				return true
			}
		}
	}
	return false
}

// troubled reports whether octagate cannot be expected to get anything done.
func (w *world) troubled() bool {
	alive := w.alive()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(alive) != 1 || w.weather.storm > 0 || w.weather.slow || time.Since(w.struck) < glance {
		return true
	}
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	return w.api.roughness > 0 || alive[0].cache.deaf
}

// over reports whether the history is.
func (w *world) over() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}
