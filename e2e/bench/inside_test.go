package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/openstack"
)

// A shelf holds Services and EndpointSlices, in place of an API server and a cache.
type shelf struct {
	client.Client // what nobody calls
	services      map[string]*corev1.Service
	slices        map[string]*discoveryv1.EndpointSlice // by the name of their Service
	writes        map[string]int                        // to the API server, by what is written
}

// List implements client.Reader, for the EndpointSlices of one Service.
func (s *shelf) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(options)
	of, _ := asked.LabelSelector.RequiresExactMatch(discoveryv1.LabelServiceName)
	if slice := s.slices[of]; slice != nil {
		list := into.(*discoveryv1.EndpointSliceList)
		list.Items = append(list.Items, *slice)
	}
	return nil
}

// Patch implements client.Writer.
func (s *shelf) Patch(_ context.Context, o client.Object, p client.Patch, _ ...client.PatchOption) error {
	return s.write("services", o, p)
}

func (s *shelf) write(what string, o client.Object, p client.Patch) error {
	s.writes[what]++
	if _, err := p.Data(o); err != nil {
		return err
	}
	return s.keep(o.(*corev1.Service))
}

// keep stores a Service. One that leaves goes when nobody holds it any more.
func (s *shelf) keep(svc *corev1.Service) error {
	if s.services[svc.Name] = svc.DeepCopy(); !svc.DeletionTimestamp.IsZero() && len(svc.Finalizers) == 0 {
		delete(s.services, svc.Name)
	}
	return nil
}

// Status implements client.StatusClient.
func (s *shelf) Status() client.SubResourceWriter { return statuses{shelf: s} }

type statuses struct {
	client.SubResourceWriter
	shelf *shelf
}

// Patch implements client.SubResourceWriter.
func (s statuses) Patch(_ context.Context, o client.Object, p client.Patch, _ ...client.SubResourcePatchOption) error {
	return s.shelf.write("services/status", o, p)
}

// Eventf implements events.EventRecorder.
func (s *shelf) Eventf(_, _ runtime.Object, _, _, _, _ string, _ ...any) { s.writes["events"]++ }

var _ events.EventRecorder = &shelf{}

// An inside is octagate without a process: what reconciles, with a cloud whose time passes
// when it is told to. Nothing happens by itself, so that everything can be counted.
type inside struct {
	*testing.T
	cloud  *emulator.Cloud
	clock  *emulator.Clock
	nets   emulator.Networks
	shelf  *shelf
	client *openstack.Client
	watch  *openstack.Watch
	of     *reconcile.Reconciler
	canned map[string][]byte // answers by URL, where the cloud itself is not asked any more; nil: it is
	born   int
}

func newInside(t *testing.T) *inside {
	ctrllog.SetLogger(logr.Discard()) // without one, every logger is kept until there is
	in := &inside{T: t, clock: emulator.NewClock(), shelf: &shelf{
		services: map[string]*corev1.Service{}, slices: map[string]*discoveryv1.EndpointSlice{}, writes: map[string]int{},
	}}
	in.cloud = emulator.New(emulator.Options{Clock: in.clock, Pending: time.Second, Seed: 1})
	in.nets = in.cloud.LayTwoSubnets()
	in.start()
	return in
}

// start is a new octagate, which knows nothing yet.
func (in *inside) start() {
	in.Helper()
	var err error
	if in.client, err = clientOf(in.cloud, "http://cloud.example.org"); err != nil {
		in.Fatal(err)
	}
	in.client.Now = in.clock.Now
	in.client.Through(in)
	known := &openstack.Facts{
		Client: in.client, Cluster: "bench", Refresh: time.Hour, Log: logr.Discard(),
		ServiceSubnets: []string{in.nets.ServiceSubnet}, PodSubnets: []string{in.nets.PodSubnet},
	}
	if _, errs := known.Look(in.Context()); len(errs) > 0 {
		in.Fatal(errs)
	}
	in.watch = &openstack.Watch{Client: in.client, Facts: known, Cluster: "bench", Idle: time.Hour, Log: logr.Discard()}
	in.of = &reconcile.Reconciler{
		Cluster: "bench", System: "system", Policy: policyOf(in.nets), Facts: alone{known}, Cloud: in.watch, Mend: time.Minute, Client: in.shelf, Events: in.shelf,
	}
}

// RoundTrip implements http.RoundTripper: the way to the cloud, without a network.
func (in *inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if body, there := in.canned[r.URL.String()]; there && r.Method == http.MethodGet {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
	}
	w := httptest.NewRecorder()
	in.cloud.ServeHTTP(w, asked(r))
	if in.canned != nil && r.Method == http.MethodGet {
		in.canned[r.URL.String()] = bytes.Clone(w.Body.Bytes())
	}
	response := w.Result()
	response.Request = r
	return response, nil
}

// asked is a request as a server sees it.
func asked(r *http.Request) *http.Request {
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	seen := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), body)
	seen.Header = r.Header
	return seen
}

// apply makes so many Services, each with endpoints.
func (in *inside) apply(n int) {
	for range n {
		in.born++
		svc := member(name(in.born))
		svc.UID, svc.Generation = types.UID(fmt.Sprint("uid-", in.born)), 1
		svc.ResourceVersion = "1" // nobody else writes
		svc.Spec.Type, svc.Spec.ClusterIP = corev1.ServiceTypeClusterIP, fmt.Sprintf("10.2.%d.%d", in.born/200%100, 10+in.born%200)
		svc.Spec.ClusterIPs = []string{svc.Spec.ClusterIP}
		in.shelf.services[svc.Name] = svc
		in.shelf.slices[svc.Name] = slice(in.born, 0)
	}
}

// move gives the Services up to a number another endpoint.
func (in *inside) move(last, variant int) {
	for i := range last + 1 {
		if in.shelf.services[name(i)] != nil {
			in.shelf.slices[name(i)] = slice(i, variant)
		}
	}
}

// remove has all Services leave.
func (in *inside) remove() {
	for _, svc := range in.shelf.services {
		svc.DeletionTimestamp = new(metav1.NewTime(in.clock.Now()))
	}
}

// settle reconciles all Services again and again, with time between, until nothing is to
// be done.
func (in *inside) settle(done func(*corev1.Service) bool) {
	in.Helper()
	for range 20 {
		in.look()
		in.reconcile()
		if !slices.ContainsFunc(slices.Collect(maps.Values(in.shelf.services)), func(svc *corev1.Service) bool { return !done(svc) }) {
			return
		}
		in.clock.Pass(time.Minute)
	}
	for _, svc := range in.shelf.services {
		if !done(svc) {
			in.Fatalf("%s does not come to rest: %v", svc.Name, svc.Status.Conditions)
		}
	}
}

// rest looks at the cloud again and again, while nothing happens.
func (in *inside) rest() {
	in.Helper()
	for range 20 {
		in.look()
	}
}

// look is one look at the cloud.
func (in *inside) look() {
	in.Helper()
	if err := in.watch.Look(in.Context()); err != nil {
		in.Fatal(err)
	}
}

// leave has those Services go that are on their way out.
func (in *inside) leave() { in.settle(func(*corev1.Service) bool { return false }) }

// reconcile reconciles each Service once, in order.
func (in *inside) reconcile() {
	in.Helper()
	for _, key := range slices.Sorted(maps.Keys(in.shelf.services)) {
		if _, err := in.of.Reconcile(in.Context(), in.shelf.services[key].DeepCopy()); err != nil {
			in.Fatal(err)
		}
	}
}

func ready(svc *corev1.Service) bool {
	return apimeta.IsStatusConditionTrue(svc.Status.Conditions, reconcile.Ready)
}

// A cost is what something took, by kind.
type cost struct {
	calls  map[string]int // to the cloud
	rows   map[string]int // that lists answered
	writes map[string]int // to the API server
}

// since is what it took since the last time somebody looked.
func (in *inside) since() cost {
	c := cost{in.cloud.Counts(), in.cloud.Rows(), in.shelf.writes}
	in.cloud.ResetTranscript()
	in.shelf.writes = map[string]int{}
	return c
}
