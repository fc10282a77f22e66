package main

import (
	"context"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/openstack"
)

// known joins what is known of the cloud with what is known of the cluster.
type known struct {
	cloud   *openstack.Facts
	cluster client.Reader // nil: the configuration says what there is to know
	claims  *claims
	system  types.UID // of the cluster
}

func (k known) Known(ctx context.Context) facts.Snapshot { return k.with(ctx, k.cloud.Known()) }
func (k known) Fresh(ctx context.Context, asked facts.Question) facts.Snapshot {
	return k.with(ctx, k.cloud.Fresh(ctx, asked))
}

// with adds the ServiceCIDR objects, from the cache, and who claims which floating IP.
func (k known) with(ctx context.Context, s facts.Snapshot) facts.Snapshot {
	s.Claims = k.claims.now()
	if k.cluster == nil {
		return s
	}
	var objects networkingv1.ServiceCIDRList
	if err := k.cluster.List(ctx, &objects); err != nil {
		ctrl.LoggerFrom(ctx).V(1).Info("ServiceCIDRs are not known", "reason", err.Error())
		return s
	}
	s.ServiceCIDRs = cidrs(objects.Items)
	return s
}
