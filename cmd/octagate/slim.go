package main

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// slim leaves out of an object, before it is cached, what nobody here reads: who wrote which
// field, and of endpoints all but their addresses, conditions and Pods. What is written goes
// to the API server as patches, which do not mention what was left out.
func slim(object any) (any, error) {
	if o, is := object.(metav1.Object); is {
		o.SetManagedFields(nil)
	}
	if s, is := object.(*discoveryv1.EndpointSlice); is {
		s.Annotations, s.OwnerReferences = nil, nil
		for i, e := range s.Endpoints {
			s.Endpoints[i] = discoveryv1.Endpoint{Addresses: e.Addresses, Conditions: e.Conditions, TargetRef: pod(e.TargetRef)}
		}
	}
	return object, nil
}

// pod names what an endpoint is.
func pod(r *corev1.ObjectReference) *corev1.ObjectReference {
	if r == nil {
		return nil
	}
	return &corev1.ObjectReference{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}
