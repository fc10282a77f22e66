// Package guard keeps from Services the addresses that Neutron has given to others.
//
// A ClusterIP becomes a VIP, but the API server hands ClusterIPs out without asking
// Neutron. Where somebody else has an address of the service ranges there, an IPAddress
// of ours takes it, so that the API server chooses another. They come and go with what is
// known. An IPAddress that is not ours is never touched, and no Service loses its address.
package guard

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy/facts"
)

// Facts is what is known of the cloud and the cluster.
type Facts interface {
	Known(context.Context) facts.Snapshot
}

// A Guard holds addresses, on the leader.
type Guard struct {
	Facts   Facts
	Cluster string         // its name in the cloud, which marks what is held
	Ranges  []netip.Prefix // of Services; empty: what is known of the cluster
	Subnets []string       // IDs of the subnets of VIPs
	Off     bool           // only lets go of what is held
	Every   time.Duration  // between looks when nobody asks for one
	Client  client.Client  // which reads IPAddresses from the API server, not from a cache
	Log     logr.Logger

	asked   chan struct{}
	trouble string // of the last pass
	excess  string // that was told
}

// New is g, ready to be asked.
func New(g Guard) *Guard {
	g.asked = make(chan struct{}, 1)
	return &g
}

// Look asks for a look at what is known by now. It waits for nobody.
func (g *Guard) Look() {
	select {
	case g.asked <- struct{}{}:
	default:
	}
}

// NeedLeaderElection is true: one replica is enough.
func (g *Guard) NeedLeaderElection() bool { return true }

// breath is how long facts that are renewed one after the other are waited for.
const breath = 200 * time.Millisecond

// Start looks again and again until ctx ends; not so where there is nothing to do, or
// the API server has no IPAddresses, as before Kubernetes 1.33.
func (g *Guard) Start(ctx context.Context) error {
	for {
		err := g.pass(ctx)
		g.tell(err)
		if apimeta.IsNoMatchError(err) || g.Off && err == nil || !g.rest(ctx) {
			return nil
		}
	}
}

// rest waits for the next look; false: ctx has ended.
func (g *Guard) rest(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-g.asked:
	case <-time.After(g.Every):
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(breath):
		return true
	}
}

// tell logs a trouble once.
func (g *Guard) tell(err error) {
	trouble := fmt.Sprint(err)
	if err != nil && trouble != g.trouble {
		g.Log.Info("Addresses cannot be kept from Services, or given back", "reason", trouble)
	}
	g.trouble = trouble
}

// pass looks once, and changes what is to be changed.
func (g *Guard) pass(ctx context.Context) error {
	var ours networkingv1.IPAddressList
	if err := g.Client.List(ctx, &ours, client.MatchingLabels{
		networkingv1.LabelManagedBy: manager, clusterLabel: g.Cluster,
	}); err != nil {
		return fmt.Errorf("listing IPAddresses: %w", err)
	}
	taken, err := g.taken(ctx)
	if err != nil {
		return err
	}
	held := claims(ours.Items)
	if g.Off {
		return g.release(ctx, ours.Items, sorted(held))
	}
	ground := g.survey(ctx)
	g.complain(ground.Excess)
	change := Diff(ground, held, taken)
	return errors.Join(g.release(ctx, ours.Items, change.Release), g.hold(ctx, change.Hold))
}

// survey is the ground as it is known now.
func (g *Guard) survey(ctx context.Context) Ground {
	known := g.Facts.Known(ctx)
	ranges := g.Ranges
	if len(ranges) == 0 {
		ranges = known.ServiceCIDRs
	}
	return Survey(ranges, g.Subnets, known)
}

// complain logs once that a pool is too large.
func (g *Guard) complain(excess []facts.Span) {
	told := fmt.Sprint(excess)
	if len(excess) > 0 && told != g.excess {
		g.Log.Info("Neutron hands out too much of the service range to be kept from Services; move the allocation pool", "addresses", excess)
	}
	g.excess = told
}

// taken are the addresses of Services.
func (g *Guard) taken(ctx context.Context) (map[netip.Addr]bool, error) {
	var services corev1.ServiceList
	if err := g.Client.List(ctx, &services, client.UnsafeDisableDeepCopy); err != nil { // they are only read
		return nil, fmt.Errorf("listing Services: %w", err)
	}
	all := map[netip.Addr]bool{}
	for i := range services.Items {
		for _, ip := range services.Items[i].Spec.ClusterIPs {
			if a, err := netip.ParseAddr(ip); err == nil {
				all[a] = true
			}
		}
	}
	return all, nil
}

// release deletes those of our objects that have one of the addresses.
func (g *Guard) release(ctx context.Context, ours []networkingv1.IPAddress, addresses []netip.Addr) error {
	var errs []error
	var done []netip.Addr
	for i := range ours {
		a, err := netip.ParseAddr(ours[i].Name)
		if err != nil || !slices.Contains(addresses, a) {
			continue
		}
		if err := g.Client.Delete(ctx, &ours[i], client.Preconditions{UID: &ours[i].UID}); client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("deleting IPAddress %s: %w", a, err))
			continue
		}
		done = append(done, a)
	}
	g.changed("Services may have these addresses again", done)
	return errors.Join(errs...)
}

// hold creates our objects. Whoever was faster may have the address.
func (g *Guard) hold(ctx context.Context, holds []Hold) error {
	var errs []error
	var done []netip.Addr
	for _, h := range holds {
		switch err := g.Client.Create(ctx, g.object(h)); {
		case apierrors.IsAlreadyExists(err):
		case err != nil:
			errs = append(errs, fmt.Errorf("creating IPAddress %s: %w", h.Address, err))
		default:
			done = append(done, h.Address)
		}
	}
	g.changed("Others have these addresses in Neutron; Services will get none of them", done)
	return errors.Join(errs...)
}

// shown is how many addresses a line of the log has.
const shown = 10

func (g *Guard) changed(what string, addresses []netip.Addr) {
	if len(addresses) > 0 {
		g.Log.Info(what, "count", len(addresses), "first", addresses[:min(shown, len(addresses))])
	}
}
