package octavia

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/octagate/octagate/policy"
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
	settings := Settings{ConnectionLimit: 9, Timeouts: Timeouts{MemberData: 7}}
	want := Tree{
		Name: "shop/web", VIP: VIP{Address: in.VIP, Subnet: "service"}, Provider: "amphora",
		Listeners: []Listener{
			{Key: Key{"TCP", 80}, Settings: settings, Pool: Pool{Name: "shop/web:TCP:80", Protocol: "TCP", Algorithm: "SOURCE_IP", Sticky: true, Members: []Member{reached}}},
			{Key: Key{"TCP", 443}, Settings: settings, Pool: Pool{Name: "shop/web:TCP:443", Protocol: "TCP", Algorithm: "SOURCE_IP", Sticky: true}},
		},
		FloatingIP: FloatingIP{Allocate: true, Network: "public"},
	}
	got := Desire(in, Backends{http: {pod}})
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got := Desire(policy.Intent{Name: "shop/udp"}, nil); !got.Empty() {
		t.Errorf("no listener, and yet a tree: %+v", got)
	}
}

// Whoever reads what we wrote finds the same owner again.
func TestOwnersAreFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Owner{
			Cluster: rapid.StringMatching(`[a-z0-9][-._a-z0-9]{0,20}`).Draw(t, "cluster"),
			UID:     types.UID(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}`).Draw(t, "uid")),
		}
		if got, ok := OwnerOf(append([]string{"somebody-else"}, o.Tags()...)); !ok || got != o {
			t.Errorf("by tags: %+v", got)
		}
		if got, ok := DescribedOwner(o.Description("shop/web")); !ok || got != o {
			t.Errorf("by description: %+v", got)
		}
	})
}

func TestStrangersHaveNoOwner(t *testing.T) {
	for _, tags := range [][]string{nil, {"octagate:cluster=a"}, {"octagate:service=b"}, {"octagate:cluster=", "octagate:service="}} {
		if o, ok := OwnerOf(tags); ok {
			t.Errorf("%v: %+v", tags, o)
		}
	}
}
