package preflight

import (
	"net/netip"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/octavia"
)

var (
	ip     = netip.MustParseAddr
	prefix = netip.MustParsePrefix
)

func span(first, last string) facts.Span { return facts.Span{First: ip(first), Last: ip(last)} }

func subnet(id, network, cidr, gateway string, pools ...facts.Span) ground.Subnet {
	return ground.Subnet{Subnet: facts.Subnet{ID: id, Network: network, CIDR: prefix(cidr), Gateway: ip(gateway), Pools: pools}}
}

func port(id, owner, device, subnet, at string) ground.Port {
	return ground.Port{
		ID: id, Owner: owner, Device: device, Status: "ACTIVE", Ours: true, Addresses: []ground.Address{{Subnet: subnet, IP: ip(at)}},
	}
}

// A known is a Ground whose facts can be changed.
type known struct {
	Ground
	services      map[string]string
	extensions    []string
	networks      map[string]ground.Network
	subnets       map[string]ground.Subnet
	ports         []ground.Port
	routers       map[string]ground.Router
	groups        map[string]ground.Group
	floatingIPs   []ground.FloatingIP
	networkQuota  map[string]ground.Quota
	octavia       facts.Version
	providers     map[string]facts.Offer
	balancers     []ground.Balancer
	balancerQuota map[string]ground.Quota
	serviceCIDRs  []netip.Prefix
	inCluster     []Service
	pods          []Pod
}

// anyNumber is a quota without limit.
var anyNumber = ground.Quota{Limit: facts.Limit{Known: true, Most: -1}}

// good is the reference documents' two subnets, with a cluster in which all is well.
func good() *known {
	web := octavia.Owner{Cluster: "production", System: "system", UID: "web"}
	k := &known{
		services:   map[string]string{"network": "http://neutron", "load-balancer": "http://octavia"},
		extensions: []string{"router", "external-net", "standard-attr-description", "revision-if-match"},
		networks: map[string]ground.Network{
			"pods": {ID: "pods", Name: "pod"}, "services": {ID: "services", Name: "services"},
			"public": {ID: "public", Name: "public", External: true, Subnets: []string{"public-subnet"}},
		},
		subnets: map[string]ground.Subnet{
			"pod-subnet":     subnet("pod-subnet", "pods", "10.1.0.0/16", "10.1.255.254", span("10.1.0.1", "10.1.255.253")),
			"service-subnet": subnet("service-subnet", "services", "10.2.0.0/16", "10.2.255.254", span("10.2.128.1", "10.2.255.253")),
		},
		ports: []ground.Port{
			port("r1", "network:router_interface", "router", "pod-subnet", "10.1.255.254"),
			port("r2", "network:router_interface", "router", "service-subnet", "10.2.255.254"),
			port("vip-api", "Octavia", "lb-api", "service-subnet", "10.2.0.1"),
			port("vip-web", "Octavia", "lb-web", "service-subnet", "10.2.0.7"),
			amphora("a1", "10.2.128.5", "10.2.0.7"), amphora("a2", "10.2.128.6", "10.2.0.7"),
			pod("p1", "10.1.0.5", "pods-group"),
		},
		routers:      map[string]ground.Router{"router": {ID: "router", Name: "kuryr", Status: "ACTIVE", Up: true, External: "public"}},
		groups:       map[string]ground.Group{"pods-group": {ID: "pods-group", Rules: []ground.Rule{{Protocol: "tcp", From: prefix("10.2.0.0/16")}}}},
		floatingIPs:  []ground.FloatingIP{{ID: "f1", Address: ip("172.24.4.13"), Network: "public", Port: "vip-web", FixedIP: ip("10.2.0.7")}},
		networkQuota: map[string]ground.Quota{"port": anyNumber, "floatingip": anyNumber},
		octavia:      facts.Version{Major: 2, Minor: 26},
		providers:    map[string]facts.Offer{"amphora": {Name: "amphora"}},
		balancers: []ground.Balancer{
			{ID: "lb-api", Name: "default/kubernetes", VIP: ip("10.2.0.1"), Subnet: "service-subnet", Port: "vip-api", Status: "ACTIVE",
				Under: &ground.Under{
					Listeners: []ground.Listener{{Protocol: "HTTPS", Port: 443, Pool: "api"}},
					Pools:     []ground.Pool{{ID: "api", Members: []ground.Member{{Address: ip("192.168.1.2"), Port: 6443, Operating: "NO_MONITOR"}}}},
				}},
			{ID: "lb-web", Name: "shop/web", VIP: ip("10.2.0.7"), Subnet: "service-subnet", Port: "vip-web", Status: "ACTIVE", Owner: web},
		},
		balancerQuota: map[string]ground.Quota{"loadbalancer": anyNumber, "listener": anyNumber, "pool": anyNumber, "member": anyNumber},
		serviceCIDRs:  []netip.Prefix{prefix("10.2.0.0/17")},
		inCluster:     []Service{{Name: "shop/web", UID: "web", VIPs: []netip.Addr{ip("10.2.0.7")}, Balanced: true, Requested: ip("172.24.4.13")}},
		pods:          []Pod{{Name: "shop/web-1", Address: ip("10.1.0.5")}},
	}
	k.ClusterName, k.Guarded = "production", true
	k.Policy = policy.Config{
		ServiceCIDRs: []netip.Prefix{prefix("10.2.0.0/17")}, ServiceSubnet: "service-subnet", PodSubnet: "pod-subnet",
		ExternalNetwork: "public", ExternalSubnet: "public-subnet", MemberMode: annotation.L3,
	}
	return k
}

// amphora is the port of one beside a VIP.
func amphora(id, at, vip string) ground.Port {
	p := port(id, "compute:nova", "vm-"+id, "service-subnet", at)
	p.Name, p.Ours, p.Beside = "octavia-lb-vrrp-"+id, false, []netip.Addr{ip(vip)}
	return p
}

// pod is a Pod's port.
func pod(id, at string, groups ...string) ground.Port {
	p := port(id, "compute:kuryr", "", "pod-subnet", at)
	p.Groups = groups
	return p
}

// oneSubnet is the reference documents' other layout.
func oneSubnet() *known {
	k := good()
	k.subnets = map[string]ground.Subnet{"k8s": subnet("k8s", "k8s", "10.0.0.0/16", "10.0.255.254", span("10.0.64.0", "10.0.255.253"))}
	k.networks["k8s"] = ground.Network{ID: "k8s", Name: "k8s"}
	k.ports = []ground.Port{
		port("r1", "network:router_interface", "router", "k8s", "10.0.255.254"),
		port("vip-api", "Octavia", "lb-api", "k8s", "10.0.0.1"),
		port("p1", "compute:kuryr", "", "k8s", "10.0.64.7"),
	}
	k.ports[2].Open = true
	k.balancers = k.balancers[:1]
	k.balancers[0].VIP, k.balancers[0].Subnet = ip("10.0.0.1"), "k8s"
	k.floatingIPs, k.inCluster = nil, nil
	k.pods = []Pod{{Name: "shop/web-1", Address: ip("10.0.64.7")}}
	k.serviceCIDRs = []netip.Prefix{prefix("10.0.0.0/18")}
	k.Policy.ServiceCIDRs, k.Policy.ServiceSubnet, k.Policy.PodSubnet = k.serviceCIDRs, "k8s", "k8s"
	return k
}

// ground is k with all its facts known.
func (k *known) ground() Ground {
	g := k.Ground
	g.Cloud = ground.Cloud{
		Services: ground.Known(k.services), Extensions: ground.Known(k.extensions), Networks: ground.Known(k.networks),
		Subnets: ground.Known(k.subnets), Ports: ground.Known(k.ports), Routers: ground.Known(k.routers), Groups: ground.Known(k.groups),
		FloatingIPs: ground.Known(k.floatingIPs), NetworkQuota: ground.Known(k.networkQuota), Octavia: ground.Known(k.octavia),
		Providers: ground.Known(k.providers), Topology: ground.Unknown[string]("an administrator's"),
		Flavors:   ground.Known(map[string]facts.Offer{"large": {Name: "Large"}, "old": {Name: "Old", Off: true}}),
		Zones:     ground.Known(map[string]facts.Offer{"east": {Name: "east"}, "west": {Name: "west", Off: true}}),
		Balancers: ground.Known(k.balancers), BalancerQuota: ground.Known(k.balancerQuota),
	}
	g.Cluster = Cluster{
		System: ground.Known(types.UID("system")), ServiceCIDRs: ground.Known(k.serviceCIDRs),
		Services: ground.Known(k.inCluster), Pods: ground.Known(k.pods),
	}
	return g
}

// A fault is a change of good ground, and what a check makes of it.
type fault struct {
	check  check
	change func(*known)
	want   string // less the check's name
}

// look holds checks against changes of good ground.
func look(t *testing.T, faults map[string]fault) {
	t.Helper()
	for claim, f := range faults {
		k := good()
		f.change(k)
		r := f.check.look(k.ground())
		if got := r.String(); got != ": "+f.want {
			t.Errorf("%s:\n got %s\nwant %s", claim, got[2:], f.want)
		}
		if r.Severity >= Warning && (len(r.Repair) == 0 || r.Expected == "") {
			t.Errorf("%s: what is expected is %q, and what repairs it %q", claim, r.Expected, r.Repair)
		}
	}
}
