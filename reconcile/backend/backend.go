// Package backend turns EndpointSlices into the members of load balancers.
//
// The endpoint slice controller has already resolved named targetPorts, Pod by
// Pod; the package only reads its answer. It is pure.
package backend

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
)

// Of is the members for each listener of in: every ready endpoint once per
// port, in order. Endpoints of another IP family than the VIP, if that is known, are left
// out, as are endpoints at the VIP itself: Octavia would take both, and they would not work.
// Where nothing is ready, what still serves while it terminates has to do, as it does
// for kube-proxy. A port is left out whose members are not known yet: the slices are
// those of other ports that the Service had before. hosts has the names of endpoints that
// are no Pods, by their addresses.
func Of(in policy.Intent, all []discoveryv1.EndpointSlice, hosts map[string]string) octavia.Backends {
	backends := octavia.Backends{}
	behind := in.Selects && behind(in, all)
	for _, p := range in.Listeners {
		if behind && !named(p, all) {
			continue
		}
		backends[p] = members(in.VIP, p, all, ready)
		if len(backends[p]) == 0 {
			backends[p] = members(in.VIP, p, all, leaving)
		}
		for i, m := range backends[p] {
			if host, known := hosts[m.Address.String()]; known {
				backends[p][i].Name = host
			}
		}
	}
	return backends
}

// behind reports whether slices that Kubernetes makes are of other ports than the Service
// has now: it renames those of a slice a moment later.
func behind(in policy.Intent, all []discoveryv1.EndpointSlice) bool {
	has := map[string]bool{}
	for _, p := range slices.Concat(in.Listeners, in.Ignored) {
		has[p.Name] = true
	}
	return slices.ContainsFunc(all, func(s discoveryv1.EndpointSlice) bool {
		return s.Labels[discoveryv1.LabelManagedBy] == controller && slices.ContainsFunc(s.Ports, func(p discoveryv1.EndpointPort) bool {
			return p.Name != nil && !has[*p.Name]
		})
	})
}

// controller is who makes the EndpointSlices of Services that select Pods.
const controller = "endpointslice-controller.k8s.io"

// named reports whether any slice has the port.
func named(p policy.Port, all []discoveryv1.EndpointSlice) bool {
	return slices.ContainsFunc(all, func(s discoveryv1.EndpointSlice) bool {
		_, ok := resolved(p, s.Ports)
		return ok
	})
}

// ready reports whether an endpoint takes connections; a slice that does not say counts
// as ready. Kubernetes takes Pods for ready that a Service wants published before.
func ready(c discoveryv1.EndpointConditions) bool { return c.Ready == nil || *c.Ready }

// leaving reports whether an endpoint terminates and still serves.
func leaving(c discoveryv1.EndpointConditions) bool {
	return c.Serving != nil && *c.Serving && c.Terminating != nil && *c.Terminating
}

func members(vip netip.Addr, p policy.Port, all []discoveryv1.EndpointSlice, fit func(discoveryv1.EndpointConditions) bool) []octavia.Member {
	var ms []octavia.Member
	for _, s := range all {
		number, ok := resolved(p, s.Ports)
		if !ok {
			continue
		}
		for _, e := range s.Endpoints {
			if m, ok := member(e, number); ok && fit(e.Conditions) && m.Address != vip && (!vip.IsValid() || m.Address.Is4() == vip.Is4()) {
				ms = append(ms, m)
			}
		}
	}
	slices.SortFunc(ms, func(a, b octavia.Member) int { return cmp.Or(a.Compare(b), cmp.Compare(a.Name, b.Name)) })
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

// member is an endpoint at a port, if it has an address.
func member(e discoveryv1.Endpoint, port int32) (octavia.Member, bool) {
	if len(e.Addresses) == 0 {
		return octavia.Member{}, false
	}
	a, err := netip.ParseAddr(e.Addresses[0])
	return octavia.Member{Name: name(e, port), Address: a, Port: port}, err == nil
}

// longest is how long a name may be in Octavia.
const longest = 255

// name is podns/pod:port, or address:port for an endpoint that is no Pod. The
// name of a Pod with too long a name ends early.
func name(e discoveryv1.Endpoint, port int32) string {
	who, suffix := e.Addresses[0], fmt.Sprintf(":%d", port)
	if r := e.TargetRef; r != nil && r.Kind == "Pod" {
		who = r.Namespace + "/" + r.Name
	}
	return who[:min(len(who), longest-len(suffix))] + suffix
}
