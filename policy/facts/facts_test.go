package facts

import (
	"net/netip"
	"slices"
	"testing"
)

var (
	here, there = netip.MustParseAddr("172.24.4.13"), netip.MustParseAddr("172.24.4.99")
	vip         = netip.MustParseAddr("10.2.0.7")
)

func TestWhatNobodyLookedForIsUnknown(t *testing.T) {
	none := Snapshot{FloatingIPs: map[netip.Addr]FloatingIP{}, Ports: map[netip.Addr]Port{}, Subnets: map[string]Subnet{"gone": {}}}
	known := Snapshot{
		FloatingIPs: map[netip.Addr]FloatingIP{here: {ID: "x", Address: here}}, Ports: map[netip.Addr]Port{vip: {ID: "p"}},
		Subnets: map[string]Subnet{"service": {ID: "service"}}, Octavia: Version{2, 5},
	}
	outer := Snapshot{OuterSubnets: map[string][]string{"public": {"a"}, "hidden": nil}}
	floatingIP := func(s Snapshot, a netip.Addr) Answer { _, answer := s.FloatingIP(a); return answer }
	port := func(s Snapshot, a netip.Addr) Answer { _, answer := s.Port(a); return answer }
	subnet := func(s Snapshot, id string) Answer { _, answer := s.Subnet(id); return answer }
	for claim, tt := range map[string]struct{ got, want Answer }{
		"a floating IP that is there":          {floatingIP(known, here), Yes},
		"one that is not":                      {floatingIP(known, there), No},
		"one when there is none at all":        {floatingIP(none, here), No},
		"one when nobody could look":           {floatingIP(Snapshot{}, here), Unknown},
		"a port that is there":                 {port(known, vip), Yes},
		"one that is not there":                {port(none, vip), No},
		"a port when nobody could look":        {port(Snapshot{}, vip), Unknown},
		"a subnet that is there":               {subnet(known, "service"), Yes},
		"one that was looked for, and is gone": {subnet(none, "gone"), No},
		"one that nobody looked for":           {subnet(none, "service"), Unknown},
		"a subnet when nobody could look":      {subnet(Snapshot{}, "service"), Unknown},
		"an older version":                     {known.Octavia.AtLeast(Version{2, 1}), Yes},
		"the version itself":                   {known.Octavia.AtLeast(Version{2, 5}), Yes},
		"a later version":                      {known.Octavia.AtLeast(Version{2, 13}), No},
		"a later major version":                {known.Octavia.AtLeast(Version{3, 0}), No},
		"a subnet of an external network":      {outer.Outer("public", "a"), Yes},
		"one that is another's":                {outer.Outer("public", "b"), No},
		"one of a network that shows none":     {outer.Outer("hidden", "a"), Unknown},
		"one of a network that is not there":   {outer.Outer("gone", "a"), Unknown},
		"a version when nobody could look":     {Version{}.AtLeast(Version{2, 0}), Unknown},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v", claim, tt.got)
		}
	}
}

func TestWhoseVIPItIs(t *testing.T) {
	known := Snapshot{Balancers: map[string]Balancer{"p": {ID: "lb", Service: "uid"}}}
	for claim, tt := range map[string]struct {
		snapshot Snapshot
		port     Port
		want     Answer
	}{
		"that of a load balancer":                         {known, Port{ID: "p", VIP: true}, Yes},
		"that of one whose provider names it as it likes": {known, Port{ID: "p"}, Yes},
		"none":                               {known, Port{ID: "q"}, No},
		"one that was left behind":           {known, Port{ID: "q", VIP: true}, Unknown},
		"one when nobody could look for any": {Snapshot{}, Port{ID: "p", VIP: true}, Unknown},
		"a server's when nobody could look":  {Snapshot{}, Port{ID: "q", Owner: "compute:nova"}, No},
	} {
		if _, got := tt.snapshot.Balancer(tt.port); got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}

func TestNetworksAreReachedByRouters(t *testing.T) {
	externals, routes := map[string]bool{"public": true, "dmz": true}, map[string]bool{"public": true}
	for claim, tt := range map[string]struct {
		snapshot Snapshot
		network  string
		want     Answer
	}{
		"a router leads there":          {Snapshot{Externals: externals, Routes: routes}, "public", Yes},
		"no router leads there":         {Snapshot{Externals: externals, Routes: routes}, "dmz", No},
		"it is not external":            {Snapshot{Externals: externals}, "private", No},
		"nobody knows the routers":      {Snapshot{Externals: externals}, "public", Unknown},
		"nobody knows what is external": {Snapshot{Routes: routes}, "public", Yes},
		"nobody knows either":           {Snapshot{}, "public", Unknown},
		"what is not external any more": {Snapshot{Externals: map[string]bool{}, Routes: routes}, "public", No},
	} {
		if got := tt.snapshot.Reached(tt.network); got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}

func TestFreeFloatingIPsComeInOrder(t *testing.T) {
	all := map[netip.Addr]FloatingIP{}
	for address, f := range map[string]FloatingIP{
		"172.24.4.20": {Network: "public"}, "172.24.4.3": {Network: "public"}, "172.24.4.5": {Network: "public", Port: "used"},
		"172.24.4.6": {Network: "public", Pool: true}, "192.0.2.1": {Network: "dmz"},
	} {
		all[netip.MustParseAddr(address)] = f
	}
	for claim, tt := range map[string]struct {
		network string
		routes  map[string]bool
		want    []string
	}{
		"of any network":                     {"", nil, []string{"172.24.4.3", "172.24.4.20", "192.0.2.1"}},
		"of one":                             {"dmz", nil, []string{"192.0.2.1"}},
		"of any that a router leads to":      {"", map[string]bool{"public": true}, []string{"172.24.4.3", "172.24.4.20"}},
		"of one that no router leads to":     {"dmz", map[string]bool{"public": true}, nil},
		"of one that there is nothing of":    {"elsewhere", nil, nil},
		"of one that a router leads to, too": {"public", map[string]bool{"public": true}, []string{"172.24.4.3", "172.24.4.20"}},
	} {
		var got []string
		for _, a := range (Snapshot{FloatingIPs: all, Routes: tt.routes}).FreeFloatingIPs(tt.network, "shop", 3) {
			got = append(got, a.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v", claim, got)
		}
	}
	for n, want := range []int{0, 1, 2, 3, 3} {
		if got := (Snapshot{FloatingIPs: all}).FreeFloatingIPs("", "shop", n); len(got) != want || n == 1 && got[0] != netip.MustParseAddr("172.24.4.3") {
			t.Errorf("the first %d of three: %v", n, got)
		}
	}
}

func TestPoolsAreFoundByTheirAddresses(t *testing.T) {
	span := Span{netip.MustParseAddr("10.2.128.1"), netip.MustParseAddr("10.2.128.9")}
	subnet := Subnet{Pools: []Span{span}}
	for address, want := range map[string]bool{
		"10.2.128.0": false, "10.2.128.1": true, "10.2.128.5": true, "10.2.128.9": true, "10.2.128.10": false, "fd00::1": false,
	} {
		if pool, got := subnet.Pool(netip.MustParseAddr(address)); got != want || got && pool != span {
			t.Errorf("%s: got %v %s", address, got, pool)
		}
	}
}

func TestSpansAreCutToRanges(t *testing.T) {
	for claim, tt := range map[string]struct{ first, last, within, want string }{
		"inside":              {"10.2.0.5", "10.2.0.9", "10.2.0.0/24", "10.2.0.5-10.2.0.9"},
		"over both ends":      {"10.1.0.0", "10.3.0.0", "10.2.0.0/25", "10.2.0.0-10.2.0.127"},
		"over the end":        {"10.2.0.5", "10.2.9.9", "10.2.0.0/24", "10.2.0.5-10.2.0.255"},
		"before":              {"10.1.0.0", "10.1.9.9", "10.2.0.0/24", ""},
		"after":               {"10.2.1.0", "10.2.1.9", "10.2.0.0/24", ""},
		"of the other family": {"fd00::1", "fd00::9", "10.2.0.0/24", ""},
		"of IPv6":             {"fd00::1", "fd01::", "fd00::/126", "fd00::1-fd00::3"},
	} {
		got, some := Span{netip.MustParseAddr(tt.first), netip.MustParseAddr(tt.last)}.Within(netip.MustParsePrefix(tt.within))
		if some != (tt.want != "") || some && got.String() != tt.want {
			t.Errorf("%s: got %v %s", claim, some, got)
		}
	}
}

func TestAllOfASpanComesInOrder(t *testing.T) {
	last := netip.MustParseAddr("255.255.255.255") // after which there is nothing
	got := slices.Collect(Span{last.Prev(), last}.All())
	if want := []netip.Addr{last.Prev(), last}; !slices.Equal(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestRoomWithinALimit(t *testing.T) {
	for claim, tt := range map[string]struct {
		limit Limit
		has   int
		want  Answer
	}{
		"for one more":        {Limit{Known: true, Most: 10}, 9, Yes},
		"for none":            {Limit{Known: true, Most: 10}, 10, No},
		"for fewer than here": {Limit{Known: true, Most: 10}, 12, No},
		"for nothing at all":  {Limit{Known: true}, 0, No},
		"for any number":      {Limit{Known: true, Most: -1}, 1000, Yes},
		"nobody could look":   {Limit{}, 1000, Unknown},
	} {
		if got := tt.limit.Room(tt.has); got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}
