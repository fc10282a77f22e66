package octavia

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
)

func TestDesire(t *testing.T) {
	https := policy.Port{Name: "https", Protocol: corev1.ProtocolTCP, Number: 443}
	http := policy.Port{Name: "http", Protocol: corev1.ProtocolTCP, Number: 80}
	in := policy.Intent{
		Name: "shop/web", VIP: netip.MustParseAddr("10.2.0.7"), VIPSubnet: "service", MemberSubnet: "pod", Provider: "amphora",
		Listeners: []policy.Port{https, http}, Traffic: policy.Traffic{Algorithm: "SOURCE_IP", Sticky: true, ConnectionLimit: 9, Timeouts: policy.Timeouts{MemberData: 7}}, ExternalIP: policy.ExternalIP{Method: policy.Pool, Network: "public"},
	}
	pod := Member{Name: "shop/a:8080", Address: netip.MustParseAddr("10.1.0.10"), Port: 8080}
	reached := pod
	reached.Subnet = "pod"
	settings := func(name string) Settings {
		return Settings{Name: name, ConnectionLimit: 9, Timeouts: Timeouts{MemberData: 7}, Timed: MemberData}
	}
	want := Tree{
		Name: "shop/web", VIP: VIP{Address: in.VIP, Subnet: "service"}, Provider: "amphora",
		Listeners: []Listener{
			{Key: Key{"TCP", 80}, Settings: settings("shop/web:TCP:80"), Pool: PoolKey{"shop/web:TCP:80", "TCP"}},
			{Key: Key{"TCP", 443}, Settings: settings("shop/web:TCP:443"), Pool: PoolKey{"shop/web:TCP:443", "TCP"}},
		},
		Pools: []Pool{
			{PoolKey: PoolKey{"shop/web:TCP:443", "TCP"}, Algorithm: "SOURCE_IP", Sticky: true},
			{PoolKey: PoolKey{"shop/web:TCP:80", "TCP"}, Algorithm: "SOURCE_IP", Sticky: true, Members: []Member{reached}},
		},
		FloatingIP: FloatingIP{Allocate: true, Network: "public"},
	}
	got := Desire(in, Backends{http: {pod}, https: nil})
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got := Desire(policy.Intent{Name: "shop/udp"}, nil); !got.Empty() {
		t.Errorf("no listener, and yet a tree: %+v", got)
	}
}

func TestPoolsOfPorts(t *testing.T) {
	port := func(number int32, as, shared string) policy.Port {
		return policy.Port{Protocol: corev1.ProtocolTCP, Number: number, As: as, Shared: shared}
	}
	for claim, tt := range map[string]struct {
		ports []policy.Port
		proxy annotation.Proxy
		want  string
	}{
		"each port has its own":              {[]policy.Port{port(80, "", ""), port(81, "", "")}, "", "TCP/80→web:TCP:80 TCP/81→web:TCP:81"},
		"ports with one target share one":    {[]policy.Port{port(80, "", "http"), port(81, "", "http")}, "", "TCP/80→web:TCP:target:http TCP/81→web:TCP:target:http"},
		"but not across protocols":           {[]policy.Port{port(80, "HTTP", "http"), port(81, "", "http")}, "", "HTTP/80→web:HTTP:target:http TCP/81→web:TCP:target:http"},
		"unless the encryption is taken off": {[]policy.Port{port(80, "HTTP", "http"), port(443, "TERMINATED_HTTPS", "http")}, "", "HTTP/80→web:HTTP:target:http TERMINATED_HTTPS/443→web:HTTP:target:http"},
		"the PROXY protocol is in the pool":  {[]policy.Port{port(80, "", ""), port(443, "HTTPS", "")}, annotation.ProxyV2, "TCP/80→web:TCP:80 by PROXYV2 HTTPS/443→web:HTTPS:443 by PROXYV2"},
	} {
		t.Run(claim, func(t *testing.T) {
			tree := Desire(policy.Intent{Name: "web", Listeners: tt.ports, Traffic: policy.Traffic{Proxy: tt.proxy}}, nil)
			var words []string
			for _, l := range tree.Listeners {
				p, there := tree.Pool(l.Pool)
				words = append(words, l.Key.String()+"→"+p.Name)
				if p.Protocol != strings.Split(p.Name, ":")[1] {
					words = append(words, "by "+p.Protocol)
				}
				if !there {
					t.Errorf("%s leads nowhere", l.Key)
				}
			}
			if got := strings.Join(words, " "); got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// The same Service always desires the same tree, in whichever order its ports and Pods are
// told.
func TestDesireIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfNDistinct(rapid.Int32Range(1, 99), 0, 5, rapid.ID).Draw(t, "ports")
		in := policy.Intent{Name: "shop/web"}
		backends := Backends{}
		for _, n := range numbers {
			p := policy.Port{Protocol: corev1.ProtocolTCP, Number: n, Shared: rapid.SampledFrom([]string{"", "web"}).Draw(t, "target")}
			in.Listeners = append(in.Listeners, p)
			if p.Shared == "" {
				backends[p] = members(t)
			}
		}
		first := Desire(in, backends)
		in.Listeners = rapid.Permutation(in.Listeners).Draw(t, "another order")
		for p := range backends {
			backends[p] = rapid.Permutation(backends[p]).Draw(t, "another order of Pods")
		}
		if diff := cmp.Diff(first, Desire(in, backends), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

func members(t *rapid.T) []Member {
	var all []Member
	for _, n := range rapid.SliceOfNDistinct(rapid.Byte(), 0, 4, rapid.ID).Draw(t, "Pods") {
		all = append(all, Member{Name: "shop/a", Address: netip.AddrFrom4([4]byte{10, 1, 0, n}), Port: 8080})
	}
	return all
}

// Whoever reads what we wrote finds the same owner again.
func TestOwnersAreFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Owner{
			Cluster: rapid.StringMatching(`[a-z0-9][-._a-z0-9]{0,20}`).Draw(t, "cluster"),
			System:  types.UID(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}`).Draw(t, "kube-system")),
			UID:     types.UID(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}`).Draw(t, "uid")),
		}
		if got, ok := OwnerOf(append([]string{"somebody-else"}, o.Tags()...)); !ok || got != o {
			t.Errorf("by tags: %+v", got)
		}
		if got, ok := DescribedOwner(o.Description("shop/web", false)); !ok || got != o {
			t.Errorf("by description: %+v", got)
		}
		if plain, kept := o.Description("shop/web", false), o.Description("shop/web", true); Kept(plain) || !Kept(kept) {
			t.Errorf("%q is not to be kept, and %q is", plain, kept)
		}
	})
}

// Neutron takes 255 characters. The longest names leave room for who the owner is.
func TestTheLongestDescriptionTellsItsOwner(t *testing.T) {
	uid := types.UID("a2c0b2de-64a1-4c4c-9d4f-0123456789ab")
	o := Owner{Cluster: strings.Repeat("c", 63), System: uid, UID: uid}
	d := o.Description(strings.Repeat("n", 63)+"/"+strings.Repeat("s", 63), true)
	if got, _ := DescribedOwner(d); got != o || len(d) != 255 || !Kept(d) {
		t.Errorf("%d characters of %+v", len(d), got)
	}
}

func TestStrangersHaveNoOwner(t *testing.T) {
	for _, tags := range [][]string{nil, {"octagate:cluster=a"}, {"octagate:service=b"}, {"octagate:cluster=", "octagate:service="}} {
		if o, ok := OwnerOf(tags); ok {
			t.Errorf("%v: %+v", tags, o)
		}
	}
}
