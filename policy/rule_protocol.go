package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// protocol: only TCP ports get a listener; the others are left out, and flagged.
//
//	Field:   spec.ports[*].protocol
//	Warns:   of each UDP and SCTP port, which will get no traffic from the load balancer
//	Source:  the reference: "Since LBaaS API doesn't support UDP load balancing, service
//	         exported UDP ports will be ignored"
var protocol = rule{name: "protocol", check: func(q question) []Finding {
	var fs []Finding
	for i, p := range q.subject.Service.Spec.Ports {
		port := Port{p.Name, p.Protocol, p.Port}
		if p.Protocol == "" || translatable(port) {
			continue
		}
		fs = append(fs, Finding{
			Severity: Warn, Field: ports.Index(i),
			Message: fmt.Sprintf("%s is ignored: it gets no listener, only TCP ports are balanced", port),
		})
	}
	return fs
}}

// translatable reports whether the port gets a listener.
func translatable(p Port) bool { return p.Protocol == corev1.ProtocolTCP }
