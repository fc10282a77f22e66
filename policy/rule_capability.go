package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// capabilityRule: what a Service asks for is something that the cloud has.
//
//	Field:   metadata.annotations[octagate.dev/*] that ask for more than every cloud has;
//	         spec.ports[*].protocol
//	Denies:  what LBaaS v2 does not have (tags, X-Forwarded-For, SOURCE_IP_PORT, timeouts, the
//	         PROXY protocol, flavors, availability zones), and what the cloud's Octavia is too old
//	         for; health monitors of SCTP ports with the provider ovn
//	Warns:   of what the provider takes and ignores: with ovn timeouts, connection limits, and
//	         members behind a router
//	Allows:  anything where the version of Octavia is not known; what rules of their own speak
//	         of: source ranges, the algorithms and protocols of providers
//	Source:  the matrix in policy/capability.go
var capabilityRule = rule{name: "capability", live: facts.Octavia, check: func(q question) []Finding {
	asked := q.subject.Service.Annotations
	var fs []Finding
	for _, w := range wishes(q) {
		switch lacking := q.lacking(w.feature); {
		case lacking != "":
			fs = append(fs, one(Deny, annotationField(w.key), asked[w.key], "cannot be had from "+lacking+"; leave it out")...)
		case w.feature == routedMembers && provides(q.in.Provider, routedMembers) == no:
			fs = append(fs, one(Warn, annotationField(w.key), asked[w.key], "is taken for L2: the provider "+q.in.Provider+" reaches no members through a router")...)
		case provides(q.in.Provider, w.feature) == ignored:
			fs = append(fs, one(Warn, annotationField(w.key), asked[w.key], "is ignored by the provider "+q.in.Provider)...)
		}
	}
	return append(append(fs, tooOld(q)...), unasked(q)...)
}}

// unasked objects to ports whose members the provider cannot ask whether they are well.
func unasked(q question) []Finding {
	if q.in.Traffic.Monitor == (Monitor{}) || q.lacking(sctpMonitors) != "" || provides(q.in.Provider, sctpMonitors) != no {
		return nil
	}
	var fs []Finding
	for i, p := range q.subject.Service.Spec.Ports {
		if p.Protocol == corev1.ProtocolSCTP && q.cfg.translates(p.Protocol) {
			fs = append(fs, resting(one(Deny, ports.Index(i), string(p.Protocol),
				"has no health monitor with the provider "+q.in.Provider+"; set "+annotation.HealthMonitor.Key+`: "false"`), annotation.HealthMonitor.Key)...)
		}
	}
	return fs
}

// tooOld objects to ports of protocols that the operator wants balanced, and that Octavia
// does not have yet.
func tooOld(q question) []Finding {
	var fs []Finding
	for i, p := range q.subject.Service.Spec.Ports {
		f := map[corev1.Protocol]feature{corev1.ProtocolUDP: udpPorts, corev1.ProtocolSCTP: sctpPorts}[p.Protocol]
		if lacking := q.lacking(f); f != "" && lacking != "" && q.cfg.translates(p.Protocol) {
			fs = append(fs, one(Deny, ports.Index(i), string(p.Protocol), "cannot be had from "+lacking+"; tell the operator")...)
		}
	}
	return fs
}

// A wish is a feature that an author may ask for by an annotation.
type wish struct {
	key     string
	feature feature
	asked   bool
}

// wishes are what the author of the Service asks for.
func wishes(q question) []wish {
	m := q.subject.Service.Annotations
	tags, _ := annotation.Tags.Read(m)
	algorithm, _ := annotation.LBAlgorithm.Read(m)
	proxy, _ := annotation.ProxyProtocol.Read(m)
	mode, _ := annotation.Members.Read(m)
	all := []wish{
		{annotation.Tags.Key, balancerTags, len(tags) > 0},
		{annotation.XForwardedFor.Key, headers, asks(annotation.XForwardedFor, m, false)},
		{annotation.LBAlgorithm.Key, sourceIPPort, algorithm == annotation.SourceIPPort},
		{annotation.ConnectionLimit.Key, connectionLimit, asks(annotation.ConnectionLimit, m, 0)},
		{annotation.TimeoutClientData.Key, timeouts, asks(annotation.TimeoutClientData, m, 0)},
		{annotation.TimeoutMemberData.Key, timeouts, asks(annotation.TimeoutMemberData, m, 0)},
		{annotation.TimeoutMemberConnect.Key, timeouts, asks(annotation.TimeoutMemberConnect, m, 0)},
		{annotation.TimeoutTCPInspect.Key, timeouts, asks(annotation.TimeoutTCPInspect, m, 0)},
		{annotation.ProxyProtocol.Key, proxyV1, proxy == annotation.ProxyV1},
		{annotation.ProxyProtocol.Key, proxyV2, proxy == annotation.ProxyV2},
		{annotation.FlavorID.Key, flavors, asks(annotation.FlavorID, m, "")},
		{annotation.AvailabilityZone.Key, zones, asks(annotation.AvailabilityZone, m, "")},
		{annotation.Members.Key, routedMembers, mode == annotation.L3},
	}
	return slices.DeleteFunc(all, func(w wish) bool { return !w.asked })
}

// asks reports whether an annotation asks for anything but nothing.
func asks[T comparable](d annotation.Def[T], m map[string]string, nothing T) bool {
	v, ok := d.Read(m)
	return ok && v != nothing
}
