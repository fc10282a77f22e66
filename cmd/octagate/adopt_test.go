package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/cmd/octagate/translation"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
)

// What is left alone stands in somebody's way if a Service with its address wants a load
// balancer; of a Service that gets none it is said why.
func TestWhatIsLeftAloneIsExplained(t *testing.T) {
	vip := netip.MustParseAddr("10.2.0.7")
	for claim, tt := range map[string]struct {
		wanted wishes
		want   left
	}{
		"nobody has its address": {want: left{Why: "nobody"}},
		"a Service wants one there": {wishes{trees: map[octavia.Owner]octavia.Tree{{UID: "u"}: {VIP: octavia.VIP{Address: vip}}}},
			left{Why: "nobody", Needed: true}},
		"a Service there is denied": {wishes{whys: map[netip.Addr]refusal{vip: {"it is denied", true}}}, left{Why: "it is denied", Needed: true}},
		"a Service there gets none": {wishes{whys: map[netip.Addr]refusal{vip: {"it is left alone", false}}}, left{Why: "it is left alone"}},
	} {
		tt.want.VIP, tt.want.Name, tt.want.LoadBalancer = vip.String(), "shop/web", "lb"
		got := leftAlone(openstack.Adoption{ID: "lb", Name: "shop/web", VIP: vip, Left: "nobody"}, tt.wanted)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

func TestAdoptionsInWords(t *testing.T) {
	all := adoptions{
		Taken: []taken{
			{Service: "shop/web", LoadBalancer: "lb-1", VIP: "10.2.0.7", Marked: []string{"floating IP 172.24.4.13", "load balancer shop/web"}},
			{Service: "shop/api", LoadBalancer: "lb-2", VIP: "10.2.0.8", Marked: []string{"load balancer shop/api"},
				Steps: []translation.Step{{Kind: "SetMembers", Text: "set 2 members of pool shop/api:TCP:80"}}},
		},
		Left:        []left{{Name: "old", LoadBalancer: "lb-3", VIP: "10.2.0.9", Why: "no Service has its address"}},
		FloatingIPs: []leftover{{"172.24.4.14", "it leads nowhere"}},
	}
	want := `shop/web  load balancer lb-1 at 10.2.0.7 is taken over
  marked as octagate's: floating IP 172.24.4.13, load balancer shop/web
  and nothing else is changed
shop/api  load balancer lb-2 at 10.2.0.8 is taken over
  marked as octagate's: load balancer shop/api
   1. set 2 members of pool shop/api:TCP:80
old  load balancer lb-3 at 10.2.0.9 is left alone: no Service has its address
172.24.4.14  floating IP is left alone: it leads nowhere
2 taken over, 2 left alone; nothing was written
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(all.text(nil), "\n")); diff != "" {
		t.Error(diff)
	}
}
