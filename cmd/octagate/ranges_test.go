package main

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
)

func serviceCIDR(name string, ranges ...string) *networkingv1.ServiceCIDR {
	return &networkingv1.ServiceCIDR{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: networkingv1.ServiceCIDRSpec{CIDRs: ranges}}
}

// The ranges of ClusterIPs follow the ServiceCIDR objects, in the order of their names.
func TestRangesFollowServiceCIDRs(t *testing.T) {
	r := &clusterRanges{}
	check := func(want ...string) {
		t.Helper()
		var got []string
		for _, one := range r.now() {
			got = append(got, one.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	check()
	r.see(serviceCIDR("more", "10.9.0.0/24"))
	r.see(serviceCIDR("kubernetes", "10.2.0.0/17", "fd00::/112"))
	check("10.2.0.0/17", "fd00::/112", "10.9.0.0/24")
	before := r.now()
	r.see(serviceCIDR("kubernetes", "10.3.0.0/17"))
	check("10.3.0.0/17", "10.9.0.0/24")
	r.miss(toolscache.DeletedFinalStateUnknown{Obj: serviceCIDR("more", "10.9.0.0/24")})
	r.miss(serviceCIDR("kubernetes", "10.3.0.0/17"))
	if check(); before[0] != netip.MustParsePrefix("10.2.0.0/17") {
		t.Error("what was handed out was changed")
	}
	if r = nil; r.now() != nil {
		t.Error("who is not told of ranges knows some")
	}
}
