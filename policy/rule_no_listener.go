package policy

// noListener: a Service whose every port is ignored gets no load balancer.
//
//	Field:   spec.ports
//	Denies:  it for type LoadBalancer, which asks for one
//	Warns:   of it for type ClusterIP, which may be reached in other ways
var noListener = rule{name: "no-listener", check: func(q question) []Finding {
	if len(q.in.Listeners) > 0 || len(q.in.Ignored) == 0 {
		return nil
	}
	if wantsLoadBalancer(q.subject.Service) {
		return one(Deny, ports, joined(q.in.Ignored), "leaves nothing to balance: every port is ignored; add a TCP port or use type ClusterIP")
	}
	return one(Warn, ports, joined(q.in.Ignored), "leaves nothing to balance: no load balancer is made")
}}
