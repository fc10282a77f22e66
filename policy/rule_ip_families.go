package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// ipFamilies: a load balancer serves the ClusterIPs that there are subnets for, and a
// floating IP leads to an IPv4 address.
//
//	Field:   spec.ipFamilyPolicy, spec.clusterIPs, spec.ipFamilies
//	Denies:  RequireDualStack where only one family is served, for lack of a subnet, because
//	         Octavia is too old or is LBaaS v2, or because there is a load balancer that was made
//	         with one; type LoadBalancer with an external IP and no IPv4 ClusterIP that is served
//	Warns:   of a ClusterIP that is not served because only one family is, or because it came
//	         after the load balancer, to which Octavia gives no more addresses
//	Source:  Octavia has additional VIPs since API 2.26; Neutron's floating IPs are IPv4
var ipFamilies = rule{name: "ip-families", check: func(q question) []Finding {
	svc := q.subject.Service
	if !q.in.VIP.IsValid() {
		return nil // not allocated yet
	}
	return append(unserved(q, svc), unreachable(q, svc)...)
}}

// unserved objects to a second ClusterIP that no load balancer will have.
func unserved(q question, svc *corev1.Service) []Finding {
	if len(svc.Spec.ClusterIPs) < 2 || q.in.SecondSubnet != "" {
		return nil
	}
	why, instead, live := "neutron.serviceSubnetIPv6 is not configured", "use SingleStack", facts.Question{}
	switch {
	case q.cfg.ServiceSubnetV6 == "":
	case q.cfg.Legacy:
		why = "load balancers of LBaaS v2 have one address"
	case q.known.Octavia.AtLeast(twoAddresses) == facts.No:
		why, live = fmt.Sprintf("Octavia's API is %s, and has it since %s", q.known.Octavia, twoAddresses), facts.Question{Kinds: facts.Octavia}
	default:
		why, instead = "the load balancer was made without it", "make a new Service"
	}
	if p := svc.Spec.IPFamilyPolicy; p != nil && *p == corev1.IPFamilyPolicyRequireDualStack {
		return []Finding{{Severity: Deny, Field: spec.Child("ipFamilyPolicy"), Value: string(*p), Message: "cannot be had: " + why + "; " + instead, live: live}}
	}
	return one(Warn, secondIP, svc.Spec.ClusterIPs[1], "is not served: "+why)
}

// unreachable objects to an external IP that could lead nowhere.
func unreachable(q question, svc *corev1.Service) []Finding {
	if q.in.ExternalIP.Method == None || q.in.VIP.Is4() || q.in.SecondVIP.Is4() {
		return nil
	}
	return one(Deny, spec.Child("ipFamilies"), string(corev1.IPv6Protocol),
		fmt.Sprintf("has no external IP: floating IPs are IPv4; add IPv4, or set %s: \"true\"", annotation.Internal.Key))
}
