package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/cmd/octagate/check"
	"github.com/octagate/octagate/reconcile/openstack"
)

// look asks the cloud that c names, and the cluster if there is one, for all there is to
// know. What could not be learned is told by the notes.
func look(ctx context.Context, c Configuration) (k check.Knowledge, notes []error, err error) {
	k = check.New(time.Now())
	_, reader, err := clouds(c)
	if err != nil {
		return k, nil, err
	}
	asked := &openstack.Facts{Client: reader, Cluster: c.ClusterName, ServiceSubnets: c.Neutron.serviceSubnets(), PodSubnets: c.Neutron.podSubnets()}
	k.Facts, notes = asked.Look(ctx)
	if k.Facts.Kinds() == 0 {
		return k, nil, fmt.Errorf("asking OpenStack: %w", errors.Join(notes...))
	}
	if err := askCluster(ctx, c, &k); err != nil {
		notes = append(notes, fmt.Errorf("nothing is known of the cluster: %w", err))
	}
	return k, notes, nil
}

// clusterPatience is how long the API server may take.
const clusterPatience = 10 * time.Second

// askCluster learns the Services that are stored, what they claim, and where ClusterIPs
// come from.
func askCluster(ctx context.Context, c Configuration, k *check.Knowledge) error {
	ctx, cancel := context.WithTimeout(ctx, clusterPatience)
	defer cancel()
	config, err := cluster()
	if err != nil {
		return err
	}
	api, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	var services corev1.ServiceList
	var ranges networkingv1.ServiceCIDRList
	if err := errors.Join(api.List(ctx, &services), client.IgnoreNotFound(api.List(ctx, &ranges))); err != nil {
		return err
	}
	claimed := &claims{policy: c.policy()}
	k.Services = map[string]check.Stored{}
	for _, s := range services.Items {
		claimed.see(&s)
		k.Services[s.Namespace+"/"+s.Name] = check.Stored{UID: s.UID, ClusterIPs: addressesOf(&s)}
	}
	k.Facts.Claims, k.Facts.ServiceCIDRs = claimed.now(), cidrs(ranges.Items)
	return nil
}

// addressesOf are the ClusterIPs of a Service that has any.
func addressesOf(s *corev1.Service) []string {
	return slices.DeleteFunc(slices.Clone(s.Spec.ClusterIPs), func(a string) bool { return a == corev1.ClusterIPNone })
}

// cidrs are the ranges of ServiceCIDR objects.
func cidrs(objects []networkingv1.ServiceCIDR) []netip.Prefix {
	var all []netip.Prefix
	for _, o := range objects {
		for _, cidr := range o.Spec.CIDRs {
			if p, err := netip.ParsePrefix(cidr); err == nil {
				all = append(all, p)
			}
		}
	}
	return all
}
