package policy

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// protocol: ports of the protocols that the operator translates get a listener; the
// others are left out, and flagged. Without a choice that is TCP.
//
//	Field:   spec.ports[*].protocol
//	Warns:   of each other port, which will get no traffic from the load balancer
//	Allows:  TCP only where load balancers are LBaaS v2's
//	Source:  the reference: "Since LBaaS API doesn't support UDP load balancing, service
//	         exported UDP ports will be ignored"; Octavia has UDP since API 2.1, SCTP since 2.23
var protocol = rule{name: "protocol", check: func(q question) []Finding {
	var fs []Finding
	for i, p := range q.subject.Service.Spec.Ports {
		port := Port{Name: p.Name, Protocol: p.Protocol, Number: p.Port}
		if p.Protocol == "" || q.cfg.translates(p.Protocol) {
			continue
		}
		fs = append(fs, Finding{
			Severity: Warn, Field: ports.Index(i),
			Message: fmt.Sprintf("%s is ignored: it gets no listener, only %s ports are balanced", port, q.cfg.translated()),
		})
	}
	return fs
}}

// translates reports whether ports of a protocol get a listener.
func (c Config) translates(p corev1.Protocol) bool {
	return p == corev1.ProtocolTCP || slices.Contains(c.beyondTCP(), p)
}

// beyondTCP are the other protocols whose ports get a listener; LBaaS v2 has none.
func (c Config) beyondTCP() []corev1.Protocol {
	if c.Legacy {
		return nil
	}
	return c.Protocols
}

// translated is the protocols whose ports get a listener, in words.
func (c Config) translated() string {
	words := string(corev1.ProtocolTCP)
	for _, p := range c.beyondTCP() {
		words += " and " + string(p)
	}
	return words
}
