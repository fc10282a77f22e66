package policy

// externalIPs: addresses that somebody leads to the Nodes lead past the load balancer.
//
//	Field:   spec.externalIPs
//	Warns:   of any: the load balancer does not serve them
//	Guards:  everybody whose address somebody else might write there
//	Source:  they are for kube-proxy. Kubernetes deprecates them since 1.36 (KEP-5707)
var externalIPs = rule{name: "external-ips", check: func(q question) []Finding {
	if len(q.subject.Service.Spec.ExternalIPs) == 0 {
		return nil
	}
	instead := "use type LoadBalancer"
	if wantsLoadBalancer(q.subject.Service) {
		instead = "use a floating IP"
	}
	return one(Warn, spec.Child("externalIPs"), "", "are not served by the load balancer, and deprecated since Kubernetes 1.36; "+instead)
}}
