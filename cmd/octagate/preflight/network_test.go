package preflight

import (
	"net/netip"
	"testing"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/octavia"
)

// edit changes a subnet.
func (k *known) edit(id string, change func(*ground.Subnet)) {
	s := k.subnets[id]
	change(&s)
	k.subnets[id] = s
}

func TestSubnets(t *testing.T) {
	look(t, map[string]fault{
		"a subnet that is not there": {subnetsExist, func(k *known) { delete(k.subnets, "pod-subnet") },
			"failure: neutron.podSubnet pod-subnet is not there; expected: pod-subnet"},
		"half of a second family": {subnetsExist, func(k *known) { k.Policy.PodSubnetV6 = "pod-subnet" },
			"failure: it is not set, and its sibling is; expected: neutron.serviceSubnetIPv6"},
		"two families": {families, func(k *known) { k.edit("pod-subnet", func(s *ground.Subnet) { s.CIDR = prefix("fd00:1::/64") }) },
			"failure: neutron.serviceSubnet is 10.2.0.0/16, and neutron.podSubnet is fd00:1::/64; expected: one family"},
		"a second family on another network": {families, func(k *known) {
			k.subnets["s6"], k.subnets["p6"] = subnet("s6", "elsewhere", "fd00:2::/64", "fd00:2::1"), subnet("p6", "pods", "fd00:1::/64", "fd00:1::1")
			k.Policy.ServiceSubnetV6, k.Policy.PodSubnetV6 = "s6", "p6"
		}, "failure: neutron.serviceSubnetIPv6 or neutron.podSubnetIPv6 is on another network; expected: the networks of the IPv4 subnets"},
		"a second family on the networks of the first": {families, func(k *known) {
			k.subnets["s6"], k.subnets["p6"] = subnet("s6", "services", "fd00:2::/64", "fd00:2::1"), subnet("p6", "pods", "fd00:1::/64", "fd00:1::1")
			k.Policy.ServiceSubnetV6, k.Policy.PodSubnetV6 = "s6", "p6"
		}, "passed: 10.2.0.0/16 and 10.1.0.0/16 are of one family; fd00:2::/64 and fd00:1::/64 are of one family"},
		"IPv4 in place of IPv6": {families, func(k *known) { k.Policy.ServiceSubnetV6, k.Policy.PodSubnetV6 = "service-subnet", "pod-subnet" },
			"failure: neutron.serviceSubnetIPv6 is 10.2.0.0/16; expected: IPv6"},
		"IPv6 twice": {families, func(k *known) {
			k.edit("service-subnet", func(s *ground.Subnet) { s.CIDR = prefix("fd00:2::/64") })
			k.edit("pod-subnet", func(s *ground.Subnet) { s.CIDR = prefix("fd00:1::/64") })
			k.Policy.ServiceSubnetV6, k.Policy.PodSubnetV6 = "service-subnet", "pod-subnet"
		}, "failure: neutron.serviceSubnet is fd00:2::/64; expected: IPv4 first"},
		"subnets that overlap": {subnetsApart, func(k *known) { k.edit("pod-subnet", func(s *ground.Subnet) { s.CIDR = prefix("10.0.0.0/8") }) },
			"failure: 10.2.0.0/16 of Services and 10.0.0.0/8 of Pods overlap; expected: no address in both"},
		"one subnet": {subnetsApart, func(k *known) { k.Policy.PodSubnet = "service-subnet" }, "passed: they are one, 10.2.0.0/16"},
	})
}

func TestRanges(t *testing.T) {
	ranged := func(r string) func(*known) {
		return func(k *known) { k.Policy.ServiceCIDRs = []netip.Prefix{prefix(r)} }
	}
	look(t, map[string]fault{
		"another range than the cluster's": {clusterRange, ranged("10.2.0.0/18"), "failure: the cluster has 10.2.0.0/17; expected: 10.2.0.0/18"},
		"the cluster's own":                {clusterRange, func(k *known) { k.Policy.ServiceCIDRs = nil }, "passed: the cluster's own is taken: 10.2.0.0/17"},
		"a range beyond the subnet": {rangeInSubnet, ranged("10.2.0.0/15"),
			"failure: 10.2.0.0/15 is not inside 10.2.0.0/16; expected: inside 10.2.0.0/16"},
		"a range elsewhere": {rangeInSubnet, ranged("10.96.0.0/12"), "failure: 10.96.0.0/12 is not inside 10.2.0.0/16; expected: inside 10.2.0.0/16"},
		"no range of the family": {rangeInSubnet, ranged("fd00::/108"),
			"unchecked: no service range is of the family of neutron.serviceSubnet 10.2.0.0/16"},
		"no range at all": {rangeInSubnet, func(k *known) { k.Policy.ServiceCIDRs, k.serviceCIDRs = nil, nil },
			"unchecked: the cluster has no ServiceCIDR: set kubernetes.serviceCIDRs"},
		"a pool in the range": {poolsApart, func(k *known) {
			k.edit("service-subnet", func(s *ground.Subnet) { s.Pools = append(s.Pools, span("10.2.0.10", "10.2.0.20")) })
		}, "failure: pool 10.2.0.10-10.2.0.20 has 10.2.0.10-10.2.0.20 of the range 10.2.0.0/17; expected: no pool in 10.2.0.0/17"},
		"a pool that begins in the range": {poolsApart, func(k *known) {
			k.edit("service-subnet", func(s *ground.Subnet) { s.Pools = []facts.Span{span("10.2.0.1", "10.2.255.253")} })
		}, "failure: pool 10.2.0.1-10.2.255.253 has 10.2.0.1-10.2.127.255 of the range 10.2.0.0/17; expected: no pool in 10.2.0.0/17"},
		"no pool": {poolsApart, func(k *known) { k.edit("service-subnet", func(s *ground.Subnet) { s.Pools = nil }) }, "passed: subnet 10.2.0.0/16 has no pool"},
	})
}

// What repairs pools is the reference documents' own.
func TestTheRepairOfPools(t *testing.T) {
	k := good()
	k.edit("service-subnet", func(s *ground.Subnet) { s.Pools = []facts.Span{span("10.2.0.1", "10.2.255.253")} })
	want := "openstack subnet set --no-allocation-pool --allocation-pool start=10.2.128.0,end=10.2.255.253 service-subnet"
	if got := poolsApart.look(k.ground()).Repair; len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}
}

func TestGateways(t *testing.T) {
	at := func(gateway netip.Addr) func(*known) {
		return func(k *known) { k.edit("service-subnet", func(s *ground.Subnet) { s.Gateway = gateway }) }
	}
	const expected = "; expected: an address of the subnet that nobody is given"
	look(t, map[string]fault{
		"none":         {gateways, at(netip.Addr{}), "failure: neutron.serviceSubnet 10.2.0.0/16 has no gateway" + expected},
		"elsewhere":    {gateways, at(ip("10.9.0.1")), "failure: 10.9.0.1 is outside neutron.serviceSubnet 10.2.0.0/16" + expected},
		"in the range": {gateways, at(ip("10.2.0.1")), "failure: 10.2.0.1 of neutron.serviceSubnet is in the service range 10.2.0.0/17" + expected},
		"in the pool": {gateways, at(ip("10.2.128.1")),
			"failure: 10.2.128.1 of neutron.serviceSubnet is in the allocation pool 10.2.128.1-10.2.255.253" + expected},
	})
}

func TestRouters(t *testing.T) {
	routed := func(change func(*ground.Router)) func(*known) {
		return func(k *known) {
			r := k.routers["router"]
			change(&r)
			k.routers["router"] = r
		}
	}
	const expected = "; expected: one router with a port in both, ACTIVE"
	look(t, map[string]fault{
		"none":               {router, func(k *known) { k.ports = k.ports[2:] }, "failure: no router has a port in 10.2.0.0/16 and in 10.1.0.0/16" + expected},
		"another for each":   {router, func(k *known) { k.ports[0].Device = "other" }, "failure: no router has a port in 10.2.0.0/16 and in 10.1.0.0/16" + expected},
		"another project's":  {router, func(k *known) { k.routers = nil }, "unchecked: router router is another project's, and not shown to us"},
		"switched off":       {router, routed(func(r *ground.Router) { r.Up = false }), "failure: router kuryr router is switched off" + expected},
		"not working":        {router, routed(func(r *ground.Router) { r.Status = "ERROR" }), "failure: router kuryr router is ERROR" + expected},
		"not at the gateway": {routerGateways, func(k *known) { k.ports[1].Addresses[0].IP = ip("10.2.255.1") }, "failure: it is at 10.2.255.1 in neutron.serviceSubnet 10.2.0.0/16; expected: the router at 10.2.255.254"},
		"down there": {routerGateways, func(k *known) { k.ports[1].Status = "DOWN" },
			"warning: its port r2 in 10.2.0.0/16 is DOWN; expected: the router at 10.2.255.254, by a port that is ACTIVE"},
		"nowhere":                 {routerGateways, func(k *known) { k.ports = k.ports[2:] }, "unchecked: no router joins the subnets"},
		"not leading out":         {externalRoute, routed(func(r *ground.Router) { r.External = "" }), "failure: router kuryr router has none; expected: a gateway on public"},
		"leading elsewhere":       {externalRoute, routed(func(r *ground.Router) { r.External = "x" }), "failure: router kuryr router has one on x; expected: a gateway on public"},
		"leading, not shown":      {externalRoute, func(k *known) { k.routers = nil }, "unchecked: router router is another project's, and not shown to us"},
		"nothing out to lead to":  {externalRoute, func(k *known) { k.Policy.ExternalNetwork = "" }, "passed: no external network is configured"},
		"no router to lead there": {externalRoute, func(k *known) { k.ports = nil }, "unchecked: no router has a port in 10.2.0.0/16"},
	})
}

func TestExternalNetworks(t *testing.T) {
	look(t, map[string]fault{
		"not there":         {externalNetwork, func(k *known) { delete(k.networks, "public") }, "failure: neutron.externalNetwork public is not there; expected: an external network"},
		"not external":      {externalNetwork, func(k *known) { k.Policy.ExternalNetwork = "pods" }, "failure: pod is a network, but not external; expected: an external network"},
		"none":              {externalNetwork, func(k *known) { k.Policy.ExternalNetwork = "" }, "passed: none is configured: a LoadBalancer Service has to name its floating IP"},
		"a strange subnet":  {externalSubnet, func(k *known) { k.Policy.ExternalSubnet = "x" }, "failure: x is none; expected: a subnet of public"},
		"no subnet":         {externalSubnet, func(k *known) { k.Policy.ExternalSubnet = "" }, "passed: none is configured: any of the network will do"},
		"subnets not shown": {externalSubnet, func(k *known) { k.networks["public"] = ground.Network{External: true} }, "unchecked: the subnets of the external network are not shown to us"},
		"a subnet of nothing": {externalSubnet, func(k *known) { k.Policy.ExternalNetwork = "" },
			"failure: only neutron.externalSubnet is set; expected: neutron.externalNetwork, too"},
	})
}

func TestWhoIsInTheRange(t *testing.T) {
	server := func(at string) func(*known) {
		return func(k *known) { k.ports = append(k.ports, port("s1", "compute:nova", "vm", "service-subnet", at)) }
	}
	made := func(b ground.Balancer) func(*known) {
		return func(k *known) {
			b.ID, b.Port, b.VIP = "lb-x", "vip-x", ip("10.2.0.9")
			k.balancers, k.ports = append(k.balancers, b), append(k.ports, port("vip-x", "Octavia", "lb-x", "service-subnet", "10.2.0.9"))
		}
	}
	const expected = "; expected: nobody but load balancers of ours"
	look(t, map[string]fault{
		"a server, guarded": {rangeFree, server("10.2.0.9"),
			"warning: port s1 (compute:nova) has 10.2.0.9; it is kept from Services" + expected},
		"a server, not guarded": {rangeFree, func(k *known) { k.Guarded = false; server("10.2.0.9")(k) },
			"failure: port s1 (compute:nova) has 10.2.0.9" + expected},
		"a server at the first address": {rangeFree, func(k *known) { k.ports = nil; server("10.2.0.1")(k) },
			"failure: port s1 (compute:nova) has 10.2.0.1; expected: the first address for the API server's load balancer"},
		"a server beyond the range": {rangeFree, server("10.2.130.9"), "passed: nobody else is in 10.2.0.0/17"},
		"another cluster's load balancer": {rangeFree, made(ground.Balancer{Name: "a/b", Owner: octavia.Owner{Cluster: "staging", UID: "x"}}),
			"warning: load balancer a/b of the cluster staging has 10.2.0.9; it is kept from Services" + expected},
		"Kuryr's load balancer": {rangeFree, made(ground.Balancer{Name: "shop/web"}),
			"warning: load balancer shop/web lb-x has 10.2.0.9; it is kept from Services" + expected},
		"Kuryr's, to be adopted": {rangeFree, func(k *known) { k.Policy.Adopts = true; made(ground.Balancer{Name: "shop/web"})(k) }, "passed: nobody else is in 10.2.0.0/17"},
		"Kuryr's, of nobody here": {rangeFree, func(k *known) { k.Policy.Adopts = true; made(ground.Balancer{Name: "a/gone"})(k) },
			"warning: load balancer a/gone lb-x has 10.2.0.9; it is kept from Services" + expected},
	})
}

func TestRoom(t *testing.T) {
	crowded := func(free int, amphorae ...string) func(*known) {
		return func(k *known) {
			k.edit("service-subnet", func(s *ground.Subnet) { s.Pools = []facts.Span{span("10.2.128.5", "10.2.128.6")} })
			for range free {
				k.edit("service-subnet", func(s *ground.Subnet) { s.Pools[0].Last = s.Pools[0].Last.Next() })
			}
			k.inCluster = append(k.inCluster, Service{UID: "a", Balanced: true}, Service{UID: "b", Balanced: true}, Service{UID: "c"})
			if len(amphorae) > 0 {
				k.ports[4].Name, k.ports[5].Name = amphorae[0], amphorae[0]
			}
		}
	}
	look(t, map[string]fault{
		"nothing free": {poolRoom, crowded(0), "failure: all 2 of the pools of 10.2.0.0/16 are taken; expected: free addresses"},
		"for one of two": {poolRoom, crowded(1, "a machine"),
			"failure: 1 of 3 are; expected: 4 addresses free in the service subnet for 2 Services to come"},
		"for single amphorae": {poolRoom, crowded(2, "a machine"),
			"warning: 2 of 4 are; expected: 4 addresses free in the service subnet for 2 Services to come, if each has two amphorae"},
		"for pairs":          {poolRoom, crowded(4), "passed: 4 of 6 addresses of 10.2.0.0/16 are free for 2 Services to come"},
		"with ovn":           {poolRoom, func(k *known) { k.Policy.Provider = "ovn" }, "passed: this provider's load balancers take no address beside the VIP"},
		"of Pods in L3":      {podRoom, func(*known) {}, "passed: members are reached by L3, which takes no address there"},
		"of Pods in L2":      {podRoom, func(k *known) { k.Policy.MemberMode = "L2" }, "passed: 65532 of 65533 addresses of 10.1.0.0/16 are free for 0 Services to come"},
		"of Pods, one there": {podRoom, func(k *known) { k.Policy.MemberMode, k.Policy.PodSubnet = "L2", "service-subnet" }, "passed: an amphora needs no second port: Pods are on the network of the VIPs"},
		"of no Pods in L2": {podRoom, func(k *known) {
			k.Policy.MemberMode = "L2"
			k.edit("pod-subnet", func(s *ground.Subnet) { s.Pools = []facts.Span{span("10.1.0.5", "10.1.0.5")} })
		}, "failure: all 1 of the pools of 10.1.0.0/16 are taken; expected: free addresses"},
	})
}
