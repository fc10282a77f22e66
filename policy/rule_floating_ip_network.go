package policy

import (
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// floatingIPNetwork: an external IP is of a network that a router joins with the service
// subnet.
//
//	Field:   spec.loadBalancerIP, or metadata.annotations[octagate.dev/load-balancer-ip];
//	         without either, metadata.annotations[octagate.dev/external-network-id],
//	         [octagate.dev/external-subnet-id]
//	Denies:  a network that is not external, or that no router leads to; a subnet of another
//	         network, as far as the network shows its subnets
//	Warns:   of a floating IP of another network than the one that is configured or annotated,
//	         where nobody knows whether a router leads there
//	Source:  GET networks, ports and routers. Neutron answers 404 to associating a floating IP
//	         of such a network (ExternalGatewayForFloatingIPNotFound)
var floatingIPNetwork = rule{name: "floating-ip-network", live: externalFacts, check: func(q question) []Finding {
	if q.in.ExternalIP.Method == Pool {
		return poolNetwork(q)
	}
	f, answer := q.known.FloatingIP(q.in.ExternalIP.Address)
	if answer != facts.Yes {
		return nil
	}
	at, asked := requestedIP(q.subject.Service)
	usual := externalNetwork(q)
	switch reached := q.known.Reached(f.Network); {
	case reached == facts.No:
		return one(Deny, at, asked, "is on a network that no router leads to; "+instead(q))
	case reached == facts.Unknown && usual != "" && f.Network != usual:
		return one(Warn, at, asked, "is not on the cluster's external network; a router has to lead to its own")
	}
	return nil
}}

// poolNetwork objects to a network that a floating IP is to be allocated from. A load
// balancer that is there may have one of another network, and keeps it.
func poolNetwork(q question) []Finding {
	network := q.in.ExternalIP.Network
	if network == "" || q.stands(q.in.VIP) {
		return nil
	}
	if q.known.Reached(network) != facts.No {
		return poolSubnet(q)
	}
	if _, annotated := annotation.ExternalNetworkID.Read(q.subject.Service.Annotations); annotated {
		return one(Deny, keyed(annotation.ExternalNetworkID), network, "is no external network that a router leads to")
	}
	return one(Deny, specAddress, "", "no router leads to the cluster's external network; tell the operator")
}

// poolSubnet objects to a subnet that the network does not have.
func poolSubnet(q question) []Finding {
	e := q.in.ExternalIP
	if e.Subnet == "" || q.known.Outer(e.Network, e.Subnet) != facts.No {
		return nil
	}
	if _, annotated := annotation.ExternalSubnetID.Read(q.subject.Service.Annotations); annotated {
		return resting(one(Deny, keyed(annotation.ExternalSubnetID), e.Subnet, "is no subnet of the external network; leave it out"), annotation.ExternalNetworkID.Key)
	}
	return one(Deny, specAddress, "", "the configured external subnet is not one of the external network; tell the operator")
}

// externalNetwork is the ID of the network of external IPs that the author or the
// operator chose; empty: neither did.
func externalNetwork(q question) string {
	return first(annotation.ExternalNetworkID, q.cfg.ExternalNetwork, q.subject.Service.Annotations)
}
