package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/octagate/octagate/policy/annotation"
)

// loadBalancerIP: the external IP that the author asks for must be one address, plainly written.
//
//	Field:   spec.loadBalancerIP, or metadata.annotations[octagate.dev/load-balancer-ip] (wins)
//	Denies:  an odd spelling; an IPv6 address (floating IPs are IPv4); both set and different;
//	         octagate.dev/internal beside it
//	Warns:   of it on a type that has no external IP
//	Guards:  the operator, from an address that programs read differently
//	Source:  the API server stores spec.loadBalancerIP unchecked
var loadBalancerIP = rule{name: "load-balancer-ip", check: func(q question) []Finding {
	svc := q.subject.Service
	at, asked := requestedIP(svc)
	if asked == "" {
		return nil
	}
	if !wantsLoadBalancer(svc) {
		return one(Warn, at, asked, "has no effect: only type LoadBalancer gets an external IP")
	}
	if internal, _ := annotation.Internal.Read(svc.Annotations); internal {
		return resting(one(Deny, at, asked, fmt.Sprintf("contradicts %s; remove one of the two", annotation.Internal.Key)), annotation.Internal.Key)
	}
	return append(misspelt(svc), disagreement(svc)...)
}}

// misspelt objects to the field's spelling; the annotation's is the contract's matter.
func misspelt(svc *corev1.Service) []Finding {
	at, asked := requestedIP(svc)
	a, err := annotation.ParseAddress(asked)
	switch {
	case err != nil && asked == svc.Spec.LoadBalancerIP:
		return one(Deny, specAddress, asked, err.Error())
	case err == nil && !a.Is4():
		return one(Deny, at, asked, "is an IPv6 address; floating IPs are IPv4")
	}
	return nil
}

// disagreement objects to a field and an annotation that name two addresses.
func disagreement(svc *corev1.Service) []Finding {
	field, key := svc.Spec.LoadBalancerIP, annotation.LoadBalancerIP.Key
	if other, both := svc.Annotations[key]; both && field != "" && field != other {
		return one(Deny, specAddress, field, fmt.Sprintf("differs from %s %s; remove one of the two", key, other))
	}
	return nil
}

// requestedIP is the address that the author wrote, and where.
func requestedIP(svc *corev1.Service) (*field.Path, string) {
	if a, ok := svc.Annotations[annotation.LoadBalancerIP.Key]; ok {
		return annotatedAddress, a
	}
	return specAddress, svc.Spec.LoadBalancerIP
}

// wantsLoadBalancer reports whether svc asks for an address of its own outside the cluster.
func wantsLoadBalancer(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer
}
