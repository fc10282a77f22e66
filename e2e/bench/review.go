package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// known is a floating IP that is there and free, and unknown is none, as nothing is from
// there on.
const (
	known   = "172.24.4.20"
	unknown = "172.25.0.1"
)

// usualService is one of two ports that asks for a floating IP, as it is stored after it
// was applied by kubectl.
func usualService(loadBalancerIP string) *corev1.Service {
	port := func(name string, n int32) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Port: n, Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString(name)}
	}
	return &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "6d7a8f7e-0f3e-4c36-9d1f-6f6a0d1f2b11",
			Annotations: map[string]string{
				"octagate.dev/timeout-client-data":                 "70s",
				"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat(`{"apiVersion":"v1"}`, 20),
			},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, LoadBalancerIP: loadBalancerIP, ClusterIP: "10.2.0.77", ClusterIPs: []string{"10.2.0.77"},
			Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{port("http", 80), port("https", 443)},
		},
	}
}

// A review is a request of an API server, and its length is about 2 KiB.
type review []byte

// applied is the review of a Service that is applied again, with another label. Nothing
// about it is in doubt.
func applied() review {
	svc := usualService(known)
	old := svc.DeepCopy()
	old.Labels = map[string]string{"team": "x"}
	return reviewed(admissionv1.Update, svc, old)
}

// doubtful are the reviews of n new Services, each of which asks for another floating IP of
// which nothing is known: the cloud is asked.
func doubtful(n int) []review {
	address := netip.MustParseAddr(unknown)
	var all []review
	for range n {
		all = append(all, reviewed(admissionv1.Create, usualService(address.String()), nil))
		address = address.Next()
	}
	return all
}

func reviewed(does admissionv1.Operation, svc, old *corev1.Service) review {
	request := &admissionv1.AdmissionRequest{
		UID: "705ab4f5-6393-11e8-b7cc-42010a800002", Operation: does, Namespace: svc.Namespace, Name: svc.Name,
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "Service"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "services"},
		Object:   runtime.RawExtension{Raw: encode(svc)},
	}
	if old != nil {
		request.OldObject.Raw = encode(old)
	}
	return encode(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
}

// encode is a value as JSON, of a type that can be.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// An answer is what comes of a review.
type answer int

const (
	failed     answer = iota // there was none in time, or none that an API server understands
	good                     // judged, and not objected to
	refused                  // denied
	unverified               // let pass, but not judged to the end
)

// read tells what an API server makes of an answer.
func read(body []byte) (answer, error) {
	var in admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &in); err != nil || in.Response == nil {
		return failed, fmt.Errorf("%.200q is no answer", body)
	}
	doubt := strings.Contains(string(in.Response.Patch), `"unverified"`)
	for _, warning := range in.Response.Warnings {
		doubt = doubt || strings.Contains(warning, "OpenStack")
	}
	switch {
	case !in.Response.Allowed:
		return refused, nil
	case doubt:
		return unverified, nil
	}
	return good, nil
}
