package policy

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// ours is a Service that has, or is to have, a load balancer in the cloud.
// outer is the cloud, where the external network shows its subnet.
var outer = but(cloud, func(s *facts.Snapshot) { s.OuterSubnets = map[string][]string{external: {podSubnet}} })

func ours(s *corev1.Service) { s.UID = "ours" }

// lacking is what is known of the cloud less some of it.
func lacking(forget func(*facts.Snapshot)) facts.Snapshot {
	known := cloud
	forget(&known)
	return known
}

// What Neutron says of addresses, networks and subnets.
func TestFindingsOfTheNetwork(t *testing.T) {
	wide := config // the service range leaves the subnet, and covers what Neutron keeps
	wide.ServiceCIDRs = []netip.Prefix{netip.MustParsePrefix("10.2.0.0/15")}
	at := func(a string, edits ...edit) Subject {
		return Subject{Service: service(append([]edit{plain, clusterIPOf(a)}, edits...)...)}
	}
	standing := at("10.2.128.1")
	standing.Has = LoadBalancer{VIP: netip.MustParseAddr("10.2.128.1"), Subnet: serviceSubnet}
	updated := at("10.2.0.50", label)
	updated.Old = service(plain, clusterIPOf("10.2.0.50"), builtAlready, with(annotation.Provider.Key, "amphora"))
	dry := at("10.2.0.50")
	dry.Service.Spec.ClusterIP, dry.DryRun = "10.2.0.0", true
	gone := lacking(func(s *facts.Snapshot) { s.Subnets = map[string]facts.Subnet{serviceSubnet: {}, podSubnet: {}} })
	l2 := service(plain, with(annotation.Members.Key, "L2"))
	for claim, tt := range map[string]struct {
		subject Subject
		known   facts.Snapshot
		want    string
	}{
		"cluster-ip-range: an address outside the subnet is denied": {at("10.3.0.1"), cloud,
			"deny cluster-ip-range: spec.clusterIP 10.3.0.1 is outside the service subnet 10.2.0.0/16; apply again or take another\n"},
		"cluster-ip-range: where the subnet is not known, nobody objects": {at("10.3.0.1"), facts.Snapshot{}, ""},

		"cluster-ip-reserved: the gateway is denied": {at("10.2.255.254"), cloud,
			"deny cluster-ip-reserved: spec.clusterIP 10.2.255.254 is the gateway of the service subnet; apply again or take another\n"},
		"cluster-ip-reserved: what Neutron hands out is denied": {at("10.2.128.1"), cloud,
			"deny cluster-ip-reserved: spec.clusterIP 10.2.128.1 is in an allocation pool, which Neutron hands out; apply again or take another\n"},
		"cluster-ip-reserved: the address before is not":              {at("10.2.128.0"), cloud, ""},
		"cluster-ip-reserved: a load balancer that is there may stay": {standing, cloud, ""},
		"cluster-ip-reserved: without the subnet nobody objects": {at("10.2.255.254"),
			lacking(func(s *facts.Snapshot) { s.Subnets = nil }), ""},

		"vip-free: a server's address is denied": {at("10.2.0.50"), cloud,
			"deny vip-free: spec.clusterIP 10.2.0.50 is held by port 50d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d50 (server); apply again or take another\n"},
		"vip-free: so is a router's": {at("10.2.0.51"), cloud,
			"deny vip-free: spec.clusterIP 10.2.0.51 is held by port 51d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d51 (router); apply again or take another\n"},
		"vip-free: so is that of somebody's load balancer": {at("10.2.0.52"), cloud,
			"deny vip-free: spec.clusterIP 10.2.0.52 is held by load balancer 62d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d62; apply again or take another\n"},
		"vip-free: so is that of another Service's": {at("10.2.0.53"), cloud,
			"deny vip-free: spec.clusterIP 10.2.0.53 is held by load balancer 63d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d63; apply again or take another\n"},
		"vip-free: of what Kuryr made it is told that it can be adopted": {at("10.2.0.56"), cloud,
			"deny vip-free: spec.clusterIP 10.2.0.56 is held by load balancer 66d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d66; see octavia.adopt\n"},
		"vip-free: what Kuryr made for another is another's": {at("10.2.0.56", func(s *corev1.Service) { s.Name = "other" }), cloud,
			"deny vip-free: spec.clusterIP 10.2.0.56 is held by load balancer 66d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d66; apply again or take another\n"},
		"vip-free: the Service's own is not":                 {at("10.2.0.53", ours), cloud, ""},
		"vip-free: a port that was left behind is mended":    {at("10.2.0.54"), cloud, ""},
		"vip-free: a free address is free":                   {at("10.2.0.55"), cloud, ""},
		"vip-free: the placeholder of a dry run is nobody's": {dry, cloud, ""},
		"vip-free: what is built already is not disturbed":   {updated, cloud, ""},
		"vip-free: without the load balancers, a VIP's port may be anybody's": {at("10.2.0.52"),
			lacking(func(s *facts.Snapshot) { s.Balancers = nil }), ""},
		"vip-free: without the load balancers, a server's port is a server's": {at("10.2.0.50"),
			lacking(func(s *facts.Snapshot) { s.Balancers = nil }),
			"deny vip-free: spec.clusterIP 10.2.0.50 is held by port 50d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d50 (server); apply again or take another\n"},
		"vip-free: without the ports nobody objects": {at("10.2.0.50"), lacking(func(s *facts.Snapshot) { s.Ports = nil }), ""},

		"subnet-exists: a service subnet that is gone is denied": {Subject{Service: service(plain)}, gone,
			"deny subnet-exists: octagate.dev/vip-subnet-id " + serviceSubnet + " is not in this cloud; ask who set neutron.serviceSubnet\n"},
		"subnet-exists: not where a load balancer is in it": {
			Subject{Service: service(plain), Has: LoadBalancer{VIP: netip.MustParseAddr("10.2.0.7"), Subnet: serviceSubnet}}, gone, ""},
		"subnet-exists: L2 needs the pod subnet": {Subject{Service: l2},
			lacking(func(s *facts.Snapshot) {
				s.Subnets = map[string]facts.Subnet{serviceSubnet: cloud.Subnets[serviceSubnet], podSubnet: {}}
			}),
			"deny subnet-exists: octagate.dev/member-mode L2 needs neutron.podSubnet, which is not in this cloud; use L3, or tell the operator\n"},
		"subnet-exists: what nobody looked for may be there": {Subject{Service: l2}, lacking(func(s *facts.Snapshot) { s.Subnets = nil }), ""},

		"floating-ip-network: one that no router leads to is denied": {Subject{Service: service(asking("203.0.113.5"))}, cloud,
			"deny floating-ip-network: spec.loadBalancerIP 203.0.113.5 is on a network that no router leads to; free here: 172.24.4.13, 172.24.4.20\n"},
		"floating-ip-network: where nobody knows the routers, another network is warned of": {Subject{Service: service(asking("203.0.113.5"))},
			lacking(func(s *facts.Snapshot) { s.Routes = nil }),
			"warn floating-ip-network: spec.loadBalancerIP 203.0.113.5 is not on the cluster's external network; a router has to lead to its own\n"},
		"floating-ip-network: the network that the author names is no other": {
			Subject{Service: service(asking("203.0.113.5"), with(annotation.ExternalNetworkID.Key, dmz))},
			lacking(func(s *facts.Snapshot) { s.Routes = nil }), ""},
		"floating-ip-network: another network that a router leads to will do": {Subject{Service: service(asking("203.0.113.5"))},
			lacking(func(s *facts.Snapshot) { s.Routes = map[string]bool{external: true, dmz: true} }), ""},
		"floating-ip-network: a subnet of another network is denied": {Subject{Service: service(asking(""), with(annotation.ExternalSubnetID.Key, dmz))}, outer,
			"deny floating-ip-network: octagate.dev/external-subnet-id " + dmz + " is no subnet of the external network; leave it out\n"},
		"floating-ip-network: one of the network passes":          {Subject{Service: service(asking(""), with(annotation.ExternalSubnetID.Key, podSubnet))}, outer, ""},
		"floating-ip-network: what is built keeps its subnet":     {Subject{Service: service(asking(""), builtAlready, with(annotation.ExternalSubnetID.Key, dmz)), Has: LoadBalancer{VIP: netip.MustParseAddr("10.2.0.7"), Subnet: serviceSubnet}}, outer, ""},
		"floating-ip-network: a network may not show its subnets": {Subject{Service: service(asking(""), with(annotation.ExternalSubnetID.Key, dmz))}, cloud, ""},
		"floating-ip-network: a pool that no router leads to is denied": {
			Subject{Service: service(asking(""), with(annotation.ExternalNetworkID.Key, dmz))}, cloud,
			"deny floating-ip-network: octagate.dev/external-network-id " + dmz + " is no external network that a router leads to\n"},
		"floating-ip-network: so is one that is not external": {
			Subject{Service: service(asking(""), with(annotation.ExternalNetworkID.Key, podSubnet))},
			lacking(func(s *facts.Snapshot) { s.Routes = nil }),
			"deny floating-ip-network: octagate.dev/external-network-id " + podSubnet + " is no external network that a router leads to\n"},
		"floating-ip-network: what the author misspelt is not blamed for the operator's": {
			Subject{Service: service(asking(""), with(annotation.ExternalNetworkID.Key, ""))},
			lacking(func(s *facts.Snapshot) { s.Routes = map[string]bool{} }),
			"deny annotation: octagate.dev/external-network-id: must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12\n" +
				"deny floating-ip-network: spec.loadBalancerIP: no router leads to the cluster's external network; tell the operator\n"},
		"floating-ip-network: so is the operator's": {Subject{Service: service(asking(""))},
			lacking(func(s *facts.Snapshot) { s.Routes = map[string]bool{} }),
			"deny floating-ip-network: spec.loadBalancerIP: no router leads to the cluster's external network; tell the operator\n"},
		"floating-ip-network: what nobody knows is not denied": {Subject{Service: service(asking(""))},
			lacking(func(s *facts.Snapshot) { s.Externals, s.Routes = nil, nil }), ""},

		"instead: floating IPs of the author's network are named": {
			Subject{Service: service(asking("172.24.4.99"), with(annotation.ExternalNetworkID.Key, dmz))},
			lacking(func(s *facts.Snapshot) { s.Routes = nil }),
			"deny floating-ip-exists: spec.loadBalancerIP 172.24.4.99 is not a floating IP of this project; free here: 203.0.113.5\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			v := Evaluate(wide, tt.subject, tt.known)
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Error(diff)
			}
			fitting(t, v)
			if v.Denied() && v.Doubts() == (facts.Question{}) {
				t.Error("this rests on what the cloud said, and yet nobody would look again")
			}
		})
	}
}

// The ClusterIP of the other family is a VIP, too.
func TestTheSecondAddressIsJudged(t *testing.T) {
	const second = "f6438a81-22fa-4a88-9b05-c4723662ef36"
	cfg := config
	cfg.ServiceSubnetV6 = second
	cfg.ServiceCIDRs = append(cfg.ServiceCIDRs, netip.MustParsePrefix("fd00:10:2::/112"))
	there := map[string]facts.Subnet{serviceSubnet: cloud.Subnets[serviceSubnet], second: {
		ID: second, CIDR: netip.MustParsePrefix("fd00:10:2::/120"), Gateway: netip.MustParseAddr("fd00:10:2::1"),
	}}
	server := netip.MustParseAddr("fd00:10:2::50")
	for claim, tt := range map[string]struct {
		address string
		subnets map[string]facts.Subnet
		want    string
	}{
		"a good one": {"fd00:10:2::7", there, ""},
		"the gateway": {"fd00:10:2::1", there,
			"deny cluster-ip-reserved: spec.clusterIPs[1] fd00:10:2::1 is the gateway of the service subnet; apply again or take another\n"},
		"outside the subnet": {"fd00:10:2::1:7", there,
			"deny cluster-ip-range: spec.clusterIPs[1] fd00:10:2::1:7 is outside the service subnet fd00:10:2::/120; apply again or take another\n"},
		"a server's": {"fd00:10:2::50", there,
			"deny vip-free: spec.clusterIPs[1] fd00:10:2::50 is held by port 50d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d50 (server); apply again or take another\n"},
		"without a subnet": {"fd00:10:2::7", map[string]facts.Subnet{second: {}},
			"deny subnet-exists: spec.clusterIPs[1] fd00:10:2::7 needs neutron.serviceSubnetIPv6, which is not in this cloud\n"},
	} {
		known := lacking(func(s *facts.Snapshot) {
			s.Subnets, s.Ports = tt.subnets, map[netip.Addr]facts.Port{server: cloud.Ports[netip.MustParseAddr("10.2.0.50")]}
		})
		svc := service(plain, func(s *corev1.Service) { s.Spec.ClusterIPs = []string{"10.2.0.7", tt.address} })
		if diff := cmp.Diff(tt.want, told(Evaluate(cfg, Subject{Service: svc}, known))); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

// What is wrong with the one ClusterIP does not hide what is wrong with the other, and
// where the load balancer is already it may stay, wherever its other address goes.
func TestBothAddressesAreJudged(t *testing.T) {
	cfg := config
	cfg.ServiceSubnetV6 = podSubnet
	known := lacking(func(s *facts.Snapshot) {
		s.Subnets = map[string]facts.Subnet{podSubnet: {ID: podSubnet, CIDR: netip.MustParsePrefix("fd00:10:2::/120")}}
	})
	svc := service(plain, clusterIPOf("10.99.0.1"), func(s *corev1.Service) { s.Spec.ClusterIPs = []string{"10.99.0.1", "fd00:99::7"} })
	first := "deny cluster-ip-range: spec.clusterIP 10.99.0.1 is outside the service range 10.2.0.0/17; choose one inside or leave it empty\n"
	second := "deny cluster-ip-range: spec.clusterIPs[1] fd00:99::7 is outside the service subnet fd00:10:2::/120; apply again or take another\n"
	if diff := cmp.Diff(first+second, told(Evaluate(cfg, Subject{Service: svc}, known))); diff != "" {
		t.Error(diff)
	}
	has := LoadBalancer{VIP: netip.MustParseAddr("10.2.0.7"), Subnet: serviceSubnet, Second: netip.MustParseAddr("fd00:99::7")}
	if diff := cmp.Diff(first, told(Evaluate(cfg, Subject{Service: svc, Has: has}, known))); diff != "" {
		t.Error(diff)
	}
}

// What one list does not tell makes no Service unverified.
func TestAListThatFailsLeavesTheVerdict(t *testing.T) {
	for claim, forget := range map[string]func(*facts.Snapshot){
		"subnets":           func(s *facts.Snapshot) { s.Subnets = nil },
		"ports":             func(s *facts.Snapshot) { s.Ports = nil },
		"load balancers":    func(s *facts.Snapshot) { s.Balancers = nil },
		"external networks": func(s *facts.Snapshot) { s.Externals = nil },
		"routers":           func(s *facts.Snapshot) { s.Routes = nil },
	} {
		if v := Evaluate(config, Subject{Service: service()}, lacking(forget)); v.Unverified() || len(v.Findings) > 0 {
			t.Errorf("%s: %s", claim, told(v))
		}
	}
}

func TestWhatKuryrMadeIsAdopted(t *testing.T) {
	cfg := config
	cfg.Adopts = true
	for address, want := range map[string]string{
		"10.2.0.56": "",
		"10.2.0.52": "deny vip-free: spec.clusterIP 10.2.0.52 is held by load balancer 62d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d62; apply again or take another\n",
	} {
		if diff := cmp.Diff(want, told(Evaluate(cfg, Subject{Service: service(plain, clusterIPOf(address))}, cloud))); diff != "" {
			t.Error(diff)
		}
	}
}

// The operator's subnet is one of the operator's network, and of no other.
func TestAnotherNetworkHasOtherSubnets(t *testing.T) {
	cfg := config
	cfg.ExternalSubnet = podSubnet
	for network, want := range map[string]string{external: podSubnet, dmz: ""} {
		v := Evaluate(cfg, Subject{Service: service(asking(""), with(annotation.ExternalNetworkID.Key, network))}, outer)
		if got := v.Intent.ExternalIP.Subnet; got != want {
			t.Errorf("%s: %q", network, got)
		}
	}
	cfg.ExternalSubnet = dmz
	want := "deny floating-ip-network: spec.loadBalancerIP: the configured external subnet is not one of the external network; tell the operator\n"
	if got := told(Evaluate(cfg, Subject{Service: service(asking(""))}, outer)); got != want {
		t.Error(got)
	}
}
