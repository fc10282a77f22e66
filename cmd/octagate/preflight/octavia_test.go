package preflight

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/octavia"
)

func TestServicesOfTheCloud(t *testing.T) {
	look(t, map[string]fault{
		"no Octavia": {catalogue, func(k *known) { delete(k.services, "load-balancer") }, "failure: there is none for us; expected: a service of type load-balancer"},
		"no LBaaS":   {catalogue, func(k *known) { k.Policy.Legacy = true }, "failure: Neutron does not have it; expected: Neutron's extension lbaasv2"},
		"LBaaS":      {catalogue, func(k *known) { k.Policy.Legacy = true; k.extensions = []string{"lbaasv2"} }, "passed: Neutron has it"},
		"no tags": {octaviaVersion, func(k *known) { k.octavia.Minor = 4 },
			"warning: its API is v2.4: what is octagate's is marked in descriptions; expected: v2.5, which has tags"},
		"no SCTP": {octaviaVersion, func(k *known) { k.octavia.Minor = 22; k.Policy.Protocols = []corev1.Protocol{corev1.ProtocolSCTP} },
			"failure: its API is v2.22; expected: v2.23, which has SCTP ports"},
		"no routers": {neutronExtensions, func(k *known) { k.extensions = k.extensions[1:] },
			"failure: Neutron does not have router; expected: router, for routers and floating IPs"},
		"no compare-and-swap": {neutronExtensions, func(k *known) { k.extensions = k.extensions[:3] },
			"warning: Neutron does not have revision-if-match; expected: revision-if-match, for a floating IP that somebody else associates at the same moment is not taken away from them"},
	})
}

func TestOffers(t *testing.T) {
	offered := func(names ...string) func(*known) {
		return func(k *known) {
			k.providers = map[string]facts.Offer{}
			for _, n := range names {
				k.providers[n] = facts.Offer{Name: n}
			}
		}
	}
	look(t, map[string]fault{
		"no provider":              {provider, offered(), "failure: Octavia has none that is enabled; expected: at least one"},
		"another provider":         {provider, func(k *known) { k.Policy.Provider = "ovn" }, "failure: Octavia has amphora; expected: ovn"},
		"the provider":             {provider, func(k *known) { k.Policy.Provider = "amphora" }, "passed: Octavia has amphora"},
		"ovn by default":           {providerLimits, offered("ovn"), "failure: the provider ovn does not do what octavia.provider says; expected: octavia.provider: ovn"},
		"ovn by name":              {providerLimits, func(k *known) { k.Policy.Provider = "ovn" }, "passed: the provider is ovn"},
		"ovn by name, misused":     {providerLimits, func(k *known) { k.Policy.Provider, k.Policy.Algorithm = "ovn", "ROUND_ROBIN" }, "failure: the provider ovn does not do what octavia.algorithm says; expected: octavia.algorithm: SOURCE_IP_PORT"},
		"ovn or another":           {providerLimits, offered("ovn", "amphora"), "unchecked: which provider is the cloud's default is not told by Octavia: set octavia.provider"},
		"a flavor":                 {flavor, func(k *known) { k.Policy.Flavor = "large" }, "passed: Octavia has it: Large"},
		"a flavor that is not":     {flavor, func(k *known) { k.Policy.Flavor = "x" }, "failure: Octavia does not have it; expected: x"},
		"a flavor, switched off":   {flavor, func(k *known) { k.Policy.Flavor = "old" }, "failure: an administrator has switched it off; expected: old, enabled"},
		"a zone that is not":       {zone, func(k *known) { k.Policy.Zone = "x" }, "failure: Octavia does not have it; expected: x"},
		"a zone, switched off":     {zone, func(k *known) { k.Policy.Zone = "west" }, "failure: an administrator has switched it off; expected: west, enabled"},
		"no machines":              {topology, func(k *known) { k.Policy.Provider = "ovn" }, "passed: this provider's load balancers run on no machines of their own"},
		"pairs, as is seen":        {topology, func(*known) {}, "passed: ACTIVE_STANDBY: those that there are run on two"},
		"single ones, as is seen":  {topology, func(k *known) { k.ports[5].Beside = nil }, "warning: SINGLE: one amphora has load balancer shop/web; expected: ACTIVE_STANDBY"},
		"nothing to be seen as of": {topology, func(k *known) { k.balancers = nil }, "unchecked: an administrator's"},
	})
}

func TestTheProfileTellsTheTopology(t *testing.T) {
	g := good().ground()
	g.Cloud.Topology = ground.Known("SINGLE")
	if got := topology.look(g).String(); got != ": warning: SINGLE: the flavor's profile says so; expected: ACTIVE_STANDBY" {
		t.Error(got)
	}
}

func TestQuotas(t *testing.T) {
	quota := func(most, used int) ground.Quota {
		return ground.Quota{Limit: facts.Limit{Known: true, Most: most}, Used: used}
	}
	come := func(k *known) { k.inCluster = append(k.inCluster, Service{UID: "new", Balanced: true, Pool: true}) }
	look(t, map[string]fault{
		"no load balancer": {quotas, func(k *known) { come(k); k.balancerQuota["loadbalancer"] = quota(2, 2) },
			"failure: 2 of 2 loadbalancers are there; expected: room for 1"},
		"all have theirs": {quotas, func(k *known) { k.balancerQuota["loadbalancer"] = quota(2, 2) },
			"passed: loadbalancers: 2 of 2; listeners: 0 of any number; pools: 0 of any number; members: 0 of any number; ports: 0 of any number"},
		"no port": {quotas, func(k *known) { come(k); k.networkQuota["port"] = quota(9, 9) }, "failure: 9 of 9 ports are there; expected: room for 1"},
		"no floating IP": {quotas, func(k *known) { come(k); k.networkQuota["floatingip"] = quota(0, 0) },
			"failure: 0 of 0 floatingips are there; expected: room for 1"},
		"something not told": {quotas, func(k *known) { delete(k.balancerQuota, "member") }, "unchecked: the quota of members is not told"},
	})
	k := good()
	come(k)
	k.networkQuota["floatingip"], k.networkQuota["port"] = quota(0, 0), quota(9, 9)
	want := []string{"openstack quota set --ports 10 PROJECT (as an administrator)", "openstack quota set --floating-ips 1 PROJECT (as an administrator)"}
	if got := quotas.look(k.ground()).Repair; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestTheAPIsLoadBalancer(t *testing.T) {
	member := func(members ...ground.Member) func(*known) {
		return func(k *known) { k.balancers[0].Under.Pools[0].Members = members }
	}
	const expected = "; expected: a load balancer at 10.2.0.1, 443 to 6443"
	dead, live := ground.Member{Address: ip("192.168.1.2"), Port: 6443, Operating: "ERROR"}, ground.Member{Address: ip("192.168.1.3"), Port: 6443, Operating: "ONLINE"}
	look(t, map[string]fault{
		"none":                 {apiBalancer, func(k *known) { k.balancers = nil }, "warning: there is none: Pods reach the API server only if something else has this address" + expected},
		"none, but octagate's": {apiBalancer, func(k *known) { k.balancers = nil; k.Policy.APIServer = true }, "passed: there is none yet; octagate run makes it (kubernetes.apiServer)"},
		"in ERROR":             {apiBalancer, func(k *known) { k.balancers[0].Status = "ERROR" }, "failure: default/kubernetes is in ERROR" + expected},
		"just being made":      {apiBalancer, func(k *known) { k.balancers[0].Status = "PENDING_CREATE" }, "warning: default/kubernetes is PENDING_CREATE" + expected},
		"at another port":      {apiBalancer, func(k *known) { k.balancers[0].Under.Listeners[0].Port = 6443 }, "failure: default/kubernetes has no listener on port 443" + expected},
		"for UDP":              {apiBalancer, func(k *known) { k.balancers[0].Under.Listeners[0].Protocol = "UDP" }, "failure: default/kubernetes has no listener on port 443" + expected},
		"without a pool":       {apiBalancer, func(k *known) { k.balancers[0].Under.Pools = nil }, "failure: default/kubernetes has no members" + expected},
		"to nobody":            {apiBalancer, member(), "failure: default/kubernetes has no members" + expected},
		"to the dead":          {apiBalancer, member(dead), "failure: no member of default/kubernetes is alive: 192.168.1.2:6443" + expected},
		"to some dead":         {apiBalancer, member(dead, live), "warning: members of default/kubernetes are not alive: 192.168.1.2:6443" + expected},
		"to other ports": {apiBalancer, member(ground.Member{Address: ip("192.168.1.2"), Port: 8443}),
			"warning: default/kubernetes leads to 192.168.1.2:8443" + expected},
		"not looked into": {apiBalancer, func(k *known) { k.balancers[0].Under = nil }, "unchecked: what is under default/kubernetes was not looked at"},
	})
}

func TestWhatIsLeft(t *testing.T) {
	gone := octavia.Owner{Cluster: "production", System: "system", UID: "gone"}
	look(t, map[string]fault{
		"a load balancer": {orphans, func(k *known) { k.balancers[1].Owner = gone },
			"warning: shop/web lb-web is left of Service gone; expected: no load balancer without its Service"},
		"another cluster's": {orphans, func(k *known) { k.balancers[1].Owner.Cluster = "staging" }, "passed: nothing is left"},
		"another cluster's of our name": {orphans, func(k *known) {
			k.balancers[1].Owner = octavia.Owner{Cluster: "production", System: "other", UID: "gone"}
		},
			"warning: another cluster of this name made shop/web; expected: one cluster of the name production"},
		"a floating IP": {orphans, func(k *known) { k.floatingIPs[0].Owner = gone },
			"warning: 172.24.4.13 is left of Service gone; expected: no floating IP without its Service"},
		"a port": {orphans, func(k *known) {
			p := port("x", "Octavia", "lb-3", "service-subnet", "10.2.0.9")
			p.Name = "octavia-lb-3"
			k.ports = append(k.ports, p)
		}, "warning: port x is left of load balancer 3; expected: no port of a VIP without its load balancer"},
		"a second one of a Service": {duplicates, func(k *known) {
			k.balancers = append(k.balancers, ground.Balancer{ID: "lb-x", VIP: ip("10.2.0.8"), Owner: k.balancers[1].Owner})
		}, "failure: lb-web and lb-x have Service web; expected: one load balancer for each Service and VIP"},
		"a second one with a VIP": {duplicates, func(k *known) {
			k.balancers = append(k.balancers, ground.Balancer{ID: "lb-x", VIP: ip("10.2.0.7"), Subnet: "other", Owner: gone})
		}, "failure: lb-web and lb-x have VIP 10.2.0.7; expected: one load balancer for each Service and VIP"},
	})
}

func TestFloatingIPsThatAreAskedFor(t *testing.T) {
	look(t, map[string]fault{
		"not there": {requestedIPs, func(k *known) { k.floatingIPs = nil },
			"failure: 172.24.4.13 of shop/web is not a floating IP of this project; expected: 172.24.4.13 free, or at shop/web"},
		"elsewhere": {requestedIPs, func(k *known) { k.floatingIPs[0].FixedIP = ip("10.9.0.1") },
			"failure: 172.24.4.13 of shop/web leads to 10.9.0.1; expected: 172.24.4.13 free, or at shop/web"},
		"free": {requestedIPs, func(k *known) { k.floatingIPs[0].Port = "" }, "passed: 172.24.4.13 is there for shop/web"},
		"of the pool": {requestedIPs, func(k *known) { k.floatingIPs[0].Owner = octavia.Owner{Cluster: "production", UID: "other"} },
			"failure: 172.24.4.13 of shop/web is one that octagate allocated for another Service; expected: 172.24.4.13 free, or at shop/web"},
		"twice": {requestedIPs, func(k *known) {
			k.inCluster = append(k.inCluster, Service{Name: "shop/b", UID: "b", Balanced: true, Requested: ip("172.24.4.13")})
		}, "failure: shop/web and shop/b both ask for 172.24.4.13; expected: one Service for each"},
		"by nobody": {requestedIPs, func(k *known) { k.inCluster[0].Balanced = false }, "passed: no Service asks for a loadBalancerIP"},
	})
}
