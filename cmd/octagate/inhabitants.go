package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/cmd/octagate/preflight"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/ground"
)

// inhabitants is the cluster that is on the ground, as far as there is one and it answers.
func inhabitants(ctx context.Context, p policy.Config) preflight.Cluster {
	ctx, cancel := context.WithTimeout(ctx, clusterPatience)
	defer cancel()
	config, err := cluster()
	if clientcmd.IsEmptyConfig(errors.Unwrap(err)) {
		return uninhabited(errors.New("there is no cluster yet (or KUBECONFIG does not name it)"))
	}
	if err != nil {
		return uninhabited(err)
	}
	api, err := client.New(config, client.Options{})
	if err != nil {
		return uninhabited(err)
	}
	c := preflight.Cluster{ServiceCIDRs: ranges(ctx, api), Services: services(ctx, api, p), Pods: pods(ctx, api)}
	c.System = fact(reconcile.System(ctx, api))
	return c
}

// uninhabited is a cluster of which nothing is known.
func uninhabited(why error) preflight.Cluster {
	return preflight.Cluster{
		System: fact(types.UID(""), why), ServiceCIDRs: fact[[]netip.Prefix](nil, why),
		Services: fact[[]preflight.Service](nil, why), Pods: fact[[]preflight.Pod](nil, why),
	}
}

// fact is what was read, or why it could not be.
func fact[T any](v T, err error) ground.Fact[T] {
	if err != nil {
		return ground.Unknown[T](err.Error())
	}
	return ground.Known(v)
}

// ranges are where ClusterIPs come from. ServiceCIDRs came with Kubernetes 1.33.
func ranges(ctx context.Context, api client.Reader) ground.Fact[[]netip.Prefix] {
	var objects networkingv1.ServiceCIDRList
	if err := api.List(ctx, &objects); err != nil {
		return ground.Unknown[[]netip.Prefix](fmt.Sprintf("reading ServiceCIDRs: %s", err))
	}
	return ground.Known(cidrs(objects.Items))
}

// services are those of the cluster, as policy understands them.
func services(ctx context.Context, api client.Reader, p policy.Config) ground.Fact[[]preflight.Service] {
	var objects corev1.ServiceList
	if err := api.List(ctx, &objects); err != nil {
		return ground.Unknown[[]preflight.Service](fmt.Sprintf("reading Services: %s", err))
	}
	all := []preflight.Service{}
	for _, svc := range objects.Items {
		all = append(all, service(&svc, p))
	}
	return ground.Known(all)
}

func service(svc *corev1.Service, p policy.Config) preflight.Service {
	v := policy.Evaluate(p, policy.Subject{Service: svc}, facts.Snapshot{})
	s := preflight.Service{
		Name: svc.Namespace + "/" + svc.Name, UID: svc.UID,
		Balanced: v.Managed && len(v.Intent.Listeners) > 0 && svc.DeletionTimestamp == nil,
		Pool:     v.Intent.ExternalIP.Method == policy.Pool,
	}
	if v.Intent.ExternalIP.Method == policy.User {
		s.Requested = v.Intent.ExternalIP.Address
	}
	for _, text := range addressesOf(svc) {
		if a, err := netip.ParseAddr(text); err == nil {
			s.VIPs = append(s.VIPs, a)
		}
	}
	return s
}

// mostPods is how many Pods are looked at: as many as tell where all of them are.
const mostPods = 500

// pods are some of the cluster's that have an address of their own.
func pods(ctx context.Context, api client.Reader) ground.Fact[[]preflight.Pod] {
	var objects corev1.PodList
	if err := api.List(ctx, &objects, client.Limit(mostPods)); err != nil {
		return ground.Unknown[[]preflight.Pod](fmt.Sprintf("reading Pods: %s", err))
	}
	all := []preflight.Pod{}
	for _, pod := range objects.Items {
		for _, ip := range pod.Status.PodIPs {
			a, err := netip.ParseAddr(ip.IP)
			if err == nil && !pod.Spec.HostNetwork && pod.Status.Phase == corev1.PodRunning {
				all = append(all, preflight.Pod{Name: pod.Namespace + "/" + pod.Name, Address: a})
			}
		}
	}
	return ground.Known(all)
}
