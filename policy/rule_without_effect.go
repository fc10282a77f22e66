package policy

import "github.com/octagate/octagate/policy/annotation"

// withoutEffect: what only an external IP needs is told where there is none.
//
//	Field:   metadata.annotations[octagate.dev/internal], [octagate.dev/external-network-id],
//	         [octagate.dev/external-subnet-id]
//	Warns:   of each on a type that has no external IP
//	Allows:  octagate.dev/keep-floating-ip, which tells what becomes of the one it had
var withoutEffect = rule{name: "without-effect", check: func(q question) []Finding {
	if wantsLoadBalancer(q.subject.Service) {
		return nil
	}
	var fs []Finding
	for _, key := range []string{annotation.Internal.Key, annotation.ExternalNetworkID.Key, annotation.ExternalSubnetID.Key} {
		if _, there := q.subject.Service.Annotations[key]; there {
			fs = append(fs, one(Warn, annotationField(key), "", "has no effect: only type LoadBalancer gets an external IP")...)
		}
	}
	return fs
}}
