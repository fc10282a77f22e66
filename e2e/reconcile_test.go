package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/e2e/view"
)

var webPorts = map[string]int32{"http": 8080}

func TestAServiceBecomesALoadBalancer(t *testing.T) {
	c := newCorner(t, "plain")
	c.pod("a", "10.1.1.1", webPorts)
	c.pod("b", "10.1.1.2", webPorts)
	c.apply(manifest("  clusterIP: 10.2.1.1\n" + http80))
	c.until(`load balancer plain/web   VIP 10.2.1.1   ACTIVE
└─ listener plain/web:TCP:80   TCP port 80
   └─ pool plain/web:TCP:80
      ├─ member plain/a:8080   10.1.1.1:8080
      └─ member plain/b:8080   10.1.1.2:8080
`, func() string { return c.tree("web") })
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil {
		t.Fatal(err)
	}
	c.until(b.ID, func() string { return c.service("web").Annotations["octagate.dev/load-balancer-id"] })
}

func TestALoadBalancerTakesOneCall(t *testing.T) {
	c := newCorner(t, "one-call")
	calls := c.emulator()
	c.pod("a", "10.1.6.1", webPorts)
	calls.ResetTranscript()
	c.apply(manifest("  clusterIP: 10.2.1.18\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	writes := map[string]int{}
	for call, n := range calls.Counts() {
		if !strings.HasPrefix(call, "GET ") && !strings.HasSuffix(call, "auth/tokens") {
			writes[call] = n
		}
	}
	if diff := cmp.Diff(map[string]int{"POST lbaas/loadbalancers": 1}, writes); diff != "" {
		t.Error(diff)
	}
}

func TestMembersComeAndGoWithTheirPods(t *testing.T) {
	c := newCorner(t, "members")
	c.apply(manifest("  clusterIP: 10.2.1.2\n" + http80))
	members := func() string {
		b, err := c.balancer("web")
		if err != nil || b == nil || b.Status != "ACTIVE" {
			return "not there"
		}
		return strings.Join(b.Addresses(), " ")
	}
	c.until("", members)
	c.pod("a", "10.1.2.1", webPorts)
	c.until("10.1.2.1:8080", members)
	c.pod("b", "10.1.2.2", map[string]int32{"http": 9090})
	c.until("10.1.2.1:8080 10.1.2.2:9090", members)
	c.kubectl("", "delete", "pod", "a", "b")
	c.until("", members)
}

func TestTheUsersFloatingIP(t *testing.T) {
	c := newCorner(t, "user-ip")
	first, second := c.world.Cloud.FloatingIPs[0], c.world.Cloud.FloatingIPs[1]
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.3\n  loadBalancerIP: " + first + "\n" + http80))
	c.until(first+" VIP", func() string { return c.ingress("web") })
	c.apply(manifest(balanced+"  clusterIP: 10.2.1.3\n"+http80, "octagate.dev/load-balancer-ip: "+second))
	c.until(second+" VIP", func() string { return c.ingress("web") })

	c.until("True Ready", func() string { return c.ready("web") })
	other := strings.Replace(manifest(balanced+"  loadBalancerIP: "+second+"\n"+http80), "name: web", "name: thief", 1)
	if code, said := c.kubectl(other, "apply", "-f", "-"); code == 0 || !strings.Contains(said, "is in use by 10.2.1.3") {
		t.Errorf("a floating IP was taken from another Service: %s", said)
	}
	c.remove("web")
	for _, f := range c.floatingIPs() {
		if f == first+" in use" || f == second+" in use" {
			t.Errorf("%s", f)
		}
	}
}

func TestThePoolsFloatingIPGoesWithItsService(t *testing.T) {
	c := newCorner(t, "pool-ip")
	before := len(c.floatingIPs())
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.4\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil || b.FloatingIP == "" || c.ingress("web") != b.FloatingIP+" VIP" {
		t.Fatalf("%v: the cloud has %+v, the status %s", err, b, c.ingress("web"))
	}
	if events := c.events(); events["AllocateFloatingIP"] != 1 || events["AssociateFloatingIP"] != 0 {
		t.Errorf("it was not allocated and associated in one call: %v", events)
	}
	c.remove("web")
	if after := len(c.floatingIPs()); after != before {
		t.Errorf("%d floating IPs before, %d after", before, after)
	}
}

func TestTheTypeChangesOnALiveService(t *testing.T) {
	c := newCorner(t, "retyped")
	c.apply(manifest("  clusterIP: 10.2.1.5\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	id := c.service("web").Annotations["octagate.dev/load-balancer-id"]
	address := c.world.Cloud.FloatingIPs[2]
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.5\n  loadBalancerIP: " + address + "\n" + http80))
	c.until(address+" VIP", func() string { return c.ingress("web") })
	c.apply(manifest(balanced+"  clusterIP: 10.2.1.5\n"+http80, "octagate.dev/internal: 'true'"))
	c.until("10.2.1.5 VIP", func() string { return c.ingress("web") })
	c.apply(manifest("  type: ClusterIP\n  clusterIP: 10.2.1.5\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") + c.ingress("web") })
	if now := c.service("web").Annotations["octagate.dev/load-balancer-id"]; now != id {
		t.Errorf("the load balancer was made again: %s, %s", id, now)
	}

	if code, said := c.kubectl("", "patch", "service", "web", "--type=merge", "-p",
		`{"spec":{"type":"ExternalName","externalName":"example.org","clusterIP":null,"clusterIPs":null,"ports":null,"selector":null}}`); code != 0 {
		t.Fatal(said)
	}
	c.until("", func() string { return c.tree("web") })
	c.until("[]  none", func() string {
		svc := c.service("web")
		return fmt.Sprint(svc.Finalizers, " ", svc.Annotations["octagate.dev/verdict"], svc.Annotations["octagate.dev/load-balancer-id"], " ", c.ready("web"))
	})
}

func TestPortsComeAndGo(t *testing.T) {
	c := newCorner(t, "ports")
	c.pod("a", "10.1.3.1", map[string]int32{"http": 8080, "https": 8443})
	c.apply(manifest("  clusterIP: 10.2.1.6\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	c.apply(manifest("  clusterIP: 10.2.1.6\n  ports: [{name: https, port: 443, targetPort: https}, {name: alt, port: 8000, targetPort: http}]\n"))
	c.until(`load balancer ports/web   VIP 10.2.1.6   ACTIVE
├─ listener ports/web:TCP:443   TCP port 443
│  └─ pool ports/web:TCP:443
│     └─ member ports/a:8443   10.1.3.1:8443
└─ listener ports/web:TCP:8000   TCP port 8000
   └─ pool ports/web:TCP:8000
      └─ member ports/a:8080   10.1.3.1:8080
`, func() string { return c.tree("web") })
	c.until("True Ready", func() string { return c.ready("web") })
}

func TestManyPorts(t *testing.T) {
	c := newCorner(t, "many-ports")
	many := 100
	if c.world.Cloud.Emulator == nil {
		many = 10 // a real Octavia needs minutes for a hundred
	}
	var ports strings.Builder
	for n := range many {
		fmt.Fprintf(&ports, "  - {name: p%d, port: %d}\n", n, 1000+n)
	}
	c.apply(manifest("  clusterIP: 10.2.1.7\n  ports:\n" + ports.String()))
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil || len(b.Listeners) != many {
		t.Errorf("%v: %d listeners", err, len(b.Listeners))
	}
	c.remove("web")
}

func TestAKilledOctagateLosesNothing(t *testing.T) {
	c := newCorner(t, "killed")
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.8\n" + http80))
	c.until("1", func() string { return fmt.Sprint(c.balancers(t.Context())) })
	c.comesBack()
	if err := c.world.Octagate.Kill(); err != nil {
		t.Fatal(err)
	}
	c.apply(strings.Replace(manifest("  clusterIP: 10.2.1.9\n"+http80), "name: web", "name: unjudged", 1))
	if got := c.service("unjudged").Annotations["octagate.dev/verdict"]; got != "" {
		t.Fatalf("somebody judges in octagate's absence: %s", got)
	}
	if err := c.world.RestartOctagate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.until("True Ready", func() string { return c.ready("web") })
	c.until("True Ready", func() string { return c.ready("unjudged") })
	c.until("accepted", func() string { return c.service("unjudged").Annotations["octagate.dev/verdict"] })
	if n := c.balancers(t.Context()); n != 2 {
		t.Errorf("%d load balancers were made for two Services", n)
	}
	if err := c.world.Cluster.AwaitArmed(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestACloudThatIsDownAtStart(t *testing.T) {
	c := newCorner(t, "down")
	c.emulator() // before octagate is stopped: without one the test ends here
	c.comesBack()
	if err := c.world.Octagate.Stop(); err != nil {
		t.Fatal(err)
	}
	end := c.outage()
	if err := c.world.RestartOctagate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.world.Cluster.AwaitArmed(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.apply(manifest("  clusterIP: 10.2.1.10\n" + http80))
	c.until("False CloudUnreachable", func() string { return c.ready("web") })
	end()
	c.until("True Ready", func() string { return c.ready("web") })
}

func TestALoadBalancerInErrorIsReportedAndMadeAnew(t *testing.T) {
	c := newCorner(t, "error")
	c.apply(manifest("  clusterIP: 10.2.1.11\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil {
		t.Fatal(err)
	}
	c.spoil(b.ID)
	c.kubectl("", "annotate", "service", "web", "example.org/look=again")
	c.until("False LoadBalancerError", func() string { return c.ready("web") })
	c.until("True Ready", func() string { return c.ready("web") })
	if now, err := c.balancer("web"); err != nil || now.ID == b.ID || now.VIP != b.VIP {
		t.Errorf("%v: %+v", err, now)
	}
}

func TestALoadBalancerInErrorCanLeave(t *testing.T) {
	c := newCorner(t, "error-leaves")
	c.apply(manifest("  clusterIP: 10.2.1.19\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil {
		t.Fatal(err)
	}
	c.spoil(b.ID)
	c.remove("web")
	c.until("", func() string { return c.tree("web") })
}

func TestWhatCannotBeBuiltIsTriedAgain(t *testing.T) {
	c := newCorner(t, "unbuildable")
	mend := sync.OnceFunc(func() {
		err := c.world.Cloud.FailBuilds(context.WithoutCancel(t.Context()), false)
		if err != nil && !errors.Is(err, testbed.ErrNobodyMeddles) {
			t.Error(err)
		}
	})
	t.Cleanup(mend)
	c.meddled(c.world.Cloud.FailBuilds(t.Context(), true))
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.20\n" + http80))
	c.apply(named("other", manifest("  clusterIP: 10.2.1.21\n"+http80)))
	c.until("False LoadBalancerError", func() string { return c.ready("web") })
	c.until("False LoadBalancerError", func() string { return c.ready("other") })
	c.remove("other")
	mend()
	c.until("True Ready", func() string { return c.ready("web") })
	if b, err := c.balancer("web"); err != nil || c.ingress("web") != b.FloatingIP+" VIP" {
		t.Errorf("%v: %+v, and the status says %s", err, b, c.ingress("web"))
	}
}

func TestTrafficIsPassedOnAsAsked(t *testing.T) {
	c := newCorner(t, "traffic")
	c.pod("a", "10.1.7.1", webPorts)
	spec := balanced + "  clusterIP: 10.2.1.22\n  sessionAffinity: ClientIP\n  loadBalancerSourceRanges: [203.0.113.0/24, 198.51.100.0/24]\n" + http80
	c.apply(manifest(spec, "octagate.dev/timeout-client-data: 10m", "octagate.dev/lb-algorithm: LEAST_CONNECTIONS"))
	c.until("True Ready", func() string { return c.ready("web") })
	c.settle("web")
	if n := c.events(); n["CreateLoadBalancer"] != 1 || n["UpdateListener"]+n["UpdatePool"] > 0 {
		t.Errorf("it was not made as asked for at once: %v", n)
	}
	asked := view.Traffic{
		Protocol: "TCP", AllowedCIDRs: []string{"198.51.100.0/24", "203.0.113.0/24"}, TimeoutClientData: 600000,
		Algorithm: "LEAST_CONNECTIONS", Persistence: "SOURCE_IP",
	}
	if diff := cmp.Diff(asked, c.traffic("web"), cmpopts.EquateEmpty()); diff != "" {
		t.Error("as asked:", diff)
	}
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.22\n" + http80))
	c.until("1 1", func() string { n := c.events(); return fmt.Sprint(n["UpdateListener"], " ", n["UpdatePool"]) })
	c.until("True Ready", func() string { return c.ready("web") })
	c.settle("web")
	if n := c.events(); n["UpdateListener"] != 1 || n["UpdatePool"] != 1 {
		t.Errorf("it is set again and again: %v", n)
	}
	usual := view.Traffic{Protocol: "TCP", TimeoutClientData: 50000, Algorithm: "ROUND_ROBIN"}
	if diff := cmp.Diff(usual, c.traffic("web"), cmpopts.EquateEmpty()); diff != "" {
		t.Error("as nobody asked:", diff)
	}
}

// A port that speaks HTTP has a listener that reads it. That it stops doing so changes the
// port, and neither the load balancer nor its address.
func TestHTTPIsRead(t *testing.T) {
	c := newCorner(t, "http")
	c.pod("a", "10.1.9.1", webPorts)
	const reads = balanced + "  clusterIP: 10.2.1.40\n  ports: [{name: http, port: 80, targetPort: http, appProtocol: http}]\n"
	c.apply(manifest(reads, `octagate.dev/x-forwarded-for: "true"`, "octagate.dev/tags: team-shop"))
	c.until("True Ready", func() string { return c.ready("web") })
	got := c.traffic("web")
	if got.Protocol != "HTTP" || got.Headers["X-Forwarded-For"] != "true" {
		t.Errorf("got %+v", got)
	}
	if got := c.service("web").Annotations["octagate.dev/listeners"]; got != "HTTP/80" {
		t.Errorf("the annotation says %s", got)
	}
	before, address := c.service("web").Annotations["octagate.dev/load-balancer-id"], c.ingress("web")
	if !strings.HasSuffix(address, " Proxy") {
		t.Errorf("Pods may go past the load balancer that tells who they are: %s", address)
	}
	if code, said := c.kubectl(manifest(balanced+"  clusterIP: 10.2.1.40\n"+http80, `octagate.dev/x-forwarded-for: "true"`), "apply", "-f", "-"); code == 0 || !strings.Contains(said, "give one appProtocol: http") {
		t.Errorf("accepted: %s", said)
	}
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.40\n" + http80))
	c.until("TCP", func() string {
		b, err := c.balancer("web")
		if err != nil || len(b.Listeners) != 1 || len(b.Listeners[0].Pools) != 1 || b.Status != "ACTIVE" {
			return "not yet"
		}
		return b.Listeners[0].Protocol
	})
	c.until("True Ready", func() string { return c.ready("web") })
	if after := c.service("web").Annotations["octagate.dev/load-balancer-id"]; after != before || c.ingress("web") != strings.Replace(address, "Proxy", "VIP", 1) {
		t.Errorf("before: %s at %s, after: %s at %s", before, address, after, c.ingress("web"))
	}
}

// An address that is kept is the project's when its Service goes.
func TestAnAddressIsKept(t *testing.T) {
	c := newCorner(t, "kept")
	before := c.floatingIPs()
	c.apply(manifest(balanced+"  clusterIP: 10.2.1.41\n"+http80, `octagate.dev/keep-floating-ip: "true"`))
	c.until("True Ready", func() string { return c.ready("web") })
	b, err := c.balancer("web")
	if err != nil {
		t.Fatal(err)
	}
	c.remove("web")
	kept := slices.DeleteFunc(c.floatingIPs(), func(f string) bool { return slices.Contains(before, f) })
	if diff := cmp.Diff([]string{b.FloatingIP + " free"}, kept); diff != "" {
		t.Error(diff)
	}
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.41\n  loadBalancerIP: " + b.FloatingIP + "\n" + http80))
	c.until(b.FloatingIP+" VIP", func() string { return c.ingress("web") })
	c.remove("web")
	c.discard(b.FloatingIP)
}

// discard deletes a floating IP.
func (c *corner) discard(address string) {
	c.Helper()
	by := c.operator()
	if err := by.Do(c.Context(), http.MethodDelete, by.Network+"floatingips/"+c.idOf(by, address), nil, nil); err != nil {
		c.Fatal(err)
	}
}

// idOf is the ID of the floating IP that has an address.
func (c *corner) idOf(by *session.Session, address string) string {
	c.Helper()
	var list struct {
		FloatingIPs []struct{ ID string }
	}
	if err := by.Do(c.Context(), http.MethodGet, by.Network+"floatingips?floating_ip_address="+address, nil, &list); err != nil || len(list.FloatingIPs) != 1 {
		c.Fatalf("%s: %v, %v", address, list, err)
	}
	return list.FloatingIPs[0].ID
}

// traffic is how the first listener of a Service passes traffic on.
func (c *corner) traffic(service string) view.Traffic {
	c.Helper()
	b, err := c.balancer(service)
	if err != nil || b == nil || len(b.Listeners) == 0 {
		c.Fatalf("%v: %+v", err, b)
	}
	traffic, err := c.cloud.Traffic(c.Context(), b.Listeners[0])
	if err != nil {
		c.Fatal(err)
	}
	slices.Sort(traffic.AllowedCIDRs)
	return traffic
}

// spoil puts a load balancer into ERROR.
func (c *corner) spoil(id string) {
	c.Helper()
	c.meddled(c.world.Cloud.Break(c.Context(), id))
}

// meddled ends the test if the cloud could not be made to fail: it was not run if nobody
// can, and has failed for any other reason.
func (c *corner) meddled(err error) {
	c.Helper()
	switch {
	case errors.Is(err, testbed.ErrNobodyMeddles):
		c.Skip("NOT RUN:", err)
	case err != nil:
		c.Fatal(err)
	}
}

// comesBack sees to it that octagate runs when the test ends, however that is.
func (c *corner) comesBack() {
	c.Cleanup(func() {
		if c.world.Octagate.Running() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.world.RestartOctagate(ctx); err != nil {
			c.Error(err)
			return
		}
		if err := c.world.Cluster.AwaitArmed(ctx); err != nil {
			c.Error(err)
		}
	})
}

// away does something while octagate is not there to judge it.
func (c *corner) away(do func()) {
	c.Helper()
	c.comesBack()
	if err := c.world.Octagate.Kill(); err != nil {
		c.Fatal(err)
	}
	do()
	if err := c.world.RestartOctagate(c.Context()); err != nil {
		c.Fatal(err)
	}
	if err := c.world.Cluster.AwaitArmed(c.Context()); err != nil {
		c.Fatal(err)
	}
}

func TestAPodThatIsReplacedAtItsAddress(t *testing.T) {
	c := newCorner(t, "replaced")
	c.pod("a", "10.1.4.1", webPorts)
	c.apply(manifest("  clusterIP: 10.2.1.12\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	c.kubectl("", "delete", "pod", "a", "--grace-period=0", "--force")
	c.pod("b", "10.1.4.1", webPorts)
	c.until(`load balancer replaced/web   VIP 10.2.1.12   ACTIVE
└─ listener replaced/web:TCP:80   TCP port 80
   └─ pool replaced/web:TCP:80
      └─ member replaced/b:8080   10.1.4.1:8080
`, func() string { return c.tree("web") })
	c.apply(manifest("  clusterIP: 10.2.1.12\n"+http80, "octagate.dev/member-mode: L2"))
	c.settle("web")
	before := c.events()["SetMembers"]
	c.settle("web")
	if after := c.events()["SetMembers"]; before < 2 || after != before {
		t.Errorf("the members are set again and again: %d times, then %d", before, after)
	}
}

// settle waits until the load balancer has been seen at rest for a good while.
func (c *corner) settle(service string) {
	c.Helper()
	rest := 0
	c.until("at rest", func() string {
		b, err := c.balancer(service)
		if err != nil || b == nil || b.Status != "ACTIVE" {
			rest = 0
		}
		if rest++; rest < 50 {
			return "not yet"
		}
		return "at rest"
	})
}

func TestAFinalizerThatIsTakenAwayComesBack(t *testing.T) {
	c := newCorner(t, "finalizer")
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.13\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	c.kubectl("", "patch", "service", "web", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	c.until("[octagate.dev/load-balancer]", func() string { return fmt.Sprint(c.service("web").Finalizers) })
}

// Whoever takes our finalizer off a Service leaves its load balancer to nobody. It is
// collected; that of another cluster that was given the same name is not.
func TestWhatIsLeftToNobodyIsCollected(t *testing.T) {
	c := newCorner(t, "orphan")
	before := len(c.floatingIPs())
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.23\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	theirs := c.twin("web")
	c.away(func() {
		c.kubectl("", "patch", "service", "web", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
		c.remove("web")
	})
	c.until("told", func() string {
		for line := range strings.Lines(c.world.Octagate.Log()) {
			if strings.Contains(line, "it is of another cluster of the same name") && strings.Contains(line, theirs) {
				return "told"
			}
		}
		return "not told"
	})
	c.until("", func() string { return c.tree("web") })
	c.until(fmt.Sprint(before), func() string { return fmt.Sprint(len(c.floatingIPs())) })
	if n := c.balancers(t.Context()); n != 1 {
		t.Errorf("%d load balancers are there, and not only that of the other cluster", n)
	}
}

// twin is a load balancer as another cluster would have made it that was given the same
// name.
func (c *corner) twin(service string) (id string) {
	c.Helper()
	b, err := c.balancer(service)
	if err != nil {
		c.Fatal(err)
	}
	by := c.operator()
	url := by.LoadBalancer + "lbaas/loadbalancers"
	var ours, theirs struct {
		LoadBalancer struct {
			ID   string
			Tags []string
		}
	}
	if err := by.Do(c.Context(), "GET", url+"/"+b.ID, nil, &ours); err != nil {
		c.Fatal(err)
	}
	tags := []string{"octagate:kube-system=5f0c7c2e-theirs", "octagate:service=5f0c7c2e-gone"}
	for _, tag := range ours.LoadBalancer.Tags {
		if strings.HasPrefix(tag, "octagate:cluster=") {
			tags = append(tags, tag)
		}
	}
	made := map[string]any{"name": c.namespace + "/theirs", "vip_subnet_id": c.world.Cloud.Networks.ServiceSubnet, "tags": tags}
	if err := by.Do(c.Context(), "POST", url, map[string]any{"loadbalancer": made}, &theirs); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { c.demolish(by, theirs.LoadBalancer.ID) })
	if len(tags) != 3 || len(ours.LoadBalancer.Tags) != 3 {
		c.Errorf("octagate's tags are %q", ours.LoadBalancer.Tags)
	}
	return theirs.LoadBalancer.ID
}

// Also while octagate is there, and cannot delete what the Service has.
func TestWhatIsForcedAwayIsCollected(t *testing.T) {
	c := newCorner(t, "forced")
	calls := c.emulator()
	c.apply(manifest("  clusterIP: 10.2.1.24\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	end := sync.OnceFunc(func() { calls.SetFault(nil) })
	t.Cleanup(end)
	calls.SetFault(func(r *http.Request) *emulator.Fault {
		if r.Method != http.MethodDelete {
			return nil
		}
		return &emulator.Fault{Status: http.StatusServiceUnavailable}
	})
	c.kubectl("", "delete", "service", "web", "--wait=false")
	c.until("False CloudUnreachable", func() string { return c.ready("web") })
	c.kubectl("", "patch", "service", "web", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	end()
	c.until("", func() string { return c.tree("web") })
}

func TestWhatIsBuiltOutlastsTheConfiguration(t *testing.T) {
	c := newCorner(t, "retired")
	c.apply(manifest("  clusterIP: 10.2.1.25\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	before, err := c.balancer("web")
	if err != nil {
		t.Fatal(err)
	}
	c.reconfigure("provider: amphora", "provider: octavia")
	c.until("load balancer retired/web is as the Service wants it; it keeps provider amphora: the configuration says octavia", func() string {
		return apimeta.FindStatusCondition(c.service("web").Status.Conditions, "octagate.dev/Ready").Message
	})
	if now, err := c.balancer("web"); err != nil || now == nil || now.ID != before.ID {
		t.Errorf("%v: it was made anew: %+v", err, now)
	}
}

// reconfigure has octagate run with another configuration until the test ends.
func (c *corner) reconfigure(old, new string) {
	c.Helper()
	file := c.world.ConfigFile()
	config, err := os.ReadFile(file)
	if err != nil {
		c.Fatal(err)
	}
	write := func(config string) {
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			c.Error(err)
		}
	}
	c.comesBack()
	c.Cleanup(func() {
		if err := c.world.Octagate.Kill(); err != nil {
			c.Error(err)
		}
		write(string(config))
	})
	c.away(func() { c.configure(old, new) })
}

// configure changes the configuration file.
func (c *corner) configure(old, new string) {
	c.Helper()
	config, err := os.ReadFile(c.world.ConfigFile())
	if err == nil {
		err = os.WriteFile(c.world.ConfigFile(), []byte(strings.Replace(string(config), old, new, 1)), 0o600)
	}
	if err != nil {
		c.Fatal(err)
	}
}

func TestWhatWasSpoiltInOctagatesAbsenceIsNotTornDown(t *testing.T) {
	c := newCorner(t, "spoilt")
	c.pod("a", "10.1.5.1", webPorts)
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.14\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	before, address := c.tree("web"), c.ingress("web")
	c.away(func() {
		c.apply(manifest(balanced + "  clusterIP: 10.2.1.14\n  loadBalancerIP: 172.24.4.99\n" + http80))
	})
	c.until("False Denied", func() string { return c.ready("web") })
	if after := c.tree("web"); after != before || c.ingress("web") != address {
		t.Errorf("before:\n%s%s\nafter:\n%s%s", before, address, after, c.ingress("web"))
	}
	c.pod("b", "10.1.5.2", webPorts)
	c.until("10.1.5.1:8080 10.1.5.2:8080", func() string {
		b, err := c.balancer("web")
		if err != nil {
			return err.Error()
		}
		return strings.Join(b.Addresses(), " ")
	})
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.14\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
}

func TestANewClusterIPIsFollowed(t *testing.T) {
	c := newCorner(t, "moved")
	c.apply(manifest(balanced + "  clusterIP: 10.2.1.15\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	address := c.ingress("web")
	c.away(func() {
		c.kubectl("", "patch", "service", "web", "--type=merge", "-p",
			`{"spec":{"type":"ExternalName","externalName":"example.org","clusterIP":null,"clusterIPs":null}}`)
		c.kubectl("", "patch", "service", "web", "--type=merge", "-p",
			`{"spec":{"type":"LoadBalancer","externalName":null,"clusterIP":"10.2.1.16","clusterIPs":["10.2.1.16"]}}`)
	})
	c.until("10.2.1.16", func() string {
		b, err := c.balancer("web")
		if err != nil || b == nil {
			return "none"
		}
		return b.VIP
	})
	c.until("True Ready "+address, func() string { return c.ready("web") + " " + c.ingress("web") })
}

func TestAServiceThatPassesToAnotherController(t *testing.T) {
	c := newCorner(t, "passed-on")
	c.apply(manifest("  clusterIP: 10.2.1.17\n" + http80))
	c.until("True Ready", func() string { return c.ready("web") })
	c.kubectl("", "patch", "service", "web", "--type=merge", "-p", `{"spec":{"type":"LoadBalancer","loadBalancerClass":"example.org/other"}}`)
	c.kubectl("", "patch", "service", "web", "--subresource=status", "--type=merge", "-p", `{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}`)
	c.until(" none []", func() string {
		return c.tree("web") + " " + c.ready("web") + " " + fmt.Sprint(c.service("web").Finalizers)
	})
	if got := c.ingress("web"); got != "192.0.2.1 VIP" {
		t.Errorf("the other controller's address is now %q", got)
	}
}

func TestWhatWasNeverBuiltLeavesNothingBehind(t *testing.T) {
	c := newCorner(t, "never-built")
	c.apply(manifest("  ports: [{port: 53, protocol: UDP}]\n"))
	c.until("True NothingToBalance", func() string { return c.ready("web") })
	c.kubectl("", "patch", "service", "web", "--type=merge", "-p", `{"spec":{"type":"NodePort"}}`)
	c.until("none ", func() string { return c.ready("web") + " " + c.service("web").Annotations["octagate.dev/verdict"] })
}
