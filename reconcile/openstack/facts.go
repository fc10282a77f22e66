package openstack

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"golang.org/x/sync/singleflight"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// Facts keeps what is known of the cloud, on every replica. It renews what it
// knows every Refresh, learns from each round of the Watch beside it, and forgets
// what is three times as old as Refresh, but not within a minute: an answer from
// before an outage is no answer.
type Facts struct {
	Client  *Client
	Refresh time.Duration
	Log     logr.Logger

	known   atomic.Pointer[facts.Snapshot]
	lookups singleflight.Group
}

// Known is what is known now, without asking anybody.
func (f *Facts) Known() facts.Snapshot {
	s := f.known.Load()
	if s == nil || time.Since(s.At) > max(3*f.Refresh, time.Minute) {
		return facts.Snapshot{}
	}
	return *s
}

// Fresh is what the cloud says now, or nothing if it does not answer before ctx
// ends. Callers at the same time share one look-up.
func (f *Facts) Fresh(ctx context.Context) facts.Snapshot {
	asked := f.lookups.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowest)
		defer cancel()
		return f.ask(ctx)
	})
	select {
	case <-ctx.Done():
		return facts.Snapshot{}
	case r := <-asked:
		s, _ := r.Val.(facts.Snapshot)
		return s
	}
}

// ask asks the cloud, and remembers what it says.
func (f *Facts) ask(ctx context.Context) (facts.Snapshot, error) {
	s, err := f.Client.login(ctx)
	if err != nil {
		return facts.Snapshot{}, err
	}
	now := time.Now()
	all, err := s.floatingIPs(ctx, floatingips.ListOpts{})
	if err != nil {
		return facts.Snapshot{}, err
	}
	return f.learn(now, all), nil
}

// learn remembers what the cloud said at a moment, unless it knows better since.
func (f *Facts) learn(at time.Time, all []floatingips.FloatingIP) facts.Snapshot {
	snapshot := facts.Snapshot{At: at, FloatingIPs: map[netip.Addr]facts.FloatingIP{}}
	for _, one := range all {
		fact := fact(one)
		snapshot.FloatingIPs[fact.Address] = fact
	}
	for {
		known := f.known.Load()
		if known != nil && known.At.After(at) || f.known.CompareAndSwap(known, &snapshot) {
			return snapshot
		}
	}
}

func fact(f floatingips.FloatingIP) facts.FloatingIP {
	address, _ := netip.ParseAddr(f.FloatingIP)
	fixed, _ := netip.ParseAddr(f.FixedIP)
	_, ours := octavia.DescribedOwner(f.Description)
	return facts.FloatingIP{
		ID: f.ID, Address: address, Network: f.FloatingNetworkID, Port: f.PortID, FixedIP: fixed, Pool: ours,
	}
}

// NeedLeaderElection is false: every replica answers the API server.
func (f *Facts) NeedLeaderElection() bool { return false }

// Start renews what is known until ctx ends.
func (f *Facts) Start(ctx context.Context) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, slowest)
		if _, err := f.ask(attempt); err != nil && ctx.Err() == nil {
			f.Log.Info("Facts could not be renewed; rules that need them will only warn", "reason", err.Error())
		}
		cancel()
		if !wait(ctx, f.Refresh, nil) {
			return nil
		}
	}
}
