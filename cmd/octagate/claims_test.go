package main

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

func claimant(name, address string, born int64) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), CreationTimestamp: metav1.Unix(born, 0)},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.2.0.7", LoadBalancerIP: address},
	}
}

// Claims follow Services, the elder's first; of the same age, those of the lesser UID.
func TestClaimsFollowServices(t *testing.T) {
	const a, b = "172.24.4.13", "172.24.4.20"
	c := &claims{}
	first := c.now()
	c.see(claimant("young", a, 20))
	c.see(claimant("old", a, 10))
	c.see(claimant("twin", a, 10))
	c.see(claimant("other", b, 5))
	check := func(want map[string]string) {
		t.Helper()
		got := map[string]string{}
		for address, of := range c.now() {
			for _, one := range of {
				got[address.String()] += one.Name + " "
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	check(map[string]string{a: "shop/old shop/twin shop/young ", b: "shop/other "})
	c.see(claimant("old", b, 10))
	check(map[string]string{a: "shop/twin shop/young ", b: "shop/other shop/old "})
	c.miss(toolscache.DeletedFinalStateUnknown{Obj: claimant("other", b, 5)})
	c.miss(claimant("twin", a, 10))
	check(map[string]string{a: "shop/young ", b: "shop/old "})
	leaving := claimant("young", a, 20)
	leaving.DeletionTimestamp = new(metav1.NewTime(time.Unix(30, 0)))
	c.see(leaving)
	check(map[string]string{b: "shop/old "})
	if len(first[netip.MustParseAddr(a)]) > 0 {
		t.Error("what was handed out was changed")
	}
}
