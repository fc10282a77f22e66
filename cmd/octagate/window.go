package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
)

// A window is what somebody sees of a cloud and a cluster who changes nothing there.
type window struct {
	configuration Configuration
	cloud         *openstack.Client
	watch         *openstack.Watch
	reconciler    *reconcile.Reconciler // nil: there is no cluster
	services      []corev1.Service      // of the cluster
	slices        []discoveryv1.EndpointSlice
	blind         error   // why there is no cluster
	unknown       []error // what the cloud did not tell
}

// open looks at the cloud and the cluster, closely at the Service of a name if one is named.
func open(ctx context.Context, c Configuration, name string) (*window, error) {
	ctrl.SetLogger(logr.Discard()) // what libraries tell their logs is not for who looks
	w := &window{configuration: c}
	var err error
	if w.cloud, err = openstack.Configure(c.OpenStack.Cloud, openstack.Rate(c.OpenStack.RateLimit)); err != nil {
		return nil, err
	}
	w.cloud.Legacy, w.cloud.Opens, w.cloud.Adopts = c.legacy(), !*c.Octavia.Enforce, c.Octavia.Adopt == adoptKuryr
	w.blind = w.meet(ctx)
	w.watch = &openstack.Watch{Client: w.cloud, Facts: &openstack.Facts{}, Cluster: c.ClusterName, Idle: idle, Thorough: w.named(name)}
	if err := w.watch.Look(ctx); err != nil {
		return nil, fmt.Errorf("asking OpenStack: %w", err)
	}
	if w.blind == nil {
		w.blind = w.prepare(ctx)
	}
	return w, nil
}

// named tells whose tree is that of the Service of a name.
func (w *window) named(name string) func(octavia.Owner) bool {
	svc := w.service(name)
	return func(o octavia.Owner) bool { return svc != nil && o.UID == svc.UID }
}

// meet reads the cluster.
func (w *window) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, clusterPatience)
	defer cancel()
	api, err := dialCluster()
	if err != nil {
		return err
	}
	var services corev1.ServiceList
	var slices discoveryv1.EndpointSliceList
	if err := errors.Join(api.List(ctx, &services), api.List(ctx, &slices)); err != nil {
		return err
	}
	system, err := reconcile.System(ctx, api)
	if err != nil {
		return err
	}
	w.services, w.slices = services.Items, slices.Items
	w.reconciler = &reconcile.Reconciler{
		Cluster: w.configuration.ClusterName, System: system, Policy: w.configuration.policy(), Mend: w.configuration.Octavia.MendAfter.value(),
		Client: memory{api, w.slices},
	}
	return nil
}

// prepare gives the reconciler what it judges by.
func (w *window) prepare(ctx context.Context) error {
	k, unknown, err := look(ctx, w.configuration)
	w.reconciler.Cloud, w.reconciler.Facts, w.unknown = w.watch, settled(k.Facts), unknown
	return err
}

// tell writes what could not be seen.
func (w *window) tell(notes io.Writer) {
	if w.blind != nil {
		fmt.Fprintln(notes, "octagate: note: only what the cloud has is shown:", w.blind)
	}
	for _, err := range w.unknown {
		fmt.Fprintln(notes, "octagate: note:", err)
	}
}

// dialCluster is the API server.
func dialCluster() (client.Client, error) {
	config, err := cluster()
	if err != nil {
		return nil, err
	}
	return client.New(config, client.Options{})
}

// service is that of a name; nil: there is none.
func (w *window) service(name string) *corev1.Service {
	for i, s := range w.services {
		if s.Namespace+"/"+s.Name == name {
			return &w.services[i]
		}
	}
	return nil
}

// settled is facts that were learned once.
type settled facts.Snapshot

func (s settled) Known(context.Context) facts.Snapshot                 { return facts.Snapshot(s) }
func (s settled) Fresh(context.Context, facts.Question) facts.Snapshot { return facts.Snapshot(s) }

// A memory is an API server whose EndpointSlices were listed already.
type memory struct {
	client.Client
	slices []discoveryv1.EndpointSlice
}

func (m memory) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	into, ok := list.(*discoveryv1.EndpointSliceList)
	if !ok {
		return m.Client.List(ctx, list, options...)
	}
	var asked client.ListOptions
	asked.ApplyOptions(options)
	for _, s := range m.slices {
		if s.Namespace == asked.Namespace && (asked.LabelSelector == nil || asked.LabelSelector.Matches(labels.Set(s.Labels))) {
			into.Items = append(into.Items, s)
		}
	}
	return nil
}

// wellNamed refuses what is no name of a Service.
func wellNamed(name string) error {
	if namespace, short, ok := strings.Cut(name, "/"); !ok || namespace == "" || short == "" || strings.Contains(short, "/") {
		return fmt.Errorf("%q must be a Service as NAMESPACE/NAME, such as shop/web", name)
	}
	return nil
}

// missing is what is said of a Service that is nowhere.
func (w *window) missing(name string) error {
	if w.blind != nil {
		return fmt.Errorf("there is no load balancer of a Service %s in the cloud", name)
	}
	return fmt.Errorf("there is no Service %s in the cluster", name)
}
