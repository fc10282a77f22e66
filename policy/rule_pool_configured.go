package policy

import "github.com/octagate/octagate/policy/annotation"

// poolConfigured: without a loadBalancerIP there must be a network to allocate a floating IP from.
//
//	Field:   spec.loadBalancerIP
//	Denies:  type LoadBalancer without one, when no external network is configured or annotated
//	Allows:  a network that has no address left: Neutron tells administrators only (GET
//	         network-ip-availabilities). It answers 409, IpAddressGenerationFailure, and the
//	         condition Ready tells
//	Source:  neutron.externalNetwork of the configuration (Kuryr's external_svc_net)
var poolConfigured = rule{name: "pool-configured", check: func(q question) []Finding {
	if q.in.ExternalIP.Method != Pool || q.in.ExternalIP.Network != "" {
		return nil
	}
	return one(Deny, specAddress, "",
		"the cluster has no external network to allocate from; name a floating IP or set "+annotation.Internal.Key+": \"true\"")
}}
