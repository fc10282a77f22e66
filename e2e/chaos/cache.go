package chaos

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
)

// An event is a change that the API server tells who watches.
type event struct {
	name         types.NamespacedName
	old, service *corev1.Service // service: nil when it is gone
	endpoints    bool            // it is the EndpointSlices that have changed
	slices       []*discoveryv1.EndpointSlice
	all          *listing // in place of all that: what there is
}

// A listing is everything there is at a moment.
type listing struct {
	services map[types.NamespacedName]*corev1.Service
	slices   map[types.NamespacedName][]*discoveryv1.EndpointSlice
}

// A cache is what one octagate knows of the cluster: the truth, some time ago.
type cache struct {
	client.Client // what nobody calls
	o             *octagate
	events        chan event
	deaf          bool // its watch is lost, and nobody has noticed yet; guarded by the api
	stubborn      bool // it never notices

	mu     sync.Mutex
	known  listing
	synced bool
}

// newCache is a cache that begins to watch.
func newCache(o *octagate) *cache {
	c := &cache{o: o, events: make(chan event, 1<<14), known: listing{map[types.NamespacedName]*corev1.Service{}, map[types.NamespacedName][]*discoveryv1.EndpointSlice{}}}
	c.deaf = true
	a := o.w.api
	a.mu.Lock()
	a.watchers = append(a.watchers, c)
	a.mu.Unlock()
	c.hear()
	return c
}

// post is told of a change. It is called with the api's lock.
func (c *cache) post(e event) {
	if !c.deaf && !c.o.dead.Load() {
		c.events <- e
	}
}

// hear has it notice that its watch is lost: it lists everything and watches again.
func (c *cache) hear() {
	a := c.o.w.api
	a.mu.Lock()
	defer a.mu.Unlock()
	if !c.deaf || c.stubborn {
		return
	}
	all := &listing{map[types.NamespacedName]*corev1.Service{}, map[types.NamespacedName][]*discoveryv1.EndpointSlice{}}
	for name, svc := range a.services {
		all.services[name] = svc.DeepCopy()
	}
	maps.Copy(all.slices, a.slices)
	c.deaf = false
	c.post(event{all: all})
}

// lose has it lose its watch, and not know.
func (c *cache) lose() {
	a := c.o.w.api
	a.mu.Lock()
	defer a.mu.Unlock()
	c.deaf = true
}

// run takes note of what is told, each a moment later, until ctx ends.
func (c *cache) run(ctx context.Context) {
	for n := 0; ; n++ {
		var e event
		select {
		case <-ctx.Done():
			return
		case e = <-c.events:
		}
		if !rest(ctx, c.o.w.instant(20*time.Millisecond, "event", c.o.number, n)) {
			return
		}
		if e.all != nil {
			c.relist(e.all)
			continue
		}
		c.apply(e)
	}
}

// relist takes note of everything, and tells of all that has changed.
func (c *cache) relist(all *listing) {
	c.mu.Lock()
	before := c.known
	c.known, c.synced = *all, true
	c.mu.Unlock()
	for _, name := range keys(before.services, all.services) {
		c.o.changed(name, before.services[name], all.services[name])
	}
	for _, name := range keys(before.slices, all.slices) {
		c.o.touched(name)
	}
}

func (c *cache) apply(e event) {
	c.mu.Lock()
	old := c.known.services[e.name]
	switch {
	case e.endpoints:
		c.known.slices[e.name] = e.slices
	case e.service == nil:
		delete(c.known.services, e.name)
	default:
		c.known.services[e.name] = e.service
	}
	c.mu.Unlock()
	if e.endpoints {
		c.o.touched(e.name)
		return
	}
	c.o.changed(e.name, old, e.service)
}

// keys are the names in either of two maps, in order.
func keys[V any](a, b map[types.NamespacedName]V) []types.NamespacedName {
	var all []types.NamespacedName
	for name := range a {
		all = append(all, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, func(x, y types.NamespacedName) int { return strings.Compare(x.String(), y.String()) })
	return all
}

// service is a copy of what is known of a Service; nil: there is none.
func (c *cache) service(name types.NamespacedName) *corev1.Service {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known.services[name].DeepCopy()
}

// named is the Service that has a UID.
func (c *cache) named(uid types.UID) (types.NamespacedName, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, svc := range c.known.services {
		if svc.UID == uid {
			return name, true
		}
	}
	return types.NamespacedName{}, false
}

// List implements client.Reader as far as octagate lists.
func (c *cache) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(opts)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch list := list.(type) {
	case *discoveryv1.EndpointSliceList:
		for name, all := range c.known.slices {
			for _, slice := range all {
				if name.Namespace == o.Namespace && o.LabelSelector.Matches(labels.Set(slice.Labels)) {
					list.Items = append(list.Items, *slice.DeepCopy())
				}
			}
		}
	case *corev1.ServiceList:
		for _, svc := range c.known.services {
			if uid, by := o.FieldSelector.RequiresExactMatch("metadata.uid"); by && string(svc.UID) == uid {
				list.Items = append(list.Items, *svc.DeepCopy())
			}
		}
	default:
		return fmt.Errorf("listing a %T", list)
	}
	return nil
}

// Patch implements client.Writer: what octagate writes goes to the API server.
func (c *cache) Patch(ctx context.Context, o client.Object, p client.Patch, _ ...client.PatchOption) error {
	return c.o.write(ctx, o.(*corev1.Service), p, false)
}

// Status implements client.StatusClient.
func (c *cache) Status() client.SubResourceWriter { return statuses{o: c.o} }

// statuses write the status of Services.
type statuses struct {
	client.SubResourceWriter
	o *octagate
}

// Patch implements client.SubResourceWriter.
func (s statuses) Patch(ctx context.Context, o client.Object, p client.Patch, _ ...client.SubResourcePatchOption) error {
	return s.o.write(ctx, o.(*corev1.Service), p, true)
}

// truth reads from the API server itself, as far as the Collector does.
type truth struct {
	client.Reader
	o *octagate
}

// Get implements client.Reader.
func (l truth) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	namespace, ok := o.(*metav1.PartialObjectMetadata)
	if !ok || key.Name != metav1.NamespaceSystem {
		return fmt.Errorf("reading a %T", o)
	}
	namespace.UID = system
	return l.o.roughly("GET")
}

// List implements client.Reader.
func (l truth) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	all, ok := list.(*metav1.PartialObjectMetadataList)
	if !ok {
		return fmt.Errorf("listing a %T", list)
	}
	for _, svc := range l.o.w.api.list() {
		all.Items = append(all.Items, metav1.PartialObjectMetadata{ObjectMeta: svc.ObjectMeta})
	}
	return l.o.roughly("LIST")
}

// write is octagate's write to the API server, with all that can happen to one.
func (o *octagate) write(ctx context.Context, svc *corev1.Service, p client.Patch, status bool) error {
	who := client.ObjectKeyFromObject(svc).String()
	n := o.w.count("write " + who)
	if !rest(ctx, o.w.instant(20*time.Millisecond, "write", who, n)) || o.dead.Load() {
		return context.Canceled
	}
	o.w.api.mu.Lock()
	rough := o.w.luck(1000, "rough", who, n) < o.w.api.roughness
	o.w.api.mu.Unlock()
	kind := o.w.luck(3, "roughness", who, n)
	switch {
	case rough && kind == 0:
		return apierrors.NewConflict(serviceResource, svc.Name, fmt.Errorf("as it happens"))
	case rough && kind == 1:
		return apierrors.NewTimeoutError("nobody knows whether it was written", 1)
	}
	err := o.w.api.patch(ctx, svc, p, status)
	o.w.note("octagate %d writes %s (status %t): %v", o.number, svc.Name, status, err)
	if rough && err == nil {
		return apierrors.NewTimeoutError("it was written", 1)
	}
	return err
}

// roughly is an error of the API server, now and then.
func (o *octagate) roughly(verb string) error {
	n := o.w.count(verb)
	o.w.api.mu.Lock()
	defer o.w.api.mu.Unlock()
	if o.dead.Load() || o.w.luck(1000, verb, n) < o.w.api.roughness {
		return apierrors.NewServerTimeout(serviceResource, verb, 1)
	}
	return nil
}

// rest waits; false: ctx has ended.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// claims are who names which floating IP, as far as the cache knows.
func (c *cache) claims(cfg policy.Config) map[netip.Addr][]facts.Claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[netip.Addr][]facts.Claim{}
	for name, svc := range c.known.services {
		if address, claims := policy.Claim(cfg, svc); claims {
			all[address] = append(all[address], facts.Claim{Service: svc.UID, Name: name.String(), Since: svc.CreationTimestamp.Time})
		}
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b facts.Claim) int {
			if n := a.Since.Compare(b.Since); n != 0 {
				return n
			}
			return strings.Compare(string(a.Service), string(b.Service))
		})
	}
	return all
}
