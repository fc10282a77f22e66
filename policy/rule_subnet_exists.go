package policy

import (
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// subnetExists: the subnets that the operator chose are in the cloud.
//
//	Field:   metadata.annotations[octagate.dev/vip-subnet-id], [octagate.dev/member-mode],
//	         spec.clusterIPs[1]
//	Denies:  anything where the service subnet is not there; a second ClusterIP where that of
//	         its family is not; member mode L2 where the pod subnet is not
//	Allows:  the subnet of a load balancer that the Service has
//	Source:  GET subnets. Octavia answers 400 to a subnet that it does not find
var subnetExists = rule{name: "subnet-exists", live: facts.Subnets, check: func(q question) []Finding {
	gone := func(id string) bool {
		_, answer := q.known.Subnet(id)
		return answer == facts.No
	}
	var fs []Finding
	if gone(q.in.VIPSubnet) && !q.stands(q.in.VIP) {
		fs = append(fs, one(Deny, keyed(annotation.VIPSubnetID), q.in.VIPSubnet, "is not in this cloud; ask who set neutron.serviceSubnet")...)
	}
	if gone(q.in.SecondSubnet) && !q.stands(q.in.SecondVIP) {
		fs = append(fs, one(Deny, secondIP, q.in.SecondVIP.String(), "needs neutron.serviceSubnetIPv6, which is not in this cloud")...)
	}
	if q.in.MemberMode == annotation.L2 && gone(q.in.MemberSubnet) {
		fs = append(fs, one(Deny, keyed(annotation.Members), string(annotation.L2),
			"needs neutron.podSubnet, which is not in this cloud; use L3, or tell the operator")...)
	}
	return fs
}}
