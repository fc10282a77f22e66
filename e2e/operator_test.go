package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The operator may want more balanced than ClusterIP and LoadBalancer Services: NodePort
// ones, at their ClusterIP, and the API servers themselves. What is built for them stays
// when the operator does not want it any more.
func TestTheOperatorWantsMoreBalanced(t *testing.T) {
	c := newCorner(t, "more")
	host := c.hostOfTheAPI("master-1")
	c.pod("a", "10.1.10.1", webPorts)
	c.apply(manifest("  type: NodePort\n  clusterIP: 10.2.1.43\n" + http80))
	c.reconfigure("clusterName:", "kubernetes: {serviceTypes: [ClusterIP, NodePort, LoadBalancer], apiServer: true}\nclusterName:")
	c.until("True Ready", func() string { return c.ready("web") })
	c.until(`load balancer more/web   VIP 10.2.1.43   ACTIVE
└─ listener more/web:TCP:80   TCP port 80
   └─ pool more/web:TCP:80
      └─ member more/a:8080   10.1.10.1:8080
`, func() string { return c.tree("web") })
	api := &corner{c.T, c.world, "default", c.cloud}
	vip := api.service("kubernetes").Spec.ClusterIP
	c.until("load balancer default/kubernetes   VIP "+vip+`   ACTIVE
└─ listener default/kubernetes:HTTPS:443   HTTPS port 443
   └─ pool default/kubernetes:HTTPS:443
      └─ member `+host+"\n", func() string { return api.tree("kubernetes") })
	if got := api.traffic("kubernetes").Algorithm; got != "LEAST_CONNECTIONS" {
		t.Errorf("the API servers are chosen by %s", got)
	}

	c.away(func() {
		c.configure("kubernetes: {serviceTypes: [ClusterIP, NodePort, LoadBalancer], apiServer: true}\n", "")
	})
	c.until("False Retired", func() string { return c.ready("web") })
	c.until("False Retired", func() string { return api.ready("kubernetes") })
	if c.tree("web") == "" || api.tree("kubernetes") == "" {
		t.Error("what was built is gone")
	}
	if code, said := api.kubectl("", "annotate", "service", "kubernetes", "octagate.dev/policy-"); code != 0 {
		t.Fatal(said)
	}
	c.until("", func() string { return api.tree("kubernetes") })
	c.until("none", func() string { return api.ready("kubernetes") })
	// What an author could have chosen is not taken back.
	if code, said := api.kubectl("", "annotate", "service", "kubernetes", "octagate.dev/member-mode-", "octagate.dev/provider-"); code != 0 {
		t.Error(said)
	}
}

// hostOfTheAPI makes a Node where the API server says that it runs, and returns how the
// Node is named as a member.
func (c *corner) hostOfTheAPI(name string) string {
	c.Helper()
	var slices discoveryv1.EndpointSliceList
	err := c.world.Cluster.Client.List(c.Context(), &slices, client.InNamespace("default"), client.MatchingLabels{discoveryv1.LabelServiceName: "kubernetes"})
	if err != nil || len(slices.Items) != 1 || len(slices.Items[0].Endpoints) != 1 {
		c.Fatalf("the API server does not say where it runs: %v %v", err, slices.Items)
	}
	address, port := slices.Items[0].Endpoints[0].Addresses[0], *slices.Items[0].Ports[0].Port
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.world.Cluster.Client.Create(c.Context(), node); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		if err := c.world.Cluster.Client.Delete(context.WithoutCancel(c.Context()), node); err != nil {
			c.Error(err)
		}
	})
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}}
	if err := c.world.Cluster.Client.Status().Update(c.Context(), node); err != nil {
		c.Fatal(err)
	}
	return fmt.Sprintf("%s   %s:%d", name, address, port)
}
