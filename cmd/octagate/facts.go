package main

import (
	"context"
	"errors"
	"net/http"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/openstack"
)

// known joins what is known of the cloud with what is known of the cluster.
type known struct {
	cloud  *openstack.Facts
	ranges *clusterRanges // nil: the configuration says what there is to know
	claims *claims
	system types.UID // of the cluster

	followed []toolscache.ResourceEventHandlerRegistration // of those who keep what is known of the cluster
}

func (k known) Known(context.Context) facts.Snapshot { return k.with(k.cloud.Known()) }
func (k known) Fresh(ctx context.Context, asked facts.Question) facts.Snapshot {
	return k.with(k.cloud.Fresh(ctx, asked))
}

// with adds where ClusterIPs come from, and who claims which floating IP.
func (k known) with(s facts.Snapshot) facts.Snapshot {
	s.ServiceCIDRs, s.Claims = k.ranges.now(), k.claims.now()
	return s
}

// follow has somebody see objects of a kind as mgr's cache has them, and miss those that are
// gone.
func (k *known) follow(ctx context.Context, mgr ctrl.Manager, kind client.Object, see, miss func(any)) error {
	informer, err := mgr.GetCache().GetInformer(ctx, kind)
	if err != nil {
		return err
	}
	one, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: see, UpdateFunc: func(_, now any) { see(now) }, DeleteFunc: miss,
	})
	k.followed = append(k.followed, one)
	return err
}

// last is an object that is gone, as it was seen last.
func last(object any) any {
	if unknown, late := object.(toolscache.DeletedFinalStateUnknown); late {
		return unknown.Obj
	}
	return object
}

// errUnseen is why nobody should be sent here yet.
var errUnseen = errors.New("the cluster has not been seen yet")

// Ready is a readiness check. It fails until everything was seen that was there at first.
func (k known) Ready(*http.Request) error {
	for _, one := range k.followed {
		if !one.HasSynced() {
			return errUnseen
		}
	}
	return nil
}
