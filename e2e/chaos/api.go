package chaos

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An api is as much of an API server as octagate and the authors of Services see: it
// keeps Services and EndpointSlices, allocates ClusterIPs, asks for admission, honours
// finalizers, and tells who watches. controller-runtime's fake client keeps objects, too,
// but takes 3 ms for a write, a hundred times as long.
type api struct {
	w *world

	mu        sync.Mutex
	services  map[types.NamespacedName]*corev1.Service
	slices    map[types.NamespacedName][]*discoveryv1.EndpointSlice
	addresses map[string]types.NamespacedName // ClusterIPs that are allocated
	versions  int
	born      int
	watchers  []*cache
	claims    []*claim
	last      map[types.UID]version // of every Service that there ever was
	roughness int                   // of 1,000 writes of octagate, how many fail
}

func newAPI(w *world) *api {
	return &api{
		w: w, services: map[types.NamespacedName]*corev1.Service{}, slices: map[types.NamespacedName][]*discoveryv1.EndpointSlice{},
		addresses: map[string]types.NamespacedName{}, last: map[types.UID]version{},
	}
}

var serviceResource = corev1.Resource("services")

// A claim is that a Service names a floating IP, for a time.
type claim struct {
	service  types.UID
	address  string
	born     time.Time // the Service
	from, to time.Time // to: zero while it lasts
}

func (a *api) rough(of int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roughness = of
}

// read is a copy of a Service; nil: there is none.
func (a *api) read(name types.NamespacedName) *corev1.Service {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.services[name].DeepCopy()
}

// list are copies of all Services, in order.
func (a *api) list() []*corev1.Service {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []*corev1.Service
	for _, svc := range a.services {
		all = append(all, svc.DeepCopy())
	}
	slices.SortFunc(all, func(x, y *corev1.Service) int { return strings.Compare(x.Namespace+"/"+x.Name, y.Namespace+"/"+y.Name) })
	return all
}

// create stores a Service that its author applies, if admission lets it.
func (a *api) create(ctx context.Context, svc *corev1.Service) error {
	name := client.ObjectKeyFromObject(svc)
	if a.read(name) != nil {
		return apierrors.NewAlreadyExists(serviceResource, svc.Name)
	}
	svc = svc.DeepCopy()
	a.mu.Lock()
	a.born++
	svc.UID = types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", a.born))
	a.mu.Unlock()
	svc.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
	return a.admitted(ctx, nil, svc)
}

// edit changes a Service as its author wants, if admission lets it.
func (a *api) edit(ctx context.Context, name types.NamespacedName, change func(*corev1.Service)) error {
	for range 5 {
		old := a.read(name)
		if old == nil {
			return apierrors.NewNotFound(serviceResource, name.Name)
		}
		svc := old.DeepCopy()
		change(svc)
		if err := a.admitted(ctx, old, svc); !apierrors.IsConflict(err) {
			return err
		}
	}
	return apierrors.NewConflict(serviceResource, name.Name, errors.New("it changes all the time"))
}

// admitted stores svc in the place of old, as the API server does: the mutating webhook
// is asked, a ClusterIP is allocated, the validating webhook is asked.
func (a *api) admitted(ctx context.Context, old, svc *corev1.Service) error {
	asked := concerns(old, svc)
	if asked {
		mutated, err := a.w.mutate(ctx, old, svc)
		if err != nil {
			return err
		}
		svc = mutated
	}
	a.allocate(svc)
	if asked {
		if err := a.w.validate(ctx, old, svc); err != nil {
			a.free(svc)
			return err
		}
	}
	return a.store(old, svc)
}

// concerns reports whether the matchConditions of the webhooks let a Service through.
func concerns(old, svc *corev1.Service) bool {
	if !svc.DeletionTimestamp.IsZero() || svc.Spec.Type == corev1.ServiceTypeExternalName || svc.Spec.ClusterIP == corev1.ClusterIPNone {
		return false
	}
	return old == nil || !equality.Semantic.DeepEqual(old.Spec, svc.Spec) || !equality.Semantic.DeepEqual(understood(old), understood(svc))
}

// understood are the annotations that octagate reads.
func understood(svc *corev1.Service) map[string]string {
	all := map[string]string{}
	for key, value := range svc.Annotations {
		if strings.HasPrefix(key, "octagate.dev/") {
			all[key] = value
		}
	}
	return all
}

// allocate gives svc the lowest address that is free, of each of its families: one that was
// given back is soon somebody else's.
func (a *api) allocate(svc *corev1.Service) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if svc.Spec.ClusterIP != "" || svc.Spec.Type == corev1.ServiceTypeExternalName {
		return
	}
	for _, family := range svc.Spec.IPFamilies {
		svc.Spec.ClusterIPs = append(svc.Spec.ClusterIPs, a.lowest(family))
	}
	for _, ip := range svc.Spec.ClusterIPs {
		a.addresses[ip] = client.ObjectKeyFromObject(svc)
	}
	svc.Spec.ClusterIP = svc.Spec.ClusterIPs[0]
}

// lowest is the lowest ClusterIP that is free. It is called with the lock.
func (a *api) lowest(family corev1.IPFamily) string {
	format := map[corev1.IPFamily]string{corev1.IPv4Protocol: "10.2.0.%d", corev1.IPv6Protocol: "fd00:2::%x"}[family]
	for i := 10; ; i++ {
		ip := fmt.Sprintf(format, i)
		if _, taken := a.addresses[ip]; !taken {
			return ip
		}
	}
}

// free gives addresses back that the stored Service does not have.
func (a *api) free(svc *corev1.Service) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kept []string
	if stored := a.services[client.ObjectKeyFromObject(svc)]; stored != nil {
		kept = stored.Spec.ClusterIPs
	}
	a.release(svc, kept)
}

// release gives the addresses of a Service back, but for some. It is called with the lock.
func (a *api) release(svc *corev1.Service, but []string) {
	for _, ip := range svc.Spec.ClusterIPs {
		if !slices.Contains(but, ip) {
			delete(a.addresses, ip)
		}
	}
}

// store keeps svc in the place of old, unless that has changed meanwhile.
func (a *api) store(old, svc *corev1.Service) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := client.ObjectKeyFromObject(svc)
	stored := a.services[name]
	if (stored == nil) != (old == nil) || stored != nil && (stored.ResourceVersion != old.ResourceVersion || stored.UID != old.UID) {
		return apierrors.NewConflict(serviceResource, svc.Name, errors.New("the object has been modified"))
	}
	if old != nil {
		a.release(old, svc.Spec.ClusterIPs)
	}
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
		svc.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	}
	if !svc.DeletionTimestamp.IsZero() && len(svc.Finalizers) == 0 {
		a.remove(name)
		a.w.abandoned(svc)
		a.remember(svc, true)
		return nil
	}
	a.keep(name, svc)
	return nil
}

// keep stores a Service and tells. It is called with the lock.
func (a *api) keep(name types.NamespacedName, svc *corev1.Service) {
	a.versions++
	svc.ResourceVersion = fmt.Sprint(a.versions)
	old := a.services[name]
	a.services[name] = svc
	a.claimed(svc)
	a.remember(svc, false)
	a.tell(event{name: name, old: old.DeepCopy(), service: svc.DeepCopy()})
}

// remove forgets a Service and tells. It is called with the lock.
func (a *api) remove(name types.NamespacedName) {
	old := a.services[name]
	a.release(old, nil)
	delete(a.services, name)
	a.unclaimed(old.UID, "")
	a.remember(old, true)
	a.tell(event{name: name, old: old.DeepCopy()})
}

// A version is a Service as its author wants it.
type version struct {
	service *corev1.Service
	since   time.Time
	gone    bool // it is deleted, or being deleted
}

// remember takes note of a Service when its author has changed it.
func (a *api) remember(svc *corev1.Service, gone bool) {
	last := a.last[svc.UID]
	now := version{svc.DeepCopy(), time.Now(), gone || !svc.DeletionTimestamp.IsZero()}
	if svc.Annotations[forced] == early {
		delete(a.last, svc.UID) // nobody can know what its author wanted
		return
	}
	if now.gone && last.service != nil {
		now.since = last.since
	}
	if last.service == nil || now.gone != last.gone || !equality.Semantic.DeepEqual(last.service.Spec, svc.Spec) || !equality.Semantic.DeepEqual(understood(last.service), understood(svc)) {
		a.last[svc.UID] = now
	}
}

func (a *api) tell(e event) {
	for _, c := range a.watchers {
		c.post(e)
	}
}

// delete deletes a Service, at once if nobody's finalizer holds it.
func (a *api) delete(name types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	svc := a.services[name].DeepCopy()
	switch {
	case svc == nil:
	case len(svc.Finalizers) == 0:
		a.remove(name)
		a.w.abandoned(svc)
	case svc.DeletionTimestamp.IsZero():
		svc.DeletionTimestamp = new(metav1.Now())
		a.keep(name, svc)
		a.w.bid(svc)
	}
}

// claimed takes note of the floating IP that svc names. What is kept for another namespace
// it does not claim by that.
func (a *api) claimed(svc *corev1.Service) {
	address := wish(svc)
	if address == floating[len(floating)-1] && svc.Namespace != keeper {
		address = ""
	}
	a.unclaimed(svc.UID, address)
	if address == "" || slices.ContainsFunc(a.claims, func(c *claim) bool { return c.service == svc.UID && c.to.IsZero() }) {
		return
	}
	a.claims = append(a.claims, &claim{service: svc.UID, address: address, born: svc.CreationTimestamp.Time, from: time.Now()})
}

// unclaimed ends the claims of a Service, but for one.
func (a *api) unclaimed(service types.UID, but string) {
	for _, c := range a.claims {
		if c.service == service && c.address != but && c.to.IsZero() {
			c.to = time.Now()
		}
	}
}

// wish is the floating IP that a Service names, as the reference has it; empty: none.
func wish(svc *corev1.Service) string {
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer || svc.Spec.LoadBalancerClass != nil || svc.Annotations["octagate.dev/internal"] == "true" || !svc.DeletionTimestamp.IsZero() {
		return ""
	}
	return cmp.Or(svc.Annotations[prefix+"load-balancer-ip"], svc.Spec.LoadBalancerIP)
}

// patch is octagate's own write to a Service, or to its status.
func (a *api) patch(ctx context.Context, svc *corev1.Service, p client.Patch, status bool) error {
	data, err := p.Data(svc)
	if err != nil {
		return err
	}
	old := a.read(client.ObjectKeyFromObject(svc))
	if old == nil {
		return apierrors.NewNotFound(serviceResource, svc.Name)
	}
	patched, err := patched(old, p.Type(), data)
	switch {
	case err != nil:
		return err
	case patched.ResourceVersion != old.ResourceVersion || patched.UID != old.UID:
		return apierrors.NewConflict(serviceResource, svc.Name, errors.New("the object has been modified"))
	case status:
		now := old.DeepCopy()
		now.Status = patched.Status
		err = a.store(old, now)
		*patched = *now
	default:
		patched.Status = old.Status
		err = a.admitted(ctx, old, patched)
	}
	if now := a.read(client.ObjectKeyFromObject(svc)); err == nil && now != nil {
		*svc = *now
	}
	return err
}

func patched(old *corev1.Service, how types.PatchType, data []byte) (*corev1.Service, error) {
	before, err := json.Marshal(old)
	if err != nil {
		return nil, err
	}
	var after []byte
	switch how {
	case types.MergePatchType:
		after, err = jsonpatch.MergePatch(before, data)
	case types.StrategicMergePatchType:
		after, err = strategicpatch.StrategicMergePatch(before, data, corev1.Service{})
	default:
		err = fmt.Errorf("a patch of type %s", how)
	}
	if err != nil {
		return nil, err
	}
	svc := &corev1.Service{}
	return svc, json.Unmarshal(after, svc)
}

// expose stores the endpoints of a Service.
func (a *api) expose(name types.NamespacedName, all []*discoveryv1.EndpointSlice) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slices[name] = all // nobody changes them
	a.tell(event{name: name, endpoints: true, slices: all})
}
