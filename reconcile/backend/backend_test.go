package backend

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
)

var (
	http  = policy.Port{Name: "http", Protocol: corev1.ProtocolTCP, Number: 80}
	admin = policy.Port{Name: "admin", Protocol: corev1.ProtocolTCP, Number: 9000}
)

// slice is an EndpointSlice of one port.
func slice(name string, number int32, endpoints ...discoveryv1.Endpoint) discoveryv1.EndpointSlice {
	return discoveryv1.EndpointSlice{
		Ports:     []discoveryv1.EndpointPort{{Name: &name, Port: &number, Protocol: new(corev1.ProtocolTCP)}},
		Endpoints: endpoints,
	}
}

func pod(name, address string) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{
		Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
		TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: name},
	}
}

func unready(e discoveryv1.Endpoint) discoveryv1.Endpoint {
	e.Conditions.Ready = new(false)
	return e
}

func reached(name, address string, port int32) octavia.Member {
	return octavia.Member{Name: name, Address: netip.MustParseAddr(address), Port: port}
}

func TestOf(t *testing.T) {
	a, b := pod("a", "10.1.0.10"), pod("b", "10.1.0.11")
	for claim, tt := range map[string]struct {
		slices []discoveryv1.EndpointSlice
		want   octavia.Backends
	}{
		"without slices every port is without members": {nil, octavia.Backends{http: nil, admin: nil}},
		"members are in the order of their addresses": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, b, a)},
			octavia.Backends{http: {reached("shop/a:8080", "10.1.0.10", 8080), reached("shop/b:8080", "10.1.0.11", 8080)}, admin: nil}},
		"a named targetPort may be two numbers": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, a), slice("http", 8081, b)},
			octavia.Backends{http: {reached("shop/a:8080", "10.1.0.10", 8080), reached("shop/b:8081", "10.1.0.11", 8081)}, admin: nil}},
		"who is not ready is no member": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, unready(a), b)},
			octavia.Backends{http: {reached("shop/b:8080", "10.1.0.11", 8080)}, admin: nil}},
		"a slice that is silent of readiness is ready": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, discoveryv1.Endpoint{Addresses: []string{"10.1.0.10"}})},
			octavia.Backends{http: {reached("10.1.0.10:8080", "10.1.0.10", 8080)}, admin: nil}},
		"an endpoint in two slices is one member: a duplicate would hang Octavia for ever": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, a), slice("http", 8080, a)},
			octavia.Backends{http: {reached("shop/a:8080", "10.1.0.10", 8080)}, admin: nil}},
		"another family is left out": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, pod("six", "fd00::1"))}, octavia.Backends{http: nil, admin: nil}},
		"the VIP is not its own member": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, pod("vip", "10.2.0.7"))}, octavia.Backends{http: nil, admin: nil}},
		"when nothing is ready, what still serves has to do": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, ending("a", "10.1.0.10"), gone("b", "10.1.0.11"))},
			octavia.Backends{http: {reached("shop/a:8080", "10.1.0.10", 8080)}, admin: nil}},
		"but only then": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, ending("b", "10.1.0.11"), a)},
			octavia.Backends{http: {reached("shop/a:8080", "10.1.0.10", 8080)}, admin: nil}},
		"a name has another number in each slice, as it may have in each Pod": {
			[]discoveryv1.EndpointSlice{slice("http", 8080, a), slice("http", 9090, pod("b", "10.1.0.11"))},
			octavia.Backends{http: {reached("shop/a:8080", "10.1.0.10", 8080), reached("shop/b:9090", "10.1.0.11", 9090)}, admin: nil}},
		"a host is called by its name": {
			[]discoveryv1.EndpointSlice{slice("http", 6443, discoveryv1.Endpoint{Addresses: []string{"192.0.2.1"}})},
			octavia.Backends{http: {reached("master-1", "192.0.2.1", 6443)}, admin: nil}},
		"ports are told apart by name": {
			[]discoveryv1.EndpointSlice{slice("admin", 9001, a)},
			octavia.Backends{http: nil, admin: {reached("shop/a:9001", "10.1.0.10", 9001)}}},
	} {
		t.Run(claim, func(t *testing.T) {
			in := policy.Intent{VIP: netip.MustParseAddr("10.2.0.7"), Listeners: []policy.Port{http, admin}}
			if diff := cmp.Diff(tt.want, Of(in, tt.slices, map[string]string{"192.0.2.1": "master-1"}), cmp.Comparer(sameAddress)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// ending is a Pod that terminates and still serves; gone is one that does not any more.
func ending(name, address string) discoveryv1.Endpoint {
	e := pod(name, address)
	e.Conditions = discoveryv1.EndpointConditions{Ready: new(false), Serving: new(true), Terminating: new(true)}
	return e
}

func gone(name, address string) discoveryv1.Endpoint {
	e := ending(name, address)
	e.Conditions.Serving = new(false)
	return e
}

func sameAddress(a, b netip.Addr) bool { return a == b }
