package openstack

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/octavia"
)

// question is about the networks of the sky.
func (s *sky) question() ground.Question {
	return ground.Question{
		ServiceSubnets: []string{s.networks.ServiceSubnet}, PodSubnets: []string{s.networks.PodSubnet}, ExternalNetwork: s.networks.ExternalNetwork,
	}
}

// ground is what is known of it, all of which was told.
func (s *sky) ground(q ground.Question) ground.Cloud {
	s.Helper()
	g, err := s.client("demo").Ground(s.Context(), q)
	if err != nil {
		s.Fatal(err)
	}
	return g
}

// sure is a fact that has to be known.
func sure[T any](t testing.TB, what string, f ground.Fact[T]) T {
	t.Helper()
	v, why := f.Look()
	if why != "" {
		t.Errorf("%s: %s", what, why)
	}
	return v
}

func TestTheGroundIsRead(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{Network: s.networks.ExternalNetwork, Allocate: true}, "10.1.0.5"))
	q := s.question()
	q.APIs = []netip.Addr{built.VIP.Address}
	g := s.ground(q)
	if got := sure(t, "services", g.Services)["load-balancer"]; !strings.HasSuffix(got, "/load-balancer") {
		t.Errorf("services: %q", got)
	}
	subnet := sure(t, "subnets", g.Subnets)[s.networks.ServiceSubnet]
	if subnet.Gateway != netip.MustParseAddr("10.2.255.254") || subnet.CIDR != netip.MustParsePrefix("10.2.0.0/16") || len(subnet.Pools) != 1 {
		t.Errorf("service subnet: %+v", subnet)
	}
	if n := sure(t, "networks", g.Networks); !n[s.networks.ExternalNetwork].External || n[s.networks.PodNetwork].External || len(n) != 3 {
		t.Errorf("networks: %+v", n)
	}
	if r := sure(t, "routers", g.Routers)[s.networks.Router]; r.Status != "ACTIVE" || !r.Up || r.External != s.networks.ExternalNetwork {
		t.Errorf("router: %+v", r)
	}
	balancers := sure(t, "load balancers", g.Balancers)
	if len(balancers) != 1 || balancers[0].Owner.UID != owner.UID || balancers[0].VIP != built.VIP.Address {
		t.Fatalf("load balancers: %+v", balancers)
	}
	want := &ground.Under{
		Listeners: []ground.Listener{{Protocol: "TCP", Port: 80, Pool: built.Pools[0].ID}},
		Pools:     []ground.Pool{{ID: built.Pools[0].ID, Members: []ground.Member{{ID: built.Pools[0].Members[0].ID, Address: netip.MustParseAddr("10.1.0.5"), Port: 8080, Operating: "NO_MONITOR"}}}},
	}
	if diff := cmp.Diff(want, balancers[0].Under, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if f := sure(t, "floating IPs", g.FloatingIPs); len(f) != 1 || f[0].Owner.UID != owner.UID || f[0].FixedIP != built.VIP.Address {
		t.Errorf("floating IPs: %+v", f)
	}
	if got := sure(t, "quota of Octavia", g.BalancerQuota)["member"]; got != (ground.Quota{Limit: facts.Limit{Known: true, Most: -1}, Used: 1}) {
		t.Errorf("quota of members: %+v", got)
	}
	if got := sure(t, "quota of Neutron", g.NetworkQuota)["floatingip"]; got != (ground.Quota{Limit: facts.Limit{Known: true, Most: 50}, Used: 1}) {
		t.Errorf("quota of floating IPs: %+v", got)
	}
	if got := sure(t, "version", g.Octavia); got.AtLeast(facts.Version{Major: 2, Minor: 26}) != facts.Yes {
		t.Errorf("version: %s", got)
	}
	if got := sure(t, "extensions", g.Extensions); len(got) < 10 {
		t.Errorf("extensions: %s", got)
	}
}

// Ports tell who has what, and what is let in.
func TestPortsOfTheGround(t *testing.T) {
	s := newSky(t)
	built := s.reach(s.desired(octavia.FloatingIP{}))
	g := s.ground(s.question())
	var gateways, vips, beside int
	for _, p := range sure(t, "ports", g.Ports) {
		at, _ := p.In(s.networks.ServiceSubnet)
		switch {
		case p.Routes() && p.Device == s.networks.Router:
			gateways++
		case p.ID == built.VIP.Port && at == built.VIP.Address:
			vips++
		case len(p.Beside) == 1 && p.Beside[0] == built.VIP.Address && !p.Ours:
			beside++ // the amphora's
		}
	}
	if gateways != 2 || vips != 1 || beside != 1 {
		t.Errorf("gateways %d, VIPs %d, amphorae beside it %d", gateways, vips, beside)
	}
}

// Whoever is not shown something is told so, and only silence is an error.
func TestWhatTheGroundDoesNotTell(t *testing.T) {
	s := newSky(t)
	s.befall("/lbaas/providers", emulator.Fault{Status: http.StatusForbidden, Body: `{"faultstring": "Policy does not allow this request"}`})
	g := s.ground(s.question())
	if _, why := g.Providers.Look(); !strings.Contains(why, "Policy does not allow this request (403)") {
		t.Errorf("providers: %q", why)
	}
	if _, why := g.Topology.Look(); !strings.Contains(why, "no API tells") {
		t.Errorf("topology: %q", why)
	}
	s.befall("/lbaas/providers", emulator.Fault{Status: http.StatusServiceUnavailable})
	_, err := s.client("demo").Ground(t.Context(), s.question())
	if err == nil || !strings.Contains(err.Error(), "/load-balancer: listing providers") {
		t.Errorf("Octavia is silent: %v", err)
	}
	s.down.Store(true)
	_, err = s.client("demo").Ground(t.Context(), s.question())
	if err == nil || !strings.Contains(err.Error(), "asking Keystone at http://127.0.0.1:") {
		t.Errorf("all is silent: %v", err)
	}
}

// A cloud from before Octavia is looked at as far as that goes.
func TestTheGroundOfLBaaS(t *testing.T) {
	s := skyWith(t, emulator.Options{Legacy: true})
	s.watch.Client.Legacy = true
	g := s.ground(s.question())
	sure(t, "load balancers", g.Balancers)
	if _, why := g.Providers.Look(); why != "LBaaS v2 does not tell" {
		t.Errorf("providers: %q", why)
	}
	s.legacy = false // somebody forgot to say so
	g = s.ground(s.question())
	if _, why := g.Balancers.Look(); why != "the catalogue has no load-balancer service" {
		t.Errorf("load balancers: %q", why)
	}
}

// The topology is in the profile of a flavor, which members of a project are not shown.
func TestTheTopologyIsAnAdministrators(t *testing.T) {
	s := newSky(t)
	q := s.question()
	q.Flavor = s.cloud.AddFlavor("large", "more of everything")
	if _, why := s.ground(q).Topology.Look(); !strings.Contains(why, "for administrators only") {
		t.Errorf("demo: %q", why)
	}
	g, err := s.client("admin").Ground(t.Context(), q)
	if is := sure(t, "topology", g.Topology); err != nil || is != "SINGLE" {
		t.Errorf("admin: %v %q", err, is)
	}
	q.Flavor = s.networks.Router
	if _, why := s.ground(q).Topology.Look(); !strings.Contains(why, "reading the flavor: ") {
		t.Errorf("no flavor: %q", why)
	}
}
