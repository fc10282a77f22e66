package network

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
)

var (
	ip     = netip.MustParseAddr
	prefix = netip.MustParsePrefix
)

// site is that of the reference documents, with two API servers.
func site(l Layout, change ...func(*Site)) Site {
	s := Site{Cluster: "production", Layout: l, External: "public", APIServers: []netip.AddrPort{
		netip.MustParseAddrPort("192.168.1.2:6443"), netip.MustParseAddrPort("192.168.1.3:6443"),
	}}
	s.Pods, s.Range = l.Numbers()
	for _, c := range change {
		c(&s)
	}
	return s
}

// empty is a project without anything, and an external network.
func empty() There {
	return There{
		External:        ground.Network{ID: "public", Name: "public", External: true},
		ExternalSubnets: []ground.Subnet{{Subnet: facts.Subnet{ID: "public-subnet", CIDR: prefix("172.24.4.0/24")}}},
	}
}

// The numbers are those of the reference documents.
func TestTheReferenceDocuments(t *testing.T) {
	for layout, want := range map[Layout]string{
		TwoSubnets: `make network production-pod
make subnet production-pod-subnet 10.1.0.0/16 on network production-pod, gateway 10.1.255.254, pool 10.1.0.1-10.1.255.253, no DHCP
make network production-services
make subnet production-service-subnet 10.2.0.0/16 on network production-services, gateway 10.2.255.254, pool 10.2.128.1-10.2.255.253, no DHCP
make router production-router to external network public
make port production-pod-subnet-router at 10.1.255.254, the gateway of subnet production-pod-subnet
give router production-router port production-pod-subnet-router
make port production-service-subnet-router at 10.2.255.254, the gateway of subnet production-service-subnet
give router production-router port production-service-subnet-router
make load balancer default/kubernetes at 10.2.0.1
make its pool default/kubernetes:HTTPS:443, LEAST_CONNECTIONS
make member 192.168.1.2:6443
make member 192.168.1.3:6443
make its listener default/kubernetes:HTTPS:443, port 443
`,
		SingleSubnet: `make network production-k8s
make subnet production-k8s-subnet 10.0.0.0/16 on network production-k8s, gateway 10.0.255.254, pool 10.0.64.0-10.0.255.253, no DHCP
make router production-router to external network public
make port production-k8s-subnet-router at 10.0.255.254, the gateway of subnet production-k8s-subnet
give router production-router port production-k8s-subnet-router
make load balancer default/kubernetes at 10.0.0.1
make its pool default/kubernetes:HTTPS:443, LEAST_CONNECTIONS
make member 192.168.1.2:6443
make member 192.168.1.3:6443
make its listener default/kubernetes:HTTPS:443, port 443
`,
	} {
		s := site(layout)
		if err := s.Fault(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, s.Plan(empty()).String()); diff != "" {
			t.Errorf("%s: %s", layout, diff)
		}
	}
}

// Whatever has been done, what is left is the rest of what was planned before, until nothing
// is: a plan that was stopped is resumed.
func TestAPlanIsResumed(t *testing.T) {
	for claim, s := range map[string]Site{
		"two subnets":     site(TwoSubnets),
		"one subnet":      site(SingleSubnet),
		"no API":          site(TwoSubnets, func(s *Site) { s.APIServers = nil }),
		"no way out":      site(SingleSubnet, func(s *Site) { s.External = "" }),
		"ovn":             site(TwoSubnets, func(s *Site) { s.Provider = "ovn" }),
		"smaller numbers": site(TwoSubnets, func(s *Site) { s.Pods, s.Range = prefix("10.9.0.0/24"), prefix("10.9.1.0/25") }),
		"IPv6": site(TwoSubnets, func(s *Site) {
			s.Pods, s.Range, s.APIServers = prefix("fd00:1::/64"), prefix("fd00:2::/108"), []netip.AddrPort{netip.MustParseAddrPort("[fd00:3::1]:6443")}
		}),
	} {
		there := empty()
		p := s.Plan(there)
		for len(p) > 0 {
			if clashes := s.Clashes(there); len(clashes) > 0 {
				t.Fatalf("%s: %q", claim, clashes)
			}
			there = s.taken(t, there, p[0])
			next := s.Plan(there)
			if diff := cmp.Diff(p[1:].String(), next.String()); diff != "" {
				t.Fatalf("%s: after %s: %s", claim, p[0], diff)
			}
			p = next
		}
		if clashes := s.Clashes(there); len(clashes) > 0 {
			t.Errorf("%s: in the end: %q", claim, clashes)
		}
	}
}

// taken is what is there after a step.
func (s Site) taken(t *testing.T, a There, step Step) There {
	t.Helper()
	mark := Mark(s.Cluster) + " made by a test"
	a.Networks, a.Subnets, a.Ports, a.Routers = slices.Clone(a.Networks), slices.Clone(a.Subnets), slices.Clone(a.Ports), slices.Clone(a.Routers)
	switch step := step.(type) {
	case MakeNetwork:
		a.Networks = append(a.Networks, ground.Network{ID: "id of " + step.Name, Name: step.Name, Description: mark})
	case MakeSubnet:
		w := step.Subnet
		a.Subnets = append(a.Subnets, ground.Subnet{Name: w.Name, Description: mark, Subnet: facts.Subnet{
			ID: "id of " + w.Name, Network: step.NetworkID, CIDR: w.CIDR, Gateway: w.Gateway, Pools: []facts.Span{w.Pool}}})
	case MakeRouter:
		a.Routers = append(a.Routers, ground.Router{ID: "id of " + step.Name, Name: step.Name, Description: mark, External: step.External, Up: true})
	case SetExternal:
		a.Routers[0].External = step.External
	case MakePort:
		a.Ports = append(a.Ports, ground.Port{ID: "id of " + step.Subnet.Port, Name: step.Subnet.Port, Description: mark, Network: step.NetworkID,
			Addresses: []ground.Address{{Subnet: step.SubnetID, IP: step.Subnet.Gateway}}})
	case AddPort:
		i := slices.IndexFunc(a.Ports, func(p ground.Port) bool { return p.ID == step.PortID })
		a.Ports[i].Device = step.RouterID
	case SetPool:
		a.Subnets[0].Pools = []facts.Span{step.Pool}
	default:
		return s.takenUnder(t, a, step, mark)
	}
	return a
}

// takenUnder is what is there after a step on the API's load balancer.
func (s Site) takenUnder(t *testing.T, a There, step Step, mark string) There {
	t.Helper()
	if step, make := step.(MakeBalancer); make {
		a.Balancers = []ground.Balancer{{ID: "lb", Name: Name, Description: mark, VIP: step.VIP, Subnet: step.SubnetID, Status: "ACTIVE", Under: &ground.Under{}}}
		return a
	}
	under := &a.Balancers[0]
	switch step := step.(type) {
	case RemoveBalancer:
		a.Balancers = nil
	case MakePool:
		under.Under.Pools = []ground.Pool{{ID: "pool"}}
	case MakeMember:
		pool := &under.Under.Pools[0]
		pool.Members = append(pool.Members, ground.Member{ID: step.Server.String(), Address: step.Server.Addr(), Port: int(step.Server.Port())})
	case RemoveMember:
		pool := &under.Under.Pools[0]
		pool.Members = slices.DeleteFunc(pool.Members, func(m ground.Member) bool { return m.ID == step.ID })
	case MakeListener:
		under.Under.Listeners = []ground.Listener{{Protocol: step.Protocol, Port: APIPort, Pool: step.PoolID}}
	default:
		t.Fatalf("%T", step)
	}
	return a
}

// built is what is there when all is done.
func (s Site) built(t *testing.T) There {
	t.Helper()
	there := empty()
	for p := s.Plan(there); len(p) > 0; p = s.Plan(there) {
		there = s.taken(t, there, p[0])
	}
	return there
}

func TestWhatIsOursIsPutRight(t *testing.T) {
	for claim, tt := range map[string]struct {
		change func(*Site, *There)
		want   string
	}{
		"nothing to do": {func(*Site, *There) {}, ""},
		"another pool":  {func(_ *Site, a *There) { a.Subnets[0].Pools = nil }, "set the pool of subnet production-pod-subnet to 10.1.0.1-10.1.255.253\n"},
		"another API server": {func(s *Site, _ *There) { s.APIServers[0] = netip.MustParseAddrPort("192.168.1.9:6443") },
			"make member 192.168.1.9:6443\nremove member 192.168.1.2:6443\n"},
		"API servers that are not mentioned": {func(s *Site, _ *There) { s.APIServers = nil }, ""},
		"a way out, later":                   {func(_ *Site, a *There) { a.Routers[0].External = "" }, "have router production-router lead to external network public\n"},
		"a load balancer in ERROR": {func(s *Site, a *There) { a.Balancers[0].Status = "ERROR" }, `delete load balancer default/kubernetes lb, which is in ERROR
make load balancer default/kubernetes at 10.2.0.1
make its pool default/kubernetes:HTTPS:443, LEAST_CONNECTIONS
make member 192.168.1.2:6443
make member 192.168.1.3:6443
make its listener default/kubernetes:HTTPS:443, port 443
`},
	} {
		s := site(TwoSubnets)
		there := s.built(t)
		s.APIServers = slices.Clone(s.APIServers)
		tt.change(&s, &there)
		if diff := cmp.Diff(tt.want, s.Plan(there).String()); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

func TestClashes(t *testing.T) {
	theirs := func(at string, subnet string) ground.Port {
		return ground.Port{ID: "p", Addresses: []ground.Address{{Subnet: subnet, IP: ip(at)}}}
	}
	for claim, tt := range map[string]struct {
		built  bool
		change func(*Site, *There)
		want   string // the beginning
	}{
		"a network of our name": {false, func(_ *Site, a *There) { a.Networks = []ground.Network{{ID: "n", Name: "production-pod"}} },
			"network production-pod (n) has the name and was not made by octagate"},
		"another cluster's network of our name": {false, func(_ *Site, a *There) {
			a.Networks = []ground.Network{{ID: "n", Name: "production-pod", Description: Mark("production-2")}}
		}, "network production-pod (n) has the name"},
		"a router of our name":         {false, func(_ *Site, a *There) { a.Routers = []ground.Router{{ID: "r", Name: "production-router"}} }, "router production-router (r) has the name"},
		"a router that is not there":   {false, func(s *Site, _ *There) { s.Router = "r" }, "router r is not there"},
		"a router that leads away":     {true, func(_ *Site, a *There) { a.Routers[0].External = "x" }, "router production-router leads to external network x already"},
		"no external network":          {false, func(_ *Site, a *There) { a.External = ground.Network{} }, "external network public is not there"},
		"a network that is no way out": {false, func(_ *Site, a *There) { a.External.External = false }, "network public is not external"},
		"the numbers of outside": {false, func(s *Site, _ *There) { s.Pods = prefix("172.24.0.0/16") },
			"172.24.4.0/24 of subnet public-subnet overlaps with 172.24.0.0/16 of production-pod-subnet, which the router is to join as well"},
		"an address outside": {false, func(s *Site, a *There) {
			s.Pods = prefix("172.25.0.0/16")
			a.Routers = []ground.Router{{ID: "r", Name: "other", External: "public", Outside: []netip.Addr{ip("172.25.4.7")}}}
		}, "172.25.4.7 of router other is in the external network, and in 172.25.0.0/16 of production-pod-subnet: take another CIDR"},
		"a subnet of the router": {false, func(s *Site, a *There) {
			s.Router = "r"
			a.Routers = []ground.Router{{ID: "r"}}
			a.Ports = []ground.Port{{ID: "p", Device: "r", Addresses: []ground.Address{{Subnet: "x", IP: ip("10.1.7.1")}}}}
			a.Subnets = []ground.Subnet{{Subnet: facts.Subnet{ID: "x", CIDR: prefix("10.1.7.0/24")}}}
		}, "10.1.7.0/24 of subnet x overlaps with 10.1.0.0/16 of production-pod-subnet"},
		"other numbers than before": {true, func(s *Site, _ *There) { s.Pods = prefix("10.7.0.0/16") },
			"subnet production-pod-subnet is 10.1.0.0/16, not 10.7.0.0/16"},
		"another gateway": {true, func(_ *Site, a *There) { a.Subnets[0].Gateway = ip("10.1.0.1") }, "the gateway of subnet production-pod-subnet is 10.1.0.1, not 10.1.255.254"},
		"a strange subnet on our network": {true, func(_ *Site, a *There) {
			a.Subnets[0].Description, a.Ports = "mine, all mine", nil
		}, "subnet id of production-pod-subnet 10.1.0.0/16 on network production-pod overlaps with 10.1.0.0/16, and was not made by octagate"},
		"somebody at the gateway": {true, func(_ *Site, a *There) { a.Ports[0].Description = "" },
			"port id of production-pod-subnet-router has 10.1.255.254, the gateway of subnet production-pod-subnet, and was not made by octagate"},
		"another router's": {true, func(_ *Site, a *There) { a.Ports[0].Device = "other" }, "port production-pod-subnet-router is another router's, other"},
		"somebody's load balancer at the API's address": {true, func(_ *Site, a *There) { a.Balancers[0].Description = "" },
			"load balancer default/kubernetes (lb) has 10.2.0.1, and was not made by octagate network"},
		"our load balancer elsewhere": {true, func(_ *Site, a *There) { a.Balancers[0].VIP = ip("10.2.0.2") }, "load balancer default/kubernetes (lb) is at 10.2.0.2, not 10.2.0.1"},
		"a server at the API's address": {true, func(_ *Site, a *There) {
			a.Balancers, a.Ports = nil, append(a.Ports, theirs("10.2.0.1", "id of production-service-subnet"))
		}, "port p has 10.2.0.1, the address of the API"},
	} {
		s, there := site(TwoSubnets), empty()
		if tt.built {
			there = s.built(t)
		}
		tt.change(&s, &there)
		if got := s.Clashes(there); len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%s:\n%q\nwant one that begins with\n%s", claim, got, tt.want)
		}
	}
}

func TestFaults(t *testing.T) {
	ranges := func(pods, services string) func(*Site) {
		return func(s *Site) { s.Pods, s.Range, s.APIServers = prefix(pods), prefix(services), nil }
	}
	for claim, tt := range map[string]struct {
		layout Layout
		change func(*Site)
		want   string
	}{
		"no layout":                {"three-subnets", func(*Site) {}, `layout "three-subnets" must be two-subnets or single-subnet`},
		"no range":                 {TwoSubnets, ranges("10.1.0.1/16", "10.2.0.0/17"), "pod CIDR 10.1.0.1/16 must be a range, such as 10.1.0.0/16"},
		"no service range":         {TwoSubnets, ranges("10.1.0.0/16", "10.2.0.1/17"), "service CIDR 10.2.0.1/17 must be a range, such as 10.2.0.0/17"},
		"two families":             {TwoSubnets, ranges("10.1.0.0/16", "fd00::/108"), "must be of one family"},
		"more than Kubernetes has": {TwoSubnets, ranges("fd01::/64", "fd00::/64"), "must have between 8 and 1048576 addresses"},
		"as good as none":          {TwoSubnets, ranges("10.1.0.0/16", "10.2.0.0/30"), "must have between 8 and 1048576 addresses"},
		"the upper half":           {TwoSubnets, ranges("10.1.0.0/16", "10.2.128.0/17"), "service CIDR 10.2.128.0/17 must be the lower half of its subnet: take 10.2.0.0/17"},
		"in each other":            {TwoSubnets, ranges("10.2.128.0/18", "10.2.0.0/17"), "must not overlap with the service subnet 10.2.0.0/16"},
		"no Pods":                  {TwoSubnets, ranges("10.1.0.0/30", "10.2.0.0/17"), "pod CIDR 10.1.0.0/30 must have at least 8 addresses"},
		"not the beginning":        {SingleSubnet, ranges("10.0.0.0/16", "10.0.64.0/18"), "service CIDR 10.0.64.0/18 must be the beginning of pod CIDR 10.0.0.0/16"},
		"nothing left":             {SingleSubnet, ranges("10.0.0.0/18", "10.0.0.0/18"), "must be the beginning"},
		"an API server at a VIP": {TwoSubnets, func(s *Site) { s.APIServers[0] = netip.MustParseAddrPort("10.2.0.1:6443") },
			"API server 10.2.0.1 must not be in the service CIDR 10.2.0.0/17"},
		"an API server of another family": {TwoSubnets, func(s *Site) { s.APIServers[0] = netip.MustParseAddrPort("[fd00::1]:6443") },
			"API server fd00::1 must be of the family of the service CIDR 10.2.0.0/17"},
	} {
		if err := site(tt.layout, tt.change).Fault(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

func TestWhatIsWaitedFor(t *testing.T) {
	s := site(TwoSubnets)
	there := s.built(t)
	for status, want := range map[string]string{"ACTIVE": "", "ERROR": "", "PENDING_UPDATE": "load balancer default/kubernetes is PENDING_UPDATE"} {
		there.Balancers[0].Status = status
		if got := s.Busy(there); got != want {
			t.Errorf("%s: %q", status, got)
		}
	}
}
