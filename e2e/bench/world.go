package main

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/testbed"
)

// usual is the configuration of a testbed with the defaults that ship, in place of what
// makes tests quick.
var usual = strings.NewReplacer(
	"rateLimit: {perSecond: 1000, burst: 1000} # looking often is what these worlds do", "rateLimit: {perSecond: 50, burst: 100}",
	"  poll: 250ms\n", "", "  mendAfter: 2s\n", "", "  orphanGrace: 1s\n", "",
).Replace

// wide is the reference's layout with room for many floating IPs.
var wide = func() networks.Layout {
	l := networks.TwoSubnets
	l.Name, l.External = "two subnets, and many floating IPs", networks.Subnet{
		Network: "public", Name: "public_subnet", Range: "172.24.0.0/16", Gateway: "172.24.0.1", First: "172.24.4.10", Last: "172.24.255.250",
	}
	return l
}()

// world starts everything for a stage.
func (b *bench) world(ctx context.Context, name string, opts testbed.Options) (*testbed.World, error) {
	if opts.Edit == nil {
		opts.Edit = usual
	}
	opts.Layout = wide
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	w, err := testbed.StartWorld(ctx, filepath.Join(b.dir, name), opts)
	if err != nil {
		return nil, fmt.Errorf("starting what is measured (`make bench` builds it): %w", err)
	}
	return w, nil
}

// floatingIPs has the project have many more. The first is 172.24.4.20.
func floatingIPs(w *testbed.World, n int) {
	address := netip.MustParseAddr("172.24.4.20")
	for range n {
		w.Cloud.Emulator.AddFloatingIP(w.Cloud.Networks.ExternalNetwork, address.String())
		address = address.Next()
	}
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
