package e2e

import (
	"slices"
	"strings"
	"testing"
)

// octagate runs the command line with the world's configuration.
func (c *corner) octagate(args ...string) (code int, stdout, stderr string) {
	c.Helper()
	goOn(c.T)
	out, err := c.world.Command(c.Context(), append(slices.Clone(args), "--config", c.world.ConfigFile())...)
	if err != nil {
		c.Fatal(err)
	}
	return out.Code, out.Stdout, out.Stderr
}

// shows checks that a command exits with a code and says all of the words.
func (c *corner) shows(args string, code int, words ...string) {
	c.Helper()
	got, stdout, stderr := c.octagate(strings.Fields(args)...)
	if got != code {
		c.Errorf("octagate %s exits with %d:\n%s%s", args, got, stdout, stderr)
	}
	for _, w := range words {
		if !strings.Contains(stdout+stderr, w) {
			c.Errorf("octagate %s does not say %q:\n%s%s", args, w, stdout, stderr)
		}
	}
}

// What is there can be looked at and drawn, what the reconciler would do is known before it
// does it, and nothing is done by that.
func TestWhatThereIsAndWillBeIsShown(t *testing.T) {
	c := newCorner(t, "shown")
	c.pod("a", "10.1.8.1", webPorts)
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.60\n  ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]\n"))
	c.until("True Ready", func() string { return c.ready("web") })
	external := strings.TrimSuffix(c.ingress("web"), " VIP")

	c.shows("tree shown/web", 0, "shown/web  LoadBalancer  accepted\n", "floating IP  "+external+"  released with the Service",
		"load balancer  shown/web  VIP 10.2.1.60  provider amphora  ACTIVE ", "listener  TCP/80  ACTIVE ", "pool shown/web:TCP:80  TCP, ROUND_ROBIN  ACTIVE ",
		"member  shown/a:8080  10.1.8.1:8080  ACTIVE ", "port UDP/53  ignored")
	c.shows("tree", 0, "shown/web  LoadBalancer  accepted\n")
	c.shows("graph shown/web", 0, "<svg ", ">"+external+"<", ">10.2.1.60<", ">shown/a:8080<", `class="mono struck">UDP/53<`)
	c.shows("graph shown/web -o mermaid", 0, "flowchart LR", "10.1.8.1")
	c.shows("plan --live shown/web", 0, "nothing is to be done: shown/web is as the Service wants it")
	c.shows("plan --live shown/nope", 2, "there is no Service shown/nope in the cluster")
	c.shows("plan --live web", 2, `"web" must be a Service as NAMESPACE/NAME`)
	if out, err := c.world.Command(t.Context(), "__complete", "tree", "shown"); err != nil || !strings.Contains(out.Stdout, "shown/web\n") {
		t.Errorf("completion: %v %s", err, out.Stdout)
	}
	before := c.tree("web")
	c.away(func() {
		c.apply(manifest(balanced + "  clusterIP: 10.2.1.60\n  ports: [{name: http, port: 80, targetPort: http}, {name: more, port: 81, targetPort: http}]\n"))
		c.until("10.1.8.1", func() string { return c.member("more") })
		c.shows("plan --live shown/web", 0, "  1. create listener TCP/81\n  2. create pool shown/web:TCP:81\n  3. set 1 member of pool shown/web:TCP:81\n")
		c.apply(strings.Replace(manifest(balanced+"  clusterIP: 10.2.1.61\n  loadBalancerIP: 172.24.4.99\n"+http80), "name: web", "name: bad", 1))
		c.shows("plan --live shown/bad", 1, "shown/bad  LoadBalancer  denied", "172.24.4.99 is not a floating IP of this project", "nothing else is done")
		if after := c.tree("web"); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	})
	c.until("81", func() string {
		if !strings.Contains(c.tree("web"), "TCP port 81") {
			return "not yet"
		}
		return "81"
	})
	c.until("True Ready", func() string { return c.ready("web") })
	c.shows("plan --live shown/web", 0, "nothing is to be done", "floating IP  "+external)
}

// member is where the EndpointSlices say that a port of the namespace leads.
func (c *corner) member(port string) string {
	c.Helper()
	_, said := c.kubectl("", "get", "endpointslices", "-o",
		`jsonpath={range .items[*]}{range .ports[?(@.name=="`+port+`")]}found{end}{range .endpoints[*]}{.addresses[0]}{end}{end}`)
	address, found := strings.CutPrefix(said, "found")
	if !found {
		return ""
	}
	return address
}
