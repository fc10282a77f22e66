// Package backend turns EndpointSlices into the members of load balancers.
//
// The endpoint slice controller has already resolved named targetPorts, Pod by
// Pod; the package only reads its answer. It is pure.
package backend

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
)

// Of is the members for each listener of in: every ready endpoint once per
// port, in order. Endpoints of another IP family than the VIP are left out, as
// are endpoints at the VIP itself: Octavia would take both, and they would not work.
func Of(in policy.Intent, slices []discoveryv1.EndpointSlice) octavia.Backends {
	backends := octavia.Backends{}
	for _, p := range in.Listeners {
		backends[p] = members(in.VIP, p, slices)
	}
	return backends
}

func members(vip netip.Addr, p policy.Port, all []discoveryv1.EndpointSlice) []octavia.Member {
	var ms []octavia.Member
	for _, s := range all {
		number, ok := resolved(p, s.Ports)
		if !ok {
			continue
		}
		for _, e := range s.Endpoints {
			if m, ok := member(e, number); ok && m.Address != vip && m.Address.Is4() == vip.Is4() {
				ms = append(ms, m)
			}
		}
	}
	slices.SortStableFunc(ms, octavia.Member.Compare)
	return slices.CompactFunc(ms, func(a, b octavia.Member) bool { return a.Compare(b) == 0 })
}

// resolved is the number that p's targetPort has in a slice.
func resolved(p policy.Port, ports []discoveryv1.EndpointPort) (int32, bool) {
	for _, sp := range ports {
		name := sp.Name != nil && *sp.Name == p.Name || sp.Name == nil && p.Name == ""
		protocol := sp.Protocol == nil && p.Protocol == corev1.ProtocolTCP || sp.Protocol != nil && *sp.Protocol == p.Protocol
		if name && protocol && sp.Port != nil {
			return *sp.Port, true
		}
	}
	return 0, false
}

// member is a ready endpoint; a slice that does not say counts as ready.
func member(e discoveryv1.Endpoint, port int32) (octavia.Member, bool) {
	if ready := e.Conditions.Ready; ready != nil && !*ready || len(e.Addresses) == 0 {
		return octavia.Member{}, false
	}
	a, err := netip.ParseAddr(e.Addresses[0])
	return octavia.Member{Name: name(e, port), Address: a, Port: port}, err == nil
}

// name is podns/pod:port, or address:port for an endpoint that is no Pod.
func name(e discoveryv1.Endpoint, port int32) string {
	if r := e.TargetRef; r != nil && r.Kind == "Pod" {
		return fmt.Sprintf("%s/%s:%d", r.Namespace, r.Name, port)
	}
	return fmt.Sprintf("%s:%d", e.Addresses[0], port)
}
