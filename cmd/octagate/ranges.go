package main

import (
	"maps"
	"net/netip"
	"slices"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
)

// A clusterRanges keeps where ClusterIPs come from, as the ServiceCIDR objects have it. A
// nil one knows of none.
type clusterRanges struct {
	mu    sync.Mutex
	all   map[string][]netip.Prefix // by the name of the object
	known []netip.Prefix
}

// see takes note of a ServiceCIDR as it is.
func (r *clusterRanges) see(object any) {
	if o, ok := object.(*networkingv1.ServiceCIDR); ok {
		r.set(o.Name, cidrs([]networkingv1.ServiceCIDR{*o}))
	}
}

// miss takes note of a ServiceCIDR that is gone.
func (r *clusterRanges) miss(object any) {
	if o, ok := last(object).(*networkingv1.ServiceCIDR); ok {
		r.set(o.Name, nil)
	}
}

func (r *clusterRanges) set(name string, now []netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[string][]netip.Prefix{}
	}
	if r.all[name] = now; len(now) == 0 {
		delete(r.all, name)
	}
	r.known = nil
	for _, name := range slices.Sorted(maps.Keys(r.all)) {
		r.known = append(r.known, r.all[name]...)
	}
}

// now are the ranges at the moment; nil: none is known. Nobody changes what is returned.
func (r *clusterRanges) now() []netip.Prefix {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}
