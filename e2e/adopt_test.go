package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/octagate/octagate/e2e/session"
)

// kuryr makes what Kuryr has made for a Service, with a floating IP of its pool, and is the
// load balancer's ID.
func (c *corner) kuryr(by *session.Session, service, vip, member string) string {
	c.Helper()
	name := c.namespace + "/" + service
	port := name + ":TCP:80"
	var made struct {
		LoadBalancer struct {
			ID   string
			Port string `json:"vip_port_id"`
		}
	}
	c.must(by, http.MethodPost, by.LoadBalancer+"lbaas/loadbalancers", map[string]any{"loadbalancer": map[string]any{
		"name": name, "vip_address": vip, "vip_subnet_id": c.world.Cloud.Networks.ServiceSubnet, "provider": "amphora",
		"pools": []any{map[string]any{"name": port, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN", "members": []any{
			map[string]any{"name": c.namespace + "/a:8080", "address": member, "protocol_port": 8080, "subnet_id": c.world.Cloud.Networks.ServiceSubnet}}}},
		"listeners": []any{map[string]any{"name": port, "protocol": "TCP", "protocol_port": 80, "default_pool": map[string]any{"name": port}}},
	}}, &made)
	c.must(by, http.MethodPost, by.Network+"floatingips", map[string]any{"floatingip": map[string]any{
		"floating_network_id": c.world.Cloud.Networks.ExternalNetwork, "port_id": made.LoadBalancer.Port, "description": "kuryr_lb",
	}}, nil)
	return made.LoadBalancer.ID
}

// must makes a call that has to succeed.
func (c *corner) must(by *session.Session, method, url string, body, into any) {
	c.Helper()
	if err := by.Do(c.Context(), method, url, body, into); err != nil {
		c.Fatal(err)
	}
}

// message is what the Ready condition says.
func (c *corner) message(service string) string {
	c.Helper()
	for _, condition := range c.service(service).Status.Conditions {
		if condition.Type == "octagate.dev/Ready" {
			return condition.Message
		}
	}
	return ""
}

// A Service whose address somebody has says who; what Kuryr made for it is taken over as
// it is when the operator says so.
func TestWhatKuryrMadeIsAdopted(t *testing.T) {
	c := newCorner(t, "adopted")
	var id string
	c.away(func() { // as in the days of Kuryr
		c.pod("a", "10.1.7.1", webPorts)
		c.apply(manifest(balanced + "  clusterIP: 10.2.1.30\n" + http80))
		id = c.kuryr(c.operator(), "web", "10.2.1.30", "10.1.7.1")
	})
	c.until("False Denied", func() string { return c.ready("web") })
	if said := c.message("web"); !strings.Contains(said, "is held by load balancer "+id+"; see octavia.adopt") {
		t.Errorf("the condition says: %s", said)
	}
	c.until("ACTIVE", func() string {
		b, err := c.balancer("web")
		if err != nil {
			return err.Error()
		}
		return b.Status
	})
	before := c.tree("web")
	c.shows("adopt --dry-run", 0, "adopted/web  load balancer "+id+" at 10.2.1.30 is taken over\n",
		"pool adopted/web:TCP:80, listener adopted/web:TCP:80, load balancer adopted/web\n  and nothing else is changed\n", "1 taken over, ")
	config, err := os.ReadFile(c.world.ConfigFile())
	if err != nil {
		t.Fatal(err)
	}
	c.configured(strings.Replace(string(config), "octavia:\n", "octavia:\n  adopt: Kuryr\n", 1))
	c.until("True Ready", func() string { return c.ready("web") })
	c.configured(string(config))
	b, err := c.balancer("web")
	if err != nil || b.ID != id || c.service("web").Annotations["octagate.dev/load-balancer-id"] != id {
		t.Fatalf("%v: another load balancer: %+v", err, b)
	}
	if after := c.tree("web"); after != before || c.ingress("web") != b.FloatingIP+" VIP" {
		t.Errorf("before:\n%s\nafter, at %s:\n%s", before, c.ingress("web"), after)
	}
	if made := c.events()["CreateLoadBalancer"] + c.events()["SetMembers"] + c.events()["AllocateFloatingIP"]; made != 0 {
		t.Errorf("events: %v", c.events())
	}
	c.shows("adopt --dry-run", 0, "0 taken over, ")
	c.remove("web")
	for _, f := range c.floatingIPs() {
		if strings.HasPrefix(f, b.FloatingIP+" ") {
			t.Errorf("the pool's floating IP is left: %s", f)
		}
	}
}

// configured has octagate start anew with another configuration.
func (c *corner) configured(config string) {
	c.Helper()
	c.away(func() {
		if err := os.WriteFile(c.world.ConfigFile(), []byte(config), 0o600); err != nil {
			c.Fatal(err)
		}
	})
}

// Two load balancers that both say that they are a Service's are left to somebody who
// knows better, also when the Service is deleted.
func TestTwoLoadBalancersThatClaimAService(t *testing.T) {
	c := newCorner(t, "claimed")
	c.apply(manifest("  clusterIP: 10.2.1.31\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	first, err := c.balancer("web")
	if err != nil {
		t.Fatal(err)
	}
	by := c.operator()
	var shown, made struct {
		LoadBalancer struct {
			ID   string
			Tags []string
		}
	}
	c.must(by, http.MethodGet, by.LoadBalancer+"lbaas/loadbalancers/"+first.ID, nil, &shown)
	c.must(by, http.MethodPost, by.LoadBalancer+"lbaas/loadbalancers", map[string]any{"loadbalancer": map[string]any{
		"name": "a copy", "vip_subnet_id": c.world.Cloud.Networks.ServiceSubnet, "tags": shown.LoadBalancer.Tags,
	}}, &made)
	c.apply(manifest("  clusterIP: 10.2.1.31\n  ports: [{name: http, port: 81, targetPort: http}]\n")) // has octagate look soon
	c.until("False Conflict", func() string { return c.ready("web") })
	if said := c.message("web"); !strings.Contains(said, first.ID) || !strings.Contains(said, made.LoadBalancer.ID) || !strings.Contains(said, "delete one") {
		t.Errorf("the condition says: %s", said)
	}
	c.kubectl("", "delete", "service", "web", "--wait=false")
	for _, id := range []string{first.ID, made.LoadBalancer.ID} {
		c.must(by, http.MethodGet, by.LoadBalancer+"lbaas/loadbalancers/"+id, nil, nil)
	}
	c.demolish(by, made.LoadBalancer.ID)
	c.apply(strings.Replace(manifest(http80), "name: web", "name: other", 1)) // has octagate look soon
	c.until("", func() string { return c.tree("web") })
}
