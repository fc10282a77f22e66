package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/testbed"
)

const (
	fleetNamespace = "fleet"
	endpoints      = 10 // of each Service
	hands          = 8  // that write to the API server at once
)

// A fleet is many Services with their EndpointSlices, which nobody makes from Pods.
type fleet struct {
	services int
	world    *testbed.World
	cloud    *emulator.Cloud
	client   client.WithWatch
}

// newFleet makes the EndpointSlices, and no Services yet.
func newFleet(ctx context.Context, w *testbed.World, services int) (*fleet, error) {
	config := rest.CopyConfig(w.Cluster.Config)
	config.ContentType, config.QPS = runtime.ContentTypeProtobuf, -1
	c, err := client.NewWithWatch(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	f := &fleet{services: services, world: w, cloud: w.Cloud.Emulator, client: c}
	if err := c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fleetNamespace}}); err != nil {
		return nil, fmt.Errorf("making a namespace: %w", err)
	}
	return f, f.each(services, func(i int) error { return c.Create(ctx, slice(i, 0)) })
}

// each does something for each number.
func (f *fleet) each(n int, do func(i int) error) error {
	var all errgroup.Group
	all.SetLimit(hands)
	for i := range n {
		all.Go(func() error { return do(i) })
	}
	return all.Wait()
}

// name is that of the Service of a number.
func name(number int) string { return fmt.Sprintf("web-%05d", number) }

// create creates all Services.
func (f *fleet) create(ctx context.Context) error {
	return f.each(f.services, func(i int) error { return f.client.Create(ctx, member(name(i))) })
}

// member is a Service of the fleet. It has no selector: nobody but us says who its
// endpoints are.
func member(name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: fleetNamespace, Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}},
	}
}

// slice has the endpoints of a Service. Each of four variants has another one first.
func slice(number, variant int) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: fleetNamespace, Name: name(number) + "-a",
			Labels: map[string]string{discoveryv1.LabelServiceName: name(number), discoveryv1.LabelManagedBy: "bench.octagate.dev"},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080)), Protocol: new(corev1.ProtocolTCP)}},
	}
	for i := range endpoints {
		last := 1 + i
		if i == 0 {
			last += 60 * variant
		}
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{fmt.Sprintf("10.1.%d.%d", number%250, last)}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
			NodeName: new("node-1"), TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: fleetNamespace, Name: fmt.Sprintf("%s-%d", name(number), i)},
		})
	}
	return s
}

// A sighting is who was seen ready.
type sighting struct {
	mu    sync.Mutex
	ready map[string]bool
	more  chan struct{}
}

// watch follows all Services of the fleet until ctx ends.
func (f *fleet) watch(ctx context.Context) *sighting {
	s := &sighting{ready: map[string]bool{}, more: make(chan struct{}, 1)}
	go func() {
		for ctx.Err() == nil {
			if err := f.follow(ctx, s); err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "scale:", err)
				_ = pause(ctx, time.Second) // which ends early only with ctx
			}
		}
	}()
	return s
}

// follow lists all Services and watches them, as long as the API server lets it.
func (f *fleet) follow(ctx context.Context, s *sighting) error {
	var all corev1.ServiceList
	if err := f.client.List(ctx, &all, client.InNamespace(fleetNamespace)); err != nil {
		return fmt.Errorf("listing Services: %w", err)
	}
	for i := range all.Items {
		s.see(&all.Items[i])
	}
	watching, err := f.client.Watch(ctx, &corev1.ServiceList{}, client.InNamespace(fleetNamespace),
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: all.ResourceVersion}})
	if err != nil {
		return fmt.Errorf("watching Services: %w", err)
	}
	defer watching.Stop()
	for event := range watching.ResultChan() {
		svc, is := event.Object.(*corev1.Service)
		if !is {
			return fmt.Errorf("watching Services: %v", event.Object)
		}
		s.see(svc)
	}
	return nil
}

func (s *sighting) see(svc *corev1.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready[svc.Name] || !apimeta.IsStatusConditionTrue(svc.Status.Conditions, "octagate.dev/Ready") {
		return
	}
	s.ready[svc.Name] = true
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// stalled is how long nothing may happen before nobody waits any longer.
const stalled = 2 * time.Minute

// await waits until so many were ready.
func (s *sighting) await(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		ready := len(s.ready)
		s.mu.Unlock()
		if ready >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.more:
		case <-time.After(stalled):
			return fmt.Errorf("only %d of %d became ready", ready, n)
		}
	}
}
