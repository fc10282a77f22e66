package main

import (
	"net/netip"
	"strconv"
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
	if _, err := (&slimmer{}).slim(&cached); err != nil {
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

// What kubectl remembers of a Service is not kept, but that it does is: the annotations must
// not look empty when ours go, or a patch would say that all do.
func TestWhatKubectlRemembersIsNotCached(t *testing.T) {
	ours := map[string]string{"octagate.dev/verdict": "accepted", "team": "a", corev1.LastAppliedConfigAnnotation: "{}"}
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Annotations: ours}}
	if _, err := (&slimmer{}).slim(svc); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"octagate.dev/verdict": "accepted", "team": "a", corev1.LastAppliedConfigAnnotation: ""}
	if diff := cmp.Diff(want, svc.Annotations); diff != "" {
		t.Error(diff)
	}
}

// Of Nodes only names and addresses are read, which are little of what a Node tells.
func TestNodesAreSlim(t *testing.T) {
	addresses := []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "192.0.2.1"}}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "node-1", Labels: map[string]string{"zone": "a"}}, Spec: corev1.NodeSpec{ProviderID: "p"},
		Status: corev1.NodeStatus{Addresses: addresses, Images: []corev1.ContainerImage{{SizeBytes: 1}}},
	}
	if _, err := (&slimmer{}).slim(node); err != nil {
		t.Fatal(err)
	}
	want := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1"}, Status: corev1.NodeStatus{Addresses: addresses}}
	if diff := cmp.Diff(want, node); diff != "" {
		t.Error(diff)
	}
}

// Strings are forgotten and learned anew, and stay what they are.
func TestWordsStayWhatTheyAre(t *testing.T) {
	s := &slimmer{}
	for n := range 3 * mostWords {
		if word := strconv.Itoa(n); s.word(word) != word || len(s.words) > mostWords {
			t.Fatalf("%s is %s, one of %d", word, s.word(word), len(s.words))
		}
	}
}
