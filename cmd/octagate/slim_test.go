package main

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/backend"
)

// What is left out of the cache is no loss: the members are the same.
func TestWhatIsLeftOutIsNoLoss(t *testing.T) {
	whole := discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m"}}, OwnerReferences: []metav1.OwnerReference{{Name: "web"}},
		},
		Ports: []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080)), Protocol: new(corev1.ProtocolTCP)}},
		Endpoints: []discoveryv1.Endpoint{
			{
				Addresses: []string{"10.1.0.7"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}, NodeName: new("node-1"), Zone: new("a"),
				TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "web-x", UID: "u"},
			},
			{Addresses: []string{"10.1.0.8"}, Conditions: discoveryv1.EndpointConditions{Serving: new(true), Terminating: new(true), Ready: new(false)}},
		},
	}
	cached := *whole.DeepCopy()
	if _, err := slim(&cached); err != nil {
		t.Fatal(err)
	}
	if cached.ManagedFields != nil || cached.Endpoints[0].NodeName != nil || cached.Endpoints[0].TargetRef.UID != "" {
		t.Errorf("got %+v", cached)
	}
	in := policy.Intent{Listeners: []policy.Port{{Name: "http", Number: 80, Protocol: corev1.ProtocolTCP}}}
	of := func(s discoveryv1.EndpointSlice) any { return backend.Of(in, []discoveryv1.EndpointSlice{s}, nil) }
	if diff := cmp.Diff(of(whole), of(cached), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}
