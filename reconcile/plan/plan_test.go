package plan

import (
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/reconcile/octavia"
)

var (
	user   = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.13")}
	other  = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.20")}
	named  = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.100")}
	pool   = octavia.FloatingIP{Allocate: true, Network: "public"}
	spared = octavia.FloatingIP{Allocate: true, Network: "public", Keep: true}
)

// tree is a desired tree with ports and members on each.
func tree(external octavia.FloatingIP, members int, ports ...int32) octavia.Tree {
	t := octavia.Tree{Name: "shop/web", VIP: octavia.VIP{Address: netip.MustParseAddr("10.2.0.7")}, FloatingIP: external}
	for _, p := range ports {
		k := octavia.Key{Protocol: "TCP", Port: p}
		name := octavia.Name(t.Name, k)
		pool := octavia.Pool{PoolKey: octavia.PoolKey{Name: name, Protocol: "TCP"}}
		for i := range members {
			pool.Members = append(pool.Members, octavia.Member{Address: netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}), Port: 8080})
		}
		t.Listeners = append(t.Listeners, octavia.Listener{Key: k, Settings: octavia.Settings{Name: name}, Pool: pool.PoolKey})
		t.Pools = append(t.Pools, pool)
	}
	return t
}

// built is a desired tree as it is observed once it is built.
func built(t octavia.Tree) octavia.Tree {
	t = copied(t)
	t.ID, t.Status, t.VIP.Port = "lb", octavia.Active, "vip-port"
	for i := range t.Listeners {
		t.Listeners[i].ID = fmt.Sprint("listener-", i)
	}
	for i := range t.Pools {
		t.Pools[i].ID = fmt.Sprint("pool-", i)
		if m := &t.Pools[i].Monitor; *m != (octavia.Monitor{}) {
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

// beside is t whose port somebody has given a floating IP of theirs.
func beside(theirs octavia.FloatingIP, t octavia.Tree) octavia.Tree {
	t.Foreign = octavia.FloatingIP{Address: theirs.Address, ID: "theirs", Port: t.VIP.Port}
	return t
}

func at(vip string, t octavia.Tree) octavia.Tree { t.VIP.Address = netip.MustParseAddr(vip); return t }

func detached(t octavia.Tree) octavia.Tree { t.FloatingIP.Port = ""; return t }

func loose(t octavia.Tree) octavia.Tree {
	t.Pools = append(t.Pools, octavia.Pool{ID: "old", PoolKey: octavia.PoolKey{Name: "shop/web:TCP:81", Protocol: "TCP"}})
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
		"what says in words whose it is is marked by tags": {desired: tree(none, 1, 80), observed: untagged(built(tree(none, 0, 80))),
			want: "set 1 member of pool shop/web:TCP:80\nmark load balancer shop/web by tags\n"},
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
		"what somebody has put in its place gives way": {desired: tree(pool, 0, 80), observed: beside(user, detached(built(tree(pool, 0, 80)))),
			want: "dissociate floating IP 172.24.4.13\nassociate floating IP 172.24.4.100\n"},
		"unless ours is in use elsewhere": {desired: tree(pool, 0, 80), observed: beside(user, elsewhere(built(tree(pool, 0, 80)))),
			want: "associate floating IP 172.24.4.100\n"},
		"or it is what is wanted now": {desired: tree(user, 0, 80), observed: beside(user, detached(built(tree(pool, 0, 80)))),
			want: "release floating IP 172.24.4.100\n"},
		"or nothing is": {observed: beside(user, detached(built(tree(pool, 0, 80)))),
			want: "delete load balancer shop/web\nrelease floating IP 172.24.4.100\n"},
		"a setting changes": {desired: limited(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "update listener TCP/80: sources, connection limit, timeouts\n"},
		"a pool changes, and its members stay": {desired: sticky(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "update pool shop/web:TCP:80: algorithm, session persistence\n"},
		"a pool never changes its protocol: another takes its place, and the port stays open": {desired: proxied(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "create pool shop/web:TCP:80 in PROXY\nset 1 member of pool shop/web:TCP:80\nupdate listener TCP/80: pool\ndelete pool shop/web:TCP:80\n"},
		"a port comes to a pool that is there": {desired: shared(tree(none, 1, 80, 81)), observed: built(tree(none, 1, 80)),
			want: "create listener TCP/81\n"},
		"ports that part get a pool of their own": {desired: tree(none, 1, 80, 81), observed: built(shared(tree(none, 1, 80, 81))),
			want: "create pool shop/web:TCP:81\nset 1 member of pool shop/web:TCP:81\nupdate listener TCP/81: pool\n"},
		"ports that share a pool leave theirs": {desired: shared(tree(none, 1, 80, 81)), observed: built(tree(none, 1, 80, 81)),
			want: "update listener TCP/81: pool\ndelete pool shop/web:TCP:81\n"},
		"what was switched off is switched on": {desired: tree(none, 1, 80), observed: off(built(tree(none, 1, 80))),
			want: "update load balancer shop/web: admin state\nupdate listener TCP/80: admin state\nupdate pool shop/web:TCP:80: admin state\n"},
		"and what was renamed is called by its name": {desired: tree(none, 1, 80), observed: renamed(built(tree(none, 1, 80))),
			want: "update load balancer shop/web: name\nupdate listener TCP/80: name\n"},
		"an address of the other family needs a new load balancer": {desired: dual(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "delete load balancer shop/web\ncreate load balancer shop/web at 10.2.0.7 with 1 listener and 1 member\n"},
		"members that nobody has looked at yet are left alone": {desired: tree(none, 2, 80), observed: unseen(built(tree(none, 0, 80)))},
		"tags that the author wants": {desired: tagged(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "update load balancer shop/web: tags\n"},
		"tags that nobody asked about stay": {desired: tree(none, 1, 80), observed: tagged(built(tree(none, 1, 80)))},
		"a VIP is opened": {desired: open(tree(none, 1, 80)), observed: built(tree(none, 1, 80)),
			want: "take the security groups off VIP port vip-port\n"},
		"the pool's says that it is to be kept": {desired: tree(spared, 1, 80), observed: built(tree(pool, 1, 80)),
			want: "mark floating IP 172.24.4.100: to be kept\n"},
		"and that it is not any more": {desired: tree(pool, 1, 80), observed: built(tree(spared, 1, 80)),
			want: "mark floating IP 172.24.4.100: not to be kept\n"},
		"on deletion the pool's is kept for whoever wants to": {desired: octavia.Tree{FloatingIP: octavia.FloatingIP{Keep: true}}, observed: built(tree(pool, 0, 80)),
			want: "delete load balancer shop/web\nkeep floating IP 172.24.4.100\n"},
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
	t.Listeners[0].Settings = octavia.Settings{Name: t.Listeners[0].Settings.Name,
		Sources: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, ConnectionLimit: 5, Timeouts: octavia.Timeouts{MemberData: time.Hour},
	}
	return t
}

func sticky(t octavia.Tree) octavia.Tree {
	t.Pools[0].Algorithm, t.Pools[0].Sticky = "SOURCE_IP", true
	return t
}

func watched(t octavia.Tree, seconds int) octavia.Tree {
	t.Pools[0].Monitor = octavia.Monitor{Delay: time.Duration(seconds) * time.Second, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
	return t
}

func proxied(t octavia.Tree) octavia.Tree {
	t.Pools[0].Protocol = "PROXY"
	t.Listeners[0].Pool = t.Pools[0].PoolKey
	return t
}

// shared has all the ports lead to the first pool.
func shared(t octavia.Tree) octavia.Tree {
	t.Pools = t.Pools[:1]
	for i := range t.Listeners {
		t.Listeners[i].Pool = t.Pools[0].PoolKey
	}
	return t
}

func off(t octavia.Tree) octavia.Tree {
	t.Disabled, t.Listeners[0].Settings.Disabled, t.Pools[0].Disabled = true, true, true
	return t
}

func renamed(t octavia.Tree) octavia.Tree {
	t.Name, t.Listeners[0].Settings.Name = "mine", "my port"
	return t
}

func dual(t octavia.Tree) octavia.Tree {
	t.More = []octavia.VIP{{Address: netip.MustParseAddr("fd00::7")}}
	return t
}

func unseen(t octavia.Tree) octavia.Tree { t.Pools[0].Unseen = true; return t }

func untagged(t octavia.Tree) octavia.Tree { t.Untagged = true; return t }

func tagged(t octavia.Tree) octavia.Tree { t.Tags = []string{"shop"}; return t }

func open(t octavia.Tree) octavia.Tree { t.VIP.Open = true; return t }

func failed(t octavia.Tree) octavia.Tree { t.Status = octavia.Failed; return t }

func stuck(t octavia.Tree) octavia.Tree { t.Stuck = "listener shop/web:TCP:80"; return t }

func bare(t octavia.Tree) octavia.Tree { t.Listeners, t.Pools = nil, nil; return t }

// served is t with its members elsewhere.
func served(t octavia.Tree) octavia.Tree {
	for _, p := range t.Pools {
		for i := range p.Members {
			p.Members[i].Port = 9090
		}
	}
	return t
}

func TestClouds(t *testing.T) {
	none := octavia.FloatingIP{}
	legacy := Manner{Stepwise: true, Memberwise: true, Leafwise: true, Curable: true}
	for claim, tt := range map[string]struct {
		manner            Manner
		desired, observed octavia.Tree
		want              string
	}{
		"one that leaves what it makes half made": {manner: Manner{Stepwise: true}, desired: tree(user, 2, 80),
			want: `create load balancer shop/web at 10.2.0.7 with 0 listeners and 0 members
create listener TCP/80
create pool shop/web:TCP:80
set 2 members of pool shop/web:TCP:80
associate floating IP 172.24.4.13
`},
		"one that takes members one at a time": {manner: legacy, desired: tree(user, 1, 80), observed: built(tree(user, 2, 80)),
			want: "delete member b of pool shop/web:TCP:80\n"},
		"and serves while they are replaced": {manner: legacy, desired: served(tree(user, 2, 80)), observed: built(tree(user, 3, 80)),
			want: `delete member a of pool shop/web:TCP:80
create member A of pool shop/web:TCP:80
delete member b of pool shop/web:TCP:80
create member B of pool shop/web:TCP:80
delete member c of pool shop/web:TCP:80
`},
		"one that takes changes of what is in ERROR": {manner: legacy, desired: tree(user, 3, 80), observed: failed(built(tree(user, 2, 80))),
			want: "update load balancer shop/web: status\ncreate member c of pool shop/web:TCP:80\n"},
		"but of one that is bare there is nothing to keep": {manner: legacy, desired: tree(none, 0, 80), observed: failed(bare(built(tree(none, 0, 80)))),
			want: `delete load balancer shop/web
create load balancer shop/web at 10.2.0.7 with 0 listeners and 0 members
create listener TCP/80
create pool shop/web:TCP:80
`},
		"what is in ERROR can leave": {manner: legacy, observed: failed(built(tree(none, 2, 80))),
			want: "delete listener TCP/80\ndelete pool shop/web:TCP:80\ndelete load balancer shop/web\n"},
		"one that deletes nothing that is in use": {manner: legacy, observed: built(watched(tree(user, 2, 80), 1)),
			want: `delete listener TCP/80
delete health monitor of pool shop/web:TCP:80
delete pool shop/web:TCP:80
delete load balancer shop/web
`},
	} {
		t.Run(claim, func(t *testing.T) {
			for _, p := range tt.observed.Pools {
				for i := range p.Members {
					p.Members[i].Name = string(rune('a' + i))
				}
			}
			for _, p := range tt.desired.Pools {
				for i, m := range p.Members {
					if p.Members[i].Name = string(rune('a' + i)); m.Port == 9090 {
						p.Members[i].Name = string(rune('A' + i))
					}
				}
			}
			if diff := cmp.Diff(tt.want, tt.manner.Plan(tt.desired, tt.observed).String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// However a broken load balancer is mended, the first step that does it says so, and no
// step of another plan does.
func TestWhatMends(t *testing.T) {
	whole := tree(octavia.FloatingIP{}, 1, 80)
	for _, m := range []Manner{{}, {Curable: true}} {
		for claim, tt := range map[string]struct {
			desired, observed octavia.Tree
			want              bool
		}{
			"broken":             {whole, failed(built(whole)), true},
			"broken and leaving": {octavia.Tree{}, failed(built(whole)), false},
			"another address":    {whole, built(at("10.2.0.8", whole)), false},
			"another name":       {whole, built(renamed(tree(octavia.FloatingIP{}, 1, 80))), false},
		} {
			if p := m.Plan(tt.desired, tt.observed); Mends(p[0]) != tt.want {
				t.Errorf("%s, %+v:\n%s", claim, m, p)
			}
		}
	}
}

func TestUpkeepIsOnlyTheMembersOfWhatIsThere(t *testing.T) {
	p := Diff(tree(user, 3, 80, 443), built(tree(pool, 2, 80, 8080)))
	want := "set 3 members of pool shop/web:TCP:80\n"
	if diff := cmp.Diff(want, p.Upkeep().String()); diff != "" || len(p) == 1 {
		t.Errorf("of\n%s%s", p, diff)
	}
}

// Every type with a method Locks is a kind of step.
func TestKindsAreComplete(t *testing.T) {
	code, err := os.ReadFile("step.go")
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, m := range regexp.MustCompile(`(?m)^func \((\w+)\) Locks`).FindAllSubmatch(code, -1) {
		declared = append(declared, string(m[1]))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(declared)), slices.Sorted(slices.Values(Kinds()))); diff != "" {
		t.Error(diff)
	}
}
