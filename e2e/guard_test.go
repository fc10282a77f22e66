package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/testbed"
)

// smallRange is a world with few addresses for Services, which looks often at who has
// them in Neutron.
func smallRange(t *testing.T) *testbed.World {
	t.Helper()
	options := ground
	options.Name, options.FloatingIPs, options.Layout = "small-range", nil, networks.TwoSubnets
	options.Layout.ServiceRange = "10.2.0.0/27"
	options.Edit = func(config string) string {
		return strings.Replace(ground.Edit(config), "refresh: 10m", "refresh: 1s", 1)
	}
	ctx, cancel := context.WithTimeout(interrupted, patience)
	defer cancel()
	w, err := testbed.StartWorld(ctx, t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.End(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// The API server prefers the upper addresses of its range: of those from 10.2.0.17 to
// 10.2.0.30 twenty Services would leave none.
func TestAddressesOfOthersAreKeptFromServices(t *testing.T) {
	c := cornerOf(t, smallRange(t), "guarded")
	somebodys := c.ipAddress("10.2.0.28")
	ports := map[string]string{}
	for _, address := range []string{"10.2.0.18", "10.2.0.20", "10.2.0.22", "10.2.0.24", "10.2.0.28"} {
		id, err := c.world.Cloud.Networks.Port(t.Context(), address, "compute:nova")
		if err != nil {
			t.Fatal(err)
		}
		ports[address] = id
	}
	c.until("10.2.0.18 10.2.0.20 10.2.0.22 10.2.0.24", c.held)

	code, said := c.kubectl(manifest("  clusterIP: 10.2.0.20\n"+http80), "apply", "-f", "-")
	want := fmt.Sprintf(`spec.clusterIP: Invalid value: "10.2.0.20": is held by port %s (server); apply again or take another`, ports["10.2.0.20"])
	if code == 0 || !strings.Contains(said, want) {
		t.Errorf("kubectl ended with %d:\n%s\nwant: %s", code, said, want)
	}
	var many []string
	for n := range 20 {
		many = append(many, named(fmt.Sprint("web-", n), manifest("  type: NodePort\n"+http80)))
	}
	c.apply(strings.Join(many, "---\n"))
	if got := c.clusterIPs(); len(got) != 20 || slices.ContainsFunc(got, func(a string) bool { return ports[a] != "" }) {
		t.Errorf("%d Services have %q", len(got), got)
	}

	by := c.operator()
	if err := by.Delete(t.Context(), by.Network+"ports/"+ports["10.2.0.20"]); err != nil {
		t.Fatal(err)
	}
	c.until("10.2.0.18 10.2.0.22 10.2.0.24", c.held)
	c.apply(manifest("  clusterIP: 10.2.0.20\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })

	c.unguarded()
	c.until("", c.held)
	now := &networkingv1.IPAddress{}
	if err := c.world.Cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(somebodys), now); err != nil || now.UID != somebodys.UID {
		t.Errorf("%v: somebody's IPAddress was touched: %+v", err, now)
	}
}

// ipAddress is an IPAddress that somebody made for a reason of their own.
func (c *corner) ipAddress(address string) *networkingv1.IPAddress {
	c.Helper()
	o := &networkingv1.IPAddress{
		ObjectMeta: metav1.ObjectMeta{Name: address, Labels: map[string]string{"app.kubernetes.io/managed-by": "somebody"}},
		Spec:       networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{Group: "example.org", Resource: "things", Name: "theirs"}},
	}
	if err := c.world.Cluster.Client.Create(c.Context(), o); err != nil {
		c.Fatal(err)
	}
	return o
}

// held are the addresses that octagate keeps from Services, in order.
func (c *corner) held() string {
	c.Helper()
	var list networkingv1.IPAddressList
	if err := c.world.Cluster.Client.List(c.Context(), &list, client.MatchingLabels{"app.kubernetes.io/managed-by": "octagate"}); err != nil {
		c.Fatal(err)
	}
	var all []string
	for _, o := range list.Items {
		all = append(all, o.Name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// clusterIPs are those of the namespace's Services.
func (c *corner) clusterIPs() []string {
	c.Helper()
	var list corev1.ServiceList
	if err := c.world.Cluster.Client.List(c.Context(), &list, client.InNamespace(c.namespace)); err != nil {
		c.Fatal(err)
	}
	var all []string
	for _, svc := range list.Items {
		all = append(all, svc.Spec.ClusterIP)
	}
	return all
}

// unguarded is octagate again, after the operator has told it not to guard addresses.
func (c *corner) unguarded() {
	c.Helper()
	if err := c.world.Octagate.Stop(); err != nil {
		c.Fatal(err)
	}
	config, err := os.ReadFile(c.world.ConfigFile())
	if err != nil {
		c.Fatal(err)
	}
	config = append(config, "kubernetes: {guardAddresses: false}\n"...)
	if err := os.WriteFile(c.world.ConfigFile(), config, 0o600); err != nil {
		c.Fatal(err)
	}
	if err := c.world.RestartOctagate(c.Context()); err != nil {
		c.Fatal(err)
	}
}
