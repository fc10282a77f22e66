package policy

import "github.com/octagate/octagate/policy/annotation"

// backend: LBaaS v2, from before there was Octavia, has less than Octavia.
//
//	Field:   metadata.annotations[octagate.dev/tags], [octagate.dev/x-forwarded-for],
//	         [octagate.dev/lb-algorithm], [octagate.dev/timeout-*], [octagate.dev/proxy-protocol],
//	         [octagate.dev/flavor-id], [octagate.dev/availability-zone]
//	Denies:  where load balancers are LBaaS v2's, what it does not have: tags, X-Forwarded-For,
//	         SOURCE_IP_PORT, timeouts, the PROXY protocol, flavors and availability zones
//	Allows:  to ask for none of it; source ranges and UDP are matters of rules of their own
//	Source:  octavia.backend of the configuration; neutron-lbaas (extensions/loadbalancerv2.py)
//	         answers 400 to attributes that it does not know
var backend = rule{name: "backend", check: func(q question) []Finding {
	if !q.cfg.Legacy {
		return nil
	}
	asked := q.subject.Service.Annotations
	var fs []Finding
	for _, key := range beyondLegacy(asked) {
		fs = append(fs, one(Deny, annotationField(key), asked[key], "cannot be had from LBaaS v2; leave it out")...)
	}
	return fs
}}

// beyondLegacy are the annotations that ask for what LBaaS v2 does not have.
func beyondLegacy(asked map[string]string) []string {
	tags, _ := annotation.Tags.Read(asked)
	algorithm, _ := annotation.LBAlgorithm.Read(asked)
	var keys []string
	for _, a := range []struct {
		key  string
		asks bool
	}{
		{annotation.Tags.Key, len(tags) > 0},
		{annotation.XForwardedFor.Key, asks(annotation.XForwardedFor, asked, false)},
		{annotation.LBAlgorithm.Key, algorithm == annotation.SourceIPPort},
		{annotation.TimeoutClientData.Key, asks(annotation.TimeoutClientData, asked, 0)},
		{annotation.TimeoutMemberData.Key, asks(annotation.TimeoutMemberData, asked, 0)},
		{annotation.TimeoutMemberConnect.Key, asks(annotation.TimeoutMemberConnect, asked, 0)},
		{annotation.TimeoutTCPInspect.Key, asks(annotation.TimeoutTCPInspect, asked, 0)},
		{annotation.ProxyProtocol.Key, asks(annotation.ProxyProtocol, asked, annotation.NoProxy)},
		{annotation.FlavorID.Key, asks(annotation.FlavorID, asked, "")},
		{annotation.AvailabilityZone.Key, asks(annotation.AvailabilityZone, asked, "")},
	} {
		if a.asks {
			keys = append(keys, a.key)
		}
	}
	return keys
}

// asks reports whether an annotation asks for anything but nothing.
func asks[T comparable](d annotation.Def[T], m map[string]string, nothing T) bool {
	v, ok := d.Read(m)
	return ok && v != nothing
}
