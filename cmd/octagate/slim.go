package main

import (
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A slimmer leaves out of objects, before they are cached, what nobody here reads: who wrote
// which field, what kubectl remembers, and of endpoints and Nodes all but their addresses,
// conditions and names. What is written goes to the API server as patches, which do not
// mention what was left out. Strings that many objects have are kept once. The zero value is
// ready; it is safe for concurrent use.
type slimmer struct {
	mu    sync.Mutex
	words map[string]string
}

// mostWords is how many strings are remembered, at most, before all are forgotten, to be
// learned anew.
const mostWords = 1000

// slim is a cache's toolscache.TransformFunc.
func (s *slimmer) slim(object any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, is := object.(metav1.Object); is {
		o.SetManagedFields(nil)
		o.SetNamespace(s.word(o.GetNamespace()))
		o.SetLabels(s.texts(o.GetLabels()))
		o.SetAnnotations(s.texts(o.GetAnnotations()))
	}
	switch o := object.(type) {
	case *discoveryv1.EndpointSlice:
		s.endpoints(o)
	case *corev1.Node:
		o.Labels, o.Annotations, o.Spec = nil, nil, corev1.NodeSpec{}
		o.Status = corev1.NodeStatus{Addresses: o.Status.Addresses}
	}
	return object, nil
}

// endpoints leaves of an EndpointSlice what members are made of.
func (s *slimmer) endpoints(o *discoveryv1.EndpointSlice) {
	o.Annotations, o.OwnerReferences = nil, nil
	for i, e := range o.Endpoints {
		o.Endpoints[i] = discoveryv1.Endpoint{Addresses: e.Addresses, Conditions: e.Conditions, TargetRef: s.pod(e.TargetRef)}
	}
	o.Endpoints = slices.Clip(slices.Clone(o.Endpoints)) // decoding leaves room for more
}

// pod names what an endpoint is.
func (s *slimmer) pod(r *corev1.ObjectReference) *corev1.ObjectReference {
	if r == nil {
		return nil
	}
	return &corev1.ObjectReference{Kind: s.word(r.Kind), Namespace: s.word(r.Namespace), Name: r.Name}
}

// texts are labels or annotations. That kubectl remembers something is kept, so that what
// has this annotation never looks as if it had none; what that is is not.
func (s *slimmer) texts(all map[string]string) map[string]string {
	if all == nil {
		return nil
	}
	kept := make(map[string]string, len(all))
	for key, text := range all {
		if key == corev1.LastAppliedConfigAnnotation {
			text = ""
		}
		kept[s.word(key)] = s.word(text)
	}
	return kept
}

// word is a string like w.
func (s *slimmer) word(w string) string {
	if known, is := s.words[w]; is {
		return known
	}
	if s.words == nil || len(s.words) >= mostWords {
		s.words = map[string]string{}
	}
	s.words[w] = w
	return w
}
