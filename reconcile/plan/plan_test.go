package plan

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/octagate/octagate/reconcile/octavia"
)

var (
	user  = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.13")}
	other = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.20")}
	named = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.100")}
	pool  = octavia.FloatingIP{Allocate: true, Network: "public"}
)

// tree is a desired tree with ports and members on each.
func tree(external octavia.FloatingIP, members int, ports ...int32) octavia.Tree {
	t := octavia.Tree{Name: "shop/web", VIP: octavia.VIP{Address: netip.MustParseAddr("10.2.0.7")}, FloatingIP: external}
	for _, p := range ports {
		k := octavia.Key{Protocol: "TCP", Port: p}
		l := octavia.Listener{Key: k, Pool: octavia.Pool{Name: octavia.Name(t.Name, k), Protocol: "TCP"}}
		for i := range members {
			l.Pool.Members = append(l.Pool.Members, octavia.Member{Address: netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}), Port: 8080})
		}
		t.Listeners = append(t.Listeners, l)
	}
	return t
}

// built is a desired tree as it is observed once it is built.
func built(t octavia.Tree) octavia.Tree {
	t.ID, t.Status, t.VIP.Port = "lb", octavia.Active, "vip-port"
	for i := range t.Listeners {
		t.Listeners[i].ID = fmt.Sprint("listener-", i)
		t.Listeners[i].Pool.ID = fmt.Sprint("pool-", i)
		if m := &t.Listeners[i].Pool.Monitor; *m != (octavia.Monitor{}) {
			m.ID = "monitor"
		}
	}
	if f := &t.FloatingIP; *f != (octavia.FloatingIP{}) {
		if f.Allocate {
			f.Address = netip.MustParseAddr("172.24.4.100")
		}
		f.Network, f.Subnet, f.ID, f.Port = "", "", "fip", t.VIP.Port
	}
	return t
}

func elsewhere(t octavia.Tree) octavia.Tree { t.FloatingIP.Port = "else"; return t }

func at(vip string, t octavia.Tree) octavia.Tree { t.VIP.Address = netip.MustParseAddr(vip); return t }

func detached(t octavia.Tree) octavia.Tree { t.FloatingIP.Port = ""; return t }

func loose(t octavia.Tree) octavia.Tree {
	t.Loose = []octavia.Pool{{ID: "old", Name: "shop/web:TCP:81"}}
	return t
}

func TestDiff(t *testing.T) {
	none := octavia.FloatingIP{}
	for claim, tt := range map[string]struct {
		desired, observed octavia.Tree
		want              string
	}{
		"nothing to nothing is nothing": {},
		"a load balancer is made in one step": {desired: tree(none, 2, 80, 443),
			want: "create load balancer shop/web at 10.2.0.7 with 2 listeners and 4 members\n"},
		"deletion is a plan": {observed: built(tree(none, 2, 80)), want: "delete load balancer shop/web\n"},
		"a Pod joins": {desired: tree(none, 3, 80), observed: built(tree(none, 2, 80)),
			want: "set 3 members of pool shop/web:TCP:80\n"},
		"the last Pod leaves": {desired: tree(none, 0, 80), observed: built(tree(none, 1, 80)),
			want: "set 0 members of pool shop/web:TCP:80\n"},
		"a port changes: the old one goes first": {desired: tree(none, 1, 443), observed: built(tree(none, 1, 80)),
			want: "delete listener TCP/80\ndelete pool shop/web:TCP:80\ncreate listener TCP/443\ncreate pool shop/web:TCP:443\nset 1 member of pool shop/web:TCP:443\n"},
		"a pool that was left over goes": {desired: tree(none, 1, 80), observed: loose(built(tree(none, 1, 80))),
			want: "delete pool shop/web:TCP:81\n"},

		"a user's floating IP follows": {desired: tree(user, 0, 80),
			want: "create load balancer shop/web at 10.2.0.7 with 1 listener and 0 members\nassociate floating IP 172.24.4.13\n"},
		"and comes before all else once there is a port": {desired: tree(user, 1, 80), observed: built(tree(none, 0, 80)),
			want: "associate floating IP 172.24.4.13\nset 1 member of pool shop/web:TCP:80\n"},
		"a pool's floating IP is allocated": {desired: tree(pool, 0, 80), observed: built(tree(none, 0, 80)),
			want: "allocate a floating IP for shop/web\n"},
		"and associated again when it came off": {desired: tree(pool, 0, 80), observed: detached(built(tree(pool, 0, 80))),
			want: "associate floating IP 172.24.4.100\n"},
		"from one user's floating IP to another": {desired: tree(other, 0, 80), observed: built(tree(user, 0, 80)),
			want: "dissociate floating IP 172.24.4.13\nassociate floating IP 172.24.4.20\n"},
		"from the pool to a user's": {desired: tree(user, 0, 80), observed: built(tree(pool, 0, 80)),
			want: "release floating IP 172.24.4.100\nassociate floating IP 172.24.4.13\n"},
		"from a user's to the pool": {desired: tree(pool, 0, 80), observed: built(tree(user, 0, 80)),
			want: "dissociate floating IP 172.24.4.13\nallocate a floating IP for shop/web\n"},
		"without an external IP a user's is given back": {desired: tree(none, 0, 80), observed: built(tree(user, 0, 80)),
			want: "dissociate floating IP 172.24.4.13\n"},
		"without an external IP the pool's is released": {desired: tree(none, 0, 80), observed: built(tree(pool, 0, 80)),
			want: "release floating IP 172.24.4.100\n"},
		"on deletion the pool's is released last": {observed: built(tree(pool, 0, 80)),
			want: "delete load balancer shop/web\nrelease floating IP 172.24.4.100\n"},
		"on deletion a user's stays":                          {observed: built(tree(user, 0, 80)), want: "delete load balancer shop/web\n"},
		"an address that is wanted by name is never given up": {desired: tree(named, 0, 80), observed: built(tree(pool, 0, 80))},
		"a new ClusterIP needs a new load balancer, and the pool's address is kept": {desired: at("10.2.0.8", tree(pool, 0, 80)), observed: built(tree(pool, 0, 80)),
			want: "delete load balancer shop/web\ncreate load balancer shop/web at 10.2.0.8 with 1 listener and 0 members\n"},
		"a floating IP that sits elsewhere is asked back": {desired: tree(pool, 0, 80), observed: elsewhere(built(tree(pool, 0, 80))),
			want: "associate floating IP 172.24.4.100\n"},
		"a setting changes": {desired: limited(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "update listener TCP/80: sources, connection limit, timeouts\n"},
		"a pool changes, and its members stay": {desired: sticky(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "update pool shop/web:TCP:80: algorithm, session persistence\n"},
		"a pool never changes its protocol": {desired: proxied(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "delete listener TCP/80\ndelete pool shop/web:TCP:80\ncreate listener TCP/80\ncreate pool shop/web:TCP:80\nset 1 member of pool shop/web:TCP:80\n"},
		"a health monitor comes": {desired: watched(tree(none, 1, 80), 10), observed: built(tree(none, 1, 80)),
			want: "create health monitor of pool shop/web:TCP:80\n"},
		"and changes": {desired: watched(tree(none, 1, 80), 20), observed: built(watched(tree(none, 1, 80), 10)),
			want: "update health monitor of pool shop/web:TCP:80\n"},
		"and goes": {desired: tree(none, 1, 80), observed: built(watched(tree(none, 1, 80), 10)),
			want: "delete health monitor of pool shop/web:TCP:80\n"},
		"a health monitor as it should be is left alone": {desired: watched(tree(none, 1, 80), 10), observed: built(watched(tree(none, 1, 80), 10))},
		"what is half made is made anew": {desired: tree(none, 1, 80), observed: stuck(built(tree(none, 1, 80))),
			want: "delete load balancer shop/web\ncreate load balancer shop/web at 10.2.0.7 with 1 listener and 1 member\n"},
		"what is in ERROR is made anew, and keeps its address": {desired: tree(pool, 1, 80), observed: failed(built(tree(pool, 1, 80))),
			want: "delete load balancer shop/web\ncreate load balancer shop/web at 10.2.0.7 with 1 listener and 1 member\n"},
		"what is left of the pool is released": {observed: octavia.Tree{FloatingIP: built(tree(pool, 0, 80)).FloatingIP},
			want: "release floating IP 172.24.4.100\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Diff(tt.desired, tt.observed).String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func limited(t octavia.Tree) octavia.Tree {
	t.Listeners[0].Settings = octavia.Settings{
		Sources: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, ConnectionLimit: 5, Timeouts: octavia.Timeouts{MemberData: time.Hour},
	}
	return t
}

func sticky(t octavia.Tree) octavia.Tree {
	t.Listeners[0].Pool.Algorithm, t.Listeners[0].Pool.Sticky = "SOURCE_IP", true
	return t
}

func watched(t octavia.Tree, seconds int) octavia.Tree {
	t.Listeners[0].Pool.Monitor = octavia.Monitor{Delay: time.Duration(seconds) * time.Second, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
	return t
}

func proxied(t octavia.Tree) octavia.Tree { t.Listeners[0].Pool.Protocol = "PROXY"; return t }

func failed(t octavia.Tree) octavia.Tree { t.Status = octavia.Failed; return t }

func stuck(t octavia.Tree) octavia.Tree { t.Stuck = "listener shop/web:TCP:80"; return t }

func TestStepwise(t *testing.T) {
	want := `create load balancer shop/web at 10.2.0.7 with 0 listeners and 0 members
create listener TCP/80
create pool shop/web:TCP:80
set 2 members of pool shop/web:TCP:80
associate floating IP 172.24.4.13
`
	if diff := cmp.Diff(want, Diff(tree(user, 2, 80), octavia.Tree{}).Stepwise().String()); diff != "" {
		t.Error(diff)
	}
	if p := Diff(tree(user, 2, 80, 443), built(tree(pool, 1, 80))); p.String() != p.Stepwise().String() {
		t.Errorf("on a load balancer that exists there are steps already:\n%s%s", p, p.Stepwise())
	}
}

// What is built as desired needs nothing.
func TestDiffOfTheSameIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		external := rapid.SampledFrom([]octavia.FloatingIP{{}, user, other, pool}).Draw(t, "floating IP")
		ports := rapid.SliceOfNDistinct(rapid.Int32Range(1, 65535), 0, 5, rapid.ID).Draw(t, "ports")
		members := rapid.IntRange(0, 5).Draw(t, "members")
		if p := Diff(tree(external, members, ports...), built(tree(external, members, ports...))); len(p) > 0 {
			t.Fatalf("plan:\n%s", p)
		}
	})
}

func TestUpkeepIsOnlyTheMembersOfWhatIsThere(t *testing.T) {
	p := Diff(tree(user, 3, 80, 443), built(tree(pool, 2, 80, 8080)))
	want := "set 3 members of pool shop/web:TCP:80\n"
	if diff := cmp.Diff(want, p.Upkeep().String()); diff != "" || len(p) == 1 {
		t.Errorf("of\n%s%s", p, diff)
	}
}
