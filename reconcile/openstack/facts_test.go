package openstack

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// everything is all kinds.
const everything = ^facts.Kinds(0)

// ofEverything asks for all of them.
var ofEverything = facts.Question{Kinds: everything}

// facts are those of the sky, which know nothing yet.
func (s *sky) facts() *Facts {
	return &Facts{Client: s.reader, Cluster: "test", Refresh: time.Hour, Log: testr.New(s.T),
		ServiceSubnets: []string{s.networks.ServiceSubnet}, PodSubnets: []string{s.networks.PodSubnet}}
}

// port makes a port of somebody at an address of the service subnet.
func (s *sky) port(address, device string) (id string) {
	s.Helper()
	session, err := s.client("demo").login(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	made, err := ports.Create(s.Context(), session.network, ports.CreateOpts{
		NetworkID: s.networks.ServiceNetwork, DeviceOwner: device, FixedIPs: []ports.IP{{IPAddress: address}},
	}).Extract()
	if err != nil {
		s.Fatal(err)
	}
	return made.ID
}

func span(first, last string) facts.Span {
	return facts.Span{First: netip.MustParseAddr(first), Last: netip.MustParseAddr(last)}
}

func TestWhatIsKnownOfTheNetwork(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}))
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	server := s.port("10.2.0.50", "compute:nova")
	got := s.facts().Fresh(t.Context(), ofEverything)

	gateway := netip.MustParseAddr("10.2.255.254")
	first := netip.MustParseAddr("10.2.128.1") // of the pool, which the amphora has
	router, amphora := got.Ports[gateway], got.Ports[first]
	floating := got.FloatingIPs[netip.MustParseAddr("172.24.4.13")]
	want := facts.Snapshot{
		FloatingIPs: map[netip.Addr]facts.FloatingIP{floating.Address: {ID: floating.ID, Address: floating.Address, Network: s.networks.ExternalNetwork}},
		Subnets: map[string]facts.Subnet{
			s.networks.ServiceSubnet: {ID: s.networks.ServiceSubnet, Network: s.networks.ServiceNetwork, CIDR: netip.MustParsePrefix("10.2.0.0/16"),
				Gateway: gateway, Pools: []facts.Span{span("10.2.128.1", "10.2.255.253")}},
			s.networks.PodSubnet: {ID: s.networks.PodSubnet, Network: s.networks.PodNetwork, CIDR: netip.MustParsePrefix("10.1.0.0/16"),
				Gateway: netip.MustParseAddr("10.1.255.254"), Pools: []facts.Span{span("10.1.0.1", "10.1.255.253")}},
		},
		Ports: map[netip.Addr]facts.Port{
			gateway:                          {ID: router.ID, Owner: "network:router_interface"},
			first:                            {ID: amphora.ID, Owner: "compute:nova"},
			built.VIP.Address:                {ID: built.VIP.Port, Owner: "Octavia", VIP: true},
			netip.MustParseAddr("10.2.0.50"): {ID: server, Owner: "compute:nova"},
		},
		Balancers:    map[string]facts.Balancer{built.VIP.Port: {ID: built.ID, Service: owner.UID, Listeners: 1, Pools: 1}},
		Externals:    map[string]bool{s.networks.ExternalNetwork: true},
		OuterSubnets: map[string][]string{s.networks.ExternalNetwork: {s.networks.ExternalSubnet}},
		Routes:       map[string]bool{s.networks.ExternalNetwork: true},
		Octavia:      facts.Version{Major: 2, Minor: 26},
		Providers:    map[string]facts.Offer{"amphora": {Name: "amphora"}, "octavia": {Name: "octavia"}},
		Flavors:      map[string]facts.Offer{}, Zones: map[string]facts.Offer{},
		BalancerLimit: facts.Limit{Known: true, Most: -1}, ListenerLimit: facts.Limit{Known: true, Most: -1}, PoolLimit: facts.Limit{Known: true, Most: -1}, FloatingIPLimit: facts.Limit{Known: true, Most: 50},
	}
	want.FloatingIPIndex, want.BalancerIndex = facts.IndexFloatingIPs(want.FloatingIPs), facts.IndexBalancers(want.Balancers)
	indexes := cmp.AllowUnexported(facts.FloatingIPIndex{}, facts.BalancerIndex{})
	if diff := cmp.Diff(want, got, indexes, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// A fresh look costs what it is about, and leaves the rest as it is known.
func TestOnlyWhatIsAskedIsAsked(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Fresh(t.Context(), facts.Question{Kinds: facts.Subnets})
	s.cloud.ResetTranscript()
	known := f.Fresh(t.Context(), facts.Question{Kinds: facts.FloatingIPs | facts.Externals})
	want := map[string]int{"GET floatingips": 1, "GET networks": 1}
	if diff := cmp.Diff(want, s.cloud.Counts()); diff != "" {
		t.Error(diff)
	}
	if known.FloatingIPs == nil || known.Externals == nil || known.Subnets == nil || known.Ports != nil {
		t.Errorf("got %+v", known)
	}
}

// Each kind that fails is unknown by itself.
func TestAKindThatFailsLeavesTheOthers(t *testing.T) {
	type knowledge struct{ FloatingIPs, Subnets, Ports, Balancers, Externals, Routes, Octavia bool }
	known := func(s facts.Snapshot) knowledge {
		return knowledge{s.FloatingIPs != nil, s.Subnets != nil, s.Ports != nil, s.Balancers != nil, s.Externals != nil, s.Routes != nil, s.Octavia != facts.Version{}}
	}
	s := newSky(t)
	s.facts().Fresh(t.Context(), ofEverything) // finds Octavia
	for path, forget := range map[string]func(*knowledge){
		"/floatingips":         func(k *knowledge) { k.FloatingIPs = false },
		"/subnets":             func(k *knowledge) { k.Subnets, k.Routes = false, false },
		"/ports":               func(k *knowledge) { k.Ports, k.Routes = false, false },
		"/lbaas/loadbalancers": func(k *knowledge) { k.Balancers = false },
		"/networks":            func(k *knowledge) { k.Externals = false },
		"/routers":             func(k *knowledge) { k.Routes = false },
		"/load-balancer/":      func(k *knowledge) { k.Octavia = false },
	} {
		t.Run(path, func(t *testing.T) {
			s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
				if strings.HasSuffix(r.URL.Path, path) {
					return &emulator.Fault{Status: http.StatusInternalServerError}
				}
				return nil
			})
			want := knowledge{true, true, true, true, true, true, true}
			forget(&want)
			f := s.facts()
			if diff := cmp.Diff(want, known(f.Fresh(t.Context(), ofEverything))); diff != "" {
				t.Errorf("fresh: %s", diff)
			}
			if diff := cmp.Diff(want, known(f.Known())); diff != "" {
				t.Errorf("remembered: %s", diff)
			}
		})
	}
}

// Octavia is down from the start: what Neutron says is known all the same, and work on
// load balancers begins once Octavia is back.
func TestNeutronIsHeardWithoutOctavia(t *testing.T) {
	s := newSky(t)
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if strings.HasPrefix(r.URL.Path, "/load-balancer") {
			return &emulator.Fault{Status: http.StatusServiceUnavailable}
		}
		return nil
	})
	known := s.facts().Fresh(t.Context(), ofEverything)
	if known.FloatingIPs == nil || known.Ports == nil || known.Balancers != nil {
		t.Errorf("got %+v", known)
	}
	if s.watch.round(t.Context()); s.watch.trouble == nil {
		t.Error("a round succeeded")
	}
	s.cloud.SetFault(nil)
	if s.see(); !s.watch.Client.session.Load().tagged {
		t.Error("Octavia is back, and what is made bears no tags")
	}
}

// Who cannot wait for one kind does not wait for it.
func TestAKindThatIsSlowIsUnknown(t *testing.T) {
	s := newSky(t)
	ctx, giveUp := context.WithCancel(t.Context())
	late := make(chan struct{})
	defer close(late)
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if strings.HasSuffix(r.URL.Path, "/subnets") {
			giveUp()
			<-late
		}
		return nil
	})
	if _, answer := s.facts().Fresh(ctx, ofEverything).Subnet(s.networks.ServiceSubnet); answer != facts.Unknown {
		t.Errorf("nobody said so: %v", answer)
	}
}

func TestWhatCameInTimeIsHeard(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	one := &errand{done: make(chan struct{}), told: func(*facts.Snapshot) {}}
	if told := one.heard(ctx); told != nil {
		t.Error("nobody has answered yet")
	}
	close(one.done)
	if told := one.heard(ctx); told == nil {
		t.Error("the answer was there")
	}
}

// A router that is not shown may lead anywhere.
func TestRoutersOfOthersAreNotJudged(t *testing.T) {
	s := newSky(t)
	s.cloud.SetFault(func(r *http.Request) *emulator.Fault {
		if strings.HasSuffix(r.URL.Path, "/routers") {
			return &emulator.Fault{Status: http.StatusOK, Body: `{"routers": []}`}
		}
		return nil
	})
	if answer := s.facts().Fresh(t.Context(), ofEverything).Reached(s.networks.ExternalNetwork); answer != facts.Unknown {
		t.Errorf("got %v", answer)
	}
}

// An administrator is shown everybody's, and is to take only the project's own.
func TestWhatIsAnotherProjectsIsNotOurs(t *testing.T) {
	s := newSky(t)
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, "172.24.4.13")
	f := s.facts()
	f.Client = s.client("admin")
	known := f.Fresh(t.Context(), ofEverything)
	if known.FloatingIPs == nil || len(known.FloatingIPs) > 0 || known.Balancers == nil || len(known.Balancers) > 0 {
		t.Errorf("got %v and %v", known.FloatingIPs, known.Balancers)
	}
	address := netip.MustParseAddr("172.24.4.13")
	if _, answer := f.Fresh(t.Context(), facts.Question{FloatingIP: address}).FloatingIP(address); answer != facts.No {
		t.Errorf("by its address: %v", answer)
	}
}

// In a subnet of another project not every router's port is shown.
func TestRoutersInSubnetsOfOthersAreNotJudged(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.Client = s.client("other")
	if answer := f.Fresh(t.Context(), facts.Question{Kinds: facts.Routes}).Reached(s.networks.ExternalNetwork); answer != facts.Unknown {
		t.Errorf("got %v", answer)
	}
	if answer := s.facts().Fresh(t.Context(), facts.Question{Kinds: facts.Routes}).Reached(s.networks.ExternalNetwork); answer != facts.Yes {
		t.Errorf("to its owner: %v", answer)
	}
}

func TestASubnetThatIsGoneIsNotThere(t *testing.T) {
	s := newSky(t)
	f := s.facts()
	f.PodSubnets = []string{"0a3d43ab-9915-4685-a600-bffe240dc58b"}
	known := f.Fresh(t.Context(), ofEverything)
	if _, answer := known.Subnet(f.PodSubnets[0]); answer != facts.No {
		t.Errorf("the pod subnet: %v", answer)
	}
	if _, answer := known.Subnet(s.networks.ServiceSubnet); answer != facts.Yes {
		t.Errorf("the service subnet: %v", answer)
	}
}

func TestOtherClustersLoadBalancersAreNobodys(t *testing.T) {
	s := newSky(t)
	s.step(plan.CreateLoadBalancer{Tree: s.desired(octavia.FloatingIP{})})
	f := s.facts()
	f.Cluster = "elsewhere"
	known := f.Fresh(t.Context(), ofEverything)
	port, _ := known.Port(netip.MustParseAddr("10.2.0.7"))
	if b, answer := known.Balancer(port); answer != facts.Yes || b.Service != "" {
		t.Errorf("%v: %+v", answer, b)
	}
}

func TestOldVersionsAreRead(t *testing.T) {
	s := skyWith(t, emulator.Options{APIVersion: "v2.5"})
	if got := s.facts().Fresh(t.Context(), ofEverything).Octavia; got != (facts.Version{Major: 2, Minor: 5}) {
		t.Errorf("got %s", got)
	}
}

func TestFactsAreForgottenWhenTheyAreOld(t *testing.T) {
	s := newSky(t)
	address := netip.MustParseAddr("172.24.4.13")
	s.cloud.AddFloatingIP(s.networks.ExternalNetwork, address.String())
	f := s.facts()
	if _, answer := f.Known().FloatingIP(address); answer != facts.Unknown {
		t.Errorf("nobody looked, and yet: %v", answer)
	}
	if one, _ := f.Fresh(t.Context(), ofEverything).FloatingIP(address); !one.Free() || one.Network != s.networks.ExternalNetwork {
		t.Errorf("got %+v", one)
	}
	if _, answer := f.Known().FloatingIP(address); answer != facts.Yes {
		t.Errorf("what was looked up is not remembered: %v", answer)
	}
	old := f.said[facts.FloatingIPs]
	old.at = time.Now().Add(-4 * time.Hour)
	f.said[facts.FloatingIPs] = old
	if _, answer := f.Known().FloatingIP(address); answer != facts.Unknown {
		t.Errorf("what is too old is believed: %v", answer)
	}
	if _, answer := f.Known().Subnet(s.networks.ServiceSubnet); answer != facts.Yes {
		t.Errorf("what is not too old is forgotten, too: %v", answer)
	}
	s.down.Store(true)
	if _, answer := f.Fresh(t.Context(), ofEverything).FloatingIP(address); answer != facts.Unknown {
		t.Errorf("a dead cloud answered: %v", answer)
	}
}

// What is renewed is told, kind by kind.
func TestWhoWaitsForFactsIsTold(t *testing.T) {
	s := newSky(t)
	f, told := s.facts(), make(chan struct{}, len(kinds))
	f.Renewed = func() { told <- struct{}{} }
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Start(ctx) }()
	for range kinds {
		<-told
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if known := f.Known(); known.Ports == nil || known.FloatingIPs == nil {
		t.Errorf("got %+v", known)
	}
}
