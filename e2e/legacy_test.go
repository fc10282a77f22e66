package e2e

import (
	"strings"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
)

// A cloud from before there was Octavia: Neutron makes the load balancers, one thing at a
// time. When the world ends, nothing may be left in the cloud.
func TestAServiceInACloudWithoutOctavia(t *testing.T) {
	if ground.Real != nil {
		t.Skip("NOT RUN: a real cloud has Octavia")
	}
	options := ground
	options.Name, options.Emulated = "legacy", emulator.Options{Legacy: true}
	every := ground.Edit
	options.Edit = func(config string) string {
		return every(strings.Replace(config, "  provider: amphora\n", "  backend: neutron-lbaasv2\n", 1))
	}
	c := cornerOf(t, anotherWorld(t, options), "legacy")
	if code, said := c.kubectl(manifest(balanced+http80, "octagate.dev/tags: shop"), "apply", "-f", "-"); code == 0 || !strings.Contains(said, "cannot be had from LBaaS v2") {
		t.Errorf("accepted: %s", said)
	}
	c.pod("a", "10.1.1.1", webPorts)
	c.pod("b", "10.1.1.2", webPorts)
	if said := c.apply(manifest(balanced + "  clusterIP: 10.2.1.1\n" +
		"  ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]\n")); !strings.Contains(said, "UDP/53 is ignored") {
		t.Errorf("nothing is said of UDP: %s", said)
	}
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil || b.FloatingIP == "" || c.ingress("web") != b.FloatingIP+" VIP" {
		t.Fatalf("%v: the cloud has %+v, the status %s", err, b, c.ingress("web"))
	}
	members := func() string {
		now, err := c.balancer("web")
		if err != nil {
			return err.Error()
		}
		return strings.Join(now.Addresses(), " ") + " " + now.Status
	}
	c.until("10.1.1.1:8080 10.1.1.2:8080 ACTIVE", members)
	c.kubectl("", "delete", "pod", "a")
	c.pod("c", "10.1.1.3", webPorts)
	c.until("10.1.1.2:8080 10.1.1.3:8080 ACTIVE", members)
	c.remove("web")
	if left := c.floatingIPs(); len(left) != len(ground.FloatingIPs) || c.tree("web") != "" {
		t.Errorf("left: %v %s", left, c.tree("web"))
	}
}
