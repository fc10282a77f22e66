package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/octagate/octagate/reconcile/octavia"
)

// allocated is the floating IP that the cloud allocates.
var allocated = octavia.FloatingIP{Address: netip.MustParseAddr("172.24.4.100")}

// anyTree draws a tree that a Service may desire, or none.
func anyTree(t *rapid.T, label string) octavia.Tree {
	bit := func(what string) bool { return rapid.Bool().Draw(t, label+" "+what) }
	tree := octavia.Tree{FloatingIP: octavia.FloatingIP{Keep: bit("keep")}}
	ports := rapid.SliceOfNDistinct(rapid.SampledFrom([]octavia.Key{
		{Protocol: "TCP", Port: 80}, {Protocol: "HTTP", Port: 80}, {Protocol: "TCP", Port: 443}, {Protocol: "TERMINATED_HTTPS", Port: 443},
		{Protocol: "UDP", Port: 80}, {Protocol: "UDP", Port: 53},
	}), 0, 4, octavia.Key.Place).Draw(t, label+" ports")
	if len(ports) == 0 {
		return tree
	}
	tree.Name = "shop/web"
	tree.VIP = octavia.VIP{Address: rapid.SampledFrom(vips).Draw(t, label+" VIP"), Open: bit("open")}
	tree.FloatingIP = rapid.SampledFrom([]octavia.FloatingIP{{}, user, other, named, pool}).Draw(t, label+" floating IP")
	tree.FloatingIP.Keep = bit("keep the floating IP")
	if bit("tagged") {
		tree.Tags = []string{"shop"}
	}
	if bit("dual stack") {
		tree.More = []octavia.VIP{{Address: netip.MustParseAddr("fd00::7")}}
	}
	proxied, shared := bit("proxied"), bit("shared")
	for _, k := range ports {
		l := octavia.Listener{Key: k, Settings: octavia.Settings{Name: octavia.Name(tree.Name, k), ConnectionLimit: rapid.IntRange(0, 1).Draw(t, label+" limit")}}
		l.Pool = anyKey(tree.Name, k, proxied, shared)
		tree.Listeners = append(tree.Listeners, l)
		if _, there := tree.Pool(l.Pool); !there {
			tree.Pools = append(tree.Pools, anyPool(t, label, l.Pool))
		}
	}
	tree.Sort()
	return tree
}

var vips = []netip.Addr{netip.MustParseAddr("10.2.0.7"), netip.MustParseAddr("10.2.0.8")}

// anyKey is the pool of a listener: one for each, or one for each protocol.
func anyKey(service string, k octavia.Key, proxied, shared bool) octavia.PoolKey {
	protocol := k.Protocol
	if protocol == "TERMINATED_HTTPS" {
		protocol = "HTTP"
	}
	target := fmt.Sprint(k.Port)
	if shared {
		target = "web"
	}
	key := octavia.PoolKey{Name: service + ":" + protocol + ":" + target, Protocol: protocol}
	if proxied && protocol != "UDP" {
		key.Protocol = "PROXY"
	}
	return key
}

func anyPool(t *rapid.T, label string, k octavia.PoolKey) octavia.Pool {
	p := octavia.Pool{
		PoolKey: k, Sticky: rapid.Bool().Draw(t, label+" sticky"),
		Algorithm: rapid.SampledFrom([]string{"ROUND_ROBIN", "SOURCE_IP"}).Draw(t, label+" algorithm"),
	}
	if seconds := rapid.IntRange(0, 2).Draw(t, label+" monitor"); seconds > 0 {
		p.Monitor = octavia.Monitor{Delay: time.Duration(seconds) * time.Second, Timeout: time.Second, MaxRetries: 1, MaxRetriesDown: 1}
	}
	for _, n := range rapid.SliceOfNDistinct(rapid.ByteRange(1, 5), 0, 3, rapid.ID).Draw(t, label+" members") {
		p.Members = append(p.Members, octavia.Member{
			Name: rapid.SampledFrom([]string{"shop/a", "shop/b"}).Draw(t, label+" name"), Address: netip.AddrFrom4([4]byte{10, 1, 0, n}), Port: 8080,
			Subnet: rapid.SampledFrom([]string{"service", "pods"}).Draw(t, label+" subnet"),
		})
	}
	return p
}

// meddled is what somebody else did to what is there.
func meddled(t *rapid.T, m *model) {
	for i := range m.tree.Pools {
		p := &m.tree.Pools[i]
		p.Disabled = rapid.Bool().Draw(t, "pool disabled")
		if len(p.Members) > 0 && rapid.Bool().Draw(t, "member altered") {
			p.Members[0].Altered = true
		}
	}
	for i := range m.tree.Listeners {
		l := &m.tree.Listeners[i]
		l.Settings.Disabled = rapid.Bool().Draw(t, "listener disabled")
		if rapid.IntRange(0, 3).Draw(t, "pool lost") == 0 {
			l.Pool = octavia.PoolKey{}
		}
	}
	if m.tree.ID == "" {
		return
	}
	if len(m.tree.Listeners) > 0 && rapid.IntRange(0, 3).Draw(t, "listener lost") == 0 {
		m.tree.Listeners = m.tree.Listeners[1:]
	}
	if rapid.Bool().Draw(t, "loose pool") {
		m.tree.Pools = append(m.tree.Pools, octavia.Pool{ID: m.id("pool"), PoolKey: octavia.PoolKey{Name: "shop/web:TCP:81", Protocol: "TCP"}})
	}
	if m.ours != nil && rapid.Bool().Draw(t, "ours is elsewhere") {
		m.ours.port = ""
		if rapid.Bool().Draw(t, "and theirs in its place") {
			m.theirs = &publicIP{rapid.SampledFrom([]octavia.FloatingIP{user, other}).Draw(t, "theirs"), m.tree.VIP.Port}
		}
	}
	m.tree.Disabled = rapid.Bool().Draw(t, "disabled")
	m.tree.Untagged = rapid.Bool().Draw(t, "untagged")
	m.tree.Name = rapid.SampledFrom([]string{"shop/web", "renamed"}).Draw(t, "renamed")
	if rapid.IntRange(0, 5).Draw(t, "broken") == 0 {
		m.tree.Status = octavia.Failed
	}
}

var anyManner = rapid.SampledFrom([]Manner{{}, {Stepwise: true}, {Stepwise: true, Memberwise: true, Leafwise: true, Curable: true}})

// most is how many steps any change may take.
const most = 200

// reach takes steps as the reconciler does, until nothing is left to do: those that wait
// for nothing, and then one that locks.
func (m *model) reach(t *rapid.T, desired octavia.Tree) {
	for range most {
		p := m.manner.Plan(desired, m.observed())
		if len(p) == 0 {
			return
		}
		for _, s := range p {
			if err := m.take(s); err != nil {
				t.Fatalf("%s: %v\nplan:\n%s", s, err, p)
			}
			if s.Locks() {
				break
			}
		}
	}
	t.Fatalf("no end:\n%s", m.manner.Plan(desired, m.observed()))
}

// Whatever there is, and whatever somebody did to it, step by step it becomes what is
// desired, and Octavia refuses none of the steps.
func TestEveryDesireIsReachedByStepsThatOctaviaTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{manner: anyManner.Draw(t, "manner")}
		m.reach(t, anyTree(t, "before"))
		meddled(t, m)
		desired := anyTree(t, "after")
		m.reach(t, desired)
		if !m.is(desired) {
			t.Fatalf("desired:\n%+v\nreached:\n%+v", desired, m.observed())
		}
	})
}

// is reports whether the cloud is as desired, told without Diff.
func (m *model) is(desired octavia.Tree) bool {
	is := m.observed()
	want := desired.FloatingIP
	if want.Allocate != (m.ours != nil) && want.Address != allocated.Address || want.Address.IsValid() && is.FloatingIP.Address != want.Address ||
		!want.Address.IsValid() && !want.Allocate && is.FloatingIP != (octavia.FloatingIP{}) ||
		is.FloatingIP != (octavia.FloatingIP{}) && is.FloatingIP.Port != is.VIP.Port || is.Foreign != (octavia.FloatingIP{}) {
		return false
	}
	listeners := slices.EqualFunc(sorted(is).Listeners, desired.Listeners, func(a, b octavia.Listener) bool {
		return a.Key == b.Key && a.Pool == b.Pool && a.Settings.ConnectionLimit == b.Settings.ConnectionLimit && !a.Settings.Disabled
	})
	pools := slices.EqualFunc(sorted(is).Pools, desired.Pools, func(a, b octavia.Pool) bool {
		return a.PoolKey == b.PoolKey && a.Algorithm == b.Algorithm && a.Sticky == b.Sticky && !a.Disabled && a.Monitor.Like(b.Monitor) &&
			slices.EqualFunc(a.Members, b.Members, func(c, d octavia.Member) bool {
				return c.Name == d.Name && c.Address == d.Address && c.Port == d.Port && c.Subnet == d.Subnet && !c.Altered
			})
	})
	return listeners && pools && is.Name == desired.Name && !is.Untagged && is.VIP.Address == desired.VIP.Address && len(is.More) == len(desired.More)
}

func sorted(t octavia.Tree) octavia.Tree { t.Sort(); return t }

// A tree that is observed as it is desired needs nothing; neither does one that is
// compared with itself.
func TestDiffOfTheSameIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{}
		m.reach(t, anyTree(t, "tree"))
		is := m.observed()
		if p := Diff(is, is); len(p) > 0 {
			t.Fatalf("plan:\n%s", p)
		}
	})
}

// Diff gives the same plan for the same trees, and changes neither.
func TestDiffIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{}
		m.reach(t, anyTree(t, "before"))
		meddled(t, m)
		desired, observed := anyTree(t, "after"), m.observed()
		first := Diff(desired, observed).String()
		if second := Diff(desired, observed).String(); first != second {
			t.Fatalf("first:\n%ssecond:\n%s", first, second)
		}
	})
}

// Members that follow their Pods never wait for anything else, and cost one call for
// each pool.
func TestOneCallForEachPoolWhoseMembersChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{}
		desired := anyTree(t, "before")
		m.reach(t, desired)
		changed := copied(desired)
		pools := 0
		for i := range changed.Pools {
			before := changed.Pools[i].Members
			changed.Pools[i].Members = anyPool(t, "after", changed.Pools[i].PoolKey).Members
			slices.SortFunc(changed.Pools[i].Members, octavia.Member.Compare)
			if !slices.EqualFunc(before, changed.Pools[i].Members, octavia.Member.Like) {
				pools++
			}
		}
		p := Diff(changed, m.observed())
		if len(p) != pools || len(p.Upkeep()) != pools {
			t.Fatalf("%d pools changed:\n%s", pools, p)
		}
	})
}
