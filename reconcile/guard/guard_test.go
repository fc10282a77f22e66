package guard

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"pgregory.net/rapid"

	"github.com/octagate/octagate/policy/facts"
)

const subnet = "d6438a81-22fa-4a88-9b05-c4723662ef36"

var ranges = []netip.Prefix{netip.MustParsePrefix("10.2.0.0/26"), netip.MustParsePrefix("fd00::/112")}

func at(a string) netip.Addr { return netip.MustParseAddr(a) }

func span(first, last string) facts.Span { return facts.Span{First: at(first), Last: at(last)} }

// cloud is a good service subnet with a server in the range, edited.
func cloud(edits ...func(*facts.Snapshot)) facts.Snapshot {
	s := facts.Snapshot{
		Subnets:   map[string]facts.Subnet{subnet: {ID: subnet, Gateway: at("10.2.255.254"), Pools: []facts.Span{span("10.2.128.0", "10.2.255.253")}}},
		Ports:     map[netip.Addr]facts.Port{at("10.2.0.20"): {ID: "server"}, at("10.2.200.1"): {ID: "elsewhere"}},
		Balancers: map[string]facts.Balancer{},
	}
	for _, e := range edits {
		e(&s)
	}
	return s
}

func handing(pools ...facts.Span) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		s.Subnets = map[string]facts.Subnet{subnet: {ID: subnet, Gateway: at("10.2.0.1"), Pools: pools}}
	}
}

func vip(a string, balancers map[string]facts.Balancer) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		s.Ports, s.Balancers = map[netip.Addr]facts.Port{at(a): {ID: "vip", VIP: true}}, balancers
	}
}

func noSubnets(s *facts.Snapshot) { s.Subnets = nil }
func noPorts(s *facts.Snapshot)   { s.Ports = nil }
func nobody(s *facts.Snapshot)    { s.Ports = map[netip.Addr]facts.Port{} }

type holds = map[netip.Addr]Claim

var (
	server  = Claim{"ports", "server"}
	network = Claim{"subnets", subnet}
)

func TestDiff(t *testing.T) {
	for claim, tt := range map[string]struct {
		known facts.Snapshot
		held  holds
		taken string
		want  Change
	}{
		"a server's address is held": {known: cloud(), want: Change{Hold: []Hold{{at("10.2.0.20"), server}}}},
		"what is held already stays": {known: cloud(), held: holds{at("10.2.0.20"): server}},
		"what nobody has any more is given back": {known: cloud(), held: holds{at("10.2.0.20"): server, at("10.2.0.21"): server},
			want: Change{Release: []netip.Addr{at("10.2.0.21")}}},
		"what another port has is held for that": {known: cloud(), held: holds{at("10.2.0.20"): {"ports", "gone"}},
			want: Change{Release: []netip.Addr{at("10.2.0.20")}, Hold: []Hold{{at("10.2.0.20"), server}}}},
		"what is out of the range by now is given back": {known: cloud(noPorts, noSubnets), held: holds{at("10.9.0.1"): server},
			want: Change{Release: []netip.Addr{at("10.9.0.1")}}},

		"a Service's address is never held": {known: cloud(), taken: "10.2.0.20"},
		"a Service's address is given back": {known: cloud(), taken: "10.2.0.20", held: holds{at("10.2.0.20"): server}, want: Change{Release: []netip.Addr{at("10.2.0.20")}}},
		"nor that of its load balancer":     {known: cloud(vip("10.2.0.7", map[string]facts.Balancer{"vip": {Service: "ours"}}))},
		"a load balancer of others is in the way": {known: cloud(vip("10.2.0.7", map[string]facts.Balancer{"vip": {}})),
			want: Change{Hold: []Hold{{at("10.2.0.7"), Claim{"ports", "vip"}}}}},
		"a VIP without a load balancer changes nothing": {known: cloud(vip("10.2.0.7", map[string]facts.Balancer{})),
			held: holds{at("10.2.0.7"): {"ports", "vip"}}},
		"and holds nothing": {known: cloud(vip("10.2.0.7", nil))},

		"the gateway and the pools are held": {known: cloud(nobody, handing(span("10.2.0.62", "10.2.0.70"))), want: Change{Hold: []Hold{
			{at("10.2.0.1"), network}, {at("10.2.0.62"), network}, {at("10.2.0.63"), network}}}},
		"a port in a pool makes no difference": {known: cloud(handing(span("10.2.0.20", "10.2.0.20"))),
			held: holds{at("10.2.0.1"): network, at("10.2.0.20"): network}},
		"so is IPv6": {known: cloud(nobody, handing(span("fd00::fffe", "fd00::1:5"))), want: Change{Hold: []Hold{
			{at("10.2.0.1"), network}, {at("fd00::fffe"), network}, {at("fd00::ffff"), network}}}},
		"of a pool that is too large nothing is held": {known: cloud(nobody, handing(span("fd00::1000", "fd00::1400"))),
			held: holds{at("10.2.0.1"): network, at("fd00::1000"): network}, want: Change{Release: []netip.Addr{at("fd00::1000")}}},

		"without the ports, those that are held stay": {known: cloud(noPorts), held: holds{at("10.2.0.20"): server}},
		"without the subnets, theirs stay":            {known: cloud(noSubnets), held: holds{at("10.2.0.1"): network, at("10.2.0.20"): server}},
		"without anything, everything stays":          {held: holds{at("10.2.0.1"): network, at("10.2.0.20"): server}},
	} {
		t.Run(claim, func(t *testing.T) {
			taken := map[netip.Addr]bool{}
			if tt.taken != "" {
				taken[at(tt.taken)] = true
			}
			got := Diff(Survey(ranges, []string{subnet}, tt.known), tt.held, taken)
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithoutRangesNothingChanges(t *testing.T) {
	got := Diff(Survey(nil, []string{subnet}, cloud(handing(span("10.2.0.2", "10.2.0.9")))), holds{at("10.9.0.1"): server}, nil)
	if len(got.Hold)+len(got.Release) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsTooMuchIsTold(t *testing.T) {
	known := cloud(handing(span("fd00::10", "fd00::ffff:ffff"), span("10.2.0.2", "10.2.0.9")))
	if got, want := Survey(ranges, []string{subnet}, known).Excess, []facts.Span{span("fd00::10", "fd00::ffff")}; !slices.Equal(got, want) {
		t.Errorf("got %s", got)
	}
}

// What was changed needs no change, no Service's address is held, and each that is held
// is claimed.
func TestLaws(t *testing.T) {
	address := rapid.Custom(func(t *rapid.T) netip.Addr {
		return netip.AddrFrom4([4]byte{10, 2, 0, byte(rapid.IntRange(0, 80).Draw(t, "host"))})
	})
	claim := rapid.SampledFrom([]Claim{server, network})
	rapid.Check(t, func(t *rapid.T) {
		known := cloud()
		known.Ports = rapid.MapOf(address, rapid.SampledFrom([]facts.Port{{ID: "server"}, {ID: "vip", VIP: true}})).Draw(t, "ports")
		if rapid.Bool().Draw(t, "in pool") {
			handing(span("10.2.0.30", "10.2.0.40"))(&known)
		}
		held := rapid.MapOf(address, claim).Draw(t, "held")
		taken := rapid.MapOf(address, rapid.Just(true)).Draw(t, "taken")
		ground := Survey(ranges, []string{subnet}, known)
		after := applied(Diff(ground, held, taken), held)
		if again := Diff(ground, after, taken); len(again.Hold)+len(again.Release) > 0 {
			t.Fatalf("not at rest: %+v", again)
		}
		for a := range after {
			if _, answer := ground.Claim(a); taken[a] || answer == facts.No {
				t.Fatalf("%s is held: taken %v, claimed %v", a, taken[a], answer)
			}
		}
	})
}

// applied is what is held after a change.
func applied(c Change, held holds) holds {
	after := maps.Clone(held)
	for _, a := range c.Release {
		delete(after, a)
	}
	for _, h := range c.Hold {
		after[h.Address] = h.For
	}
	return after
}

// What is written is read again, by whoever shares nothing but the cluster.
func TestObjectsTellWhatTheyAreFor(t *testing.T) {
	g := New(Guard{Cluster: "demo"})
	want := holds{at("10.2.0.20"): server, at("fd00::1"): network}
	var objects []networkingv1.IPAddress
	for _, a := range sorted(want) {
		objects = append(objects, *g.object(Hold{a, want[a]}))
	}
	if diff := cmp.Diff(want, claims(objects), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	first := map[string]string{
		"ipaddress.kubernetes.io/managed-by": "guard.octagate.dev", "ipaddress.kubernetes.io/ip-family": "IPv4",
		"app.kubernetes.io/managed-by": "octagate", "octagate.dev/cluster": "demo",
	}
	if diff := cmp.Diff(first, objects[0].Labels); diff != "" {
		t.Error(diff)
	}
}
