package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// manifest is a Service named web, with lines of spec and annotations.
func manifest(spec string, annotations ...string) string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n")
	if len(annotations) > 0 {
		b.WriteString("  annotations:\n")
	}
	for _, a := range annotations {
		fmt.Fprintf(&b, "    %s\n", a)
	}
	return b.String() + "spec:\n  selector: {app: web}\n" + spec
}

const (
	http80   = "  ports: [{name: http, port: 80, targetPort: http}]\n"
	balanced = "  type: LoadBalancer\n"
)

func TestRefused(t *testing.T) {
	c := newCorner(t, "refused")
	for claim, tt := range map[string]struct{ manifest, want string }{
		"a ClusterIP outside the range": {manifest("  clusterIP: 10.99.0.1\n" + http80),
			`spec.clusterIP: Invalid value: "10.99.0.1": is outside the service range 10.2.0.0/17; choose one inside or leave it empty`},
		"a floating IP that is not there": {manifest(balanced + "  loadBalancerIP: 172.24.4.99\n" + http80),
			`spec.loadBalancerIP: Invalid value: "172.24.4.99": is not a floating IP of this project; free here: `},
		"a zone": {manifest(balanced + "  loadBalancerIP: fe80::1%eth0\n" + http80),
			`spec.loadBalancerIP: Invalid value: "fe80::1%eth0": has a zone; write fe80::1`},
		"IPv4 in IPv6": {manifest(balanced + "  loadBalancerIP: ::ffff:172.24.4.21\n" + http80),
			`spec.loadBalancerIP: Invalid value: "::ffff:172.24.4.21": has the IPv6 form of an IPv4 address; write 172.24.4.21`},
		"full-width digits": {manifest(balanced + "  loadBalancerIP: １７２.24.4.21\n" + http80),
			`has characters that only look like digits or dots; write 172.24.4.21`},
		"white space": {manifest(balanced + "  loadBalancerIP: ' 172.24.4.21'\n" + http80),
			`spec.loadBalancerIP: Invalid value: " 172.24.4.21": has white space; write 172.24.4.21`},
		"nothing but UDP": {manifest(balanced + "  ports: [{port: 53, protocol: UDP}]\n"),
			`spec.ports: Invalid value: "UDP/53": leaves nothing to balance`},
		"an unknown annotation": {manifest(http80, "octagate.dev/intrenal: 'true'"),
			`metadata.annotations[octagate.dev/intrenal]: Invalid value: "true": is not an annotation of octagate; did you mean "internal"?`},
		"two errors at once, the second": {manifest(balanced+"  loadBalancerIP: nonsense\n"+http80, "octagate.dev/member-mode: L4"),
			`spec.loadBalancerIP: Invalid value: "nonsense": is not an IP address; write one like 172.24.4.13`},
		"two errors at once, the first": {manifest(balanced+"  loadBalancerIP: nonsense\n"+http80, "octagate.dev/member-mode: L4"),
			`metadata.annotations[octagate.dev/member-mode]: Invalid value: "L4": must be L3 or L2`},
	} {
		t.Run(claim, func(t *testing.T) {
			code, said := c.kubectl(tt.manifest, "apply", "-f", "-")
			if code == 0 || !strings.Contains(said, tt.want) {
				t.Errorf("kubectl ended with %d:\n%s\nwant: %s", code, said, tt.want)
			}
		})
	}
}

func TestAnnotationsCannotBeForged(t *testing.T) {
	c := newCorner(t, "forged")
	c.apply(manifest(http80, "octagate.dev/verdict: forged", "octagate.dev/listeners: TCP/1", "octagate.dev/vip-subnet-id: forged"))
	c.kubectl("", "annotate", "--overwrite", "service", "web", "octagate.dev/external-ip=user/1.2.3.4", "octagate.dev/ignored-ports=UDP/1")
	c.kubectl("", "annotate", "service", "web", "octagate.dev/load-balancer-")
	got := map[string]string{}
	for key, value := range c.service("web").Annotations {
		if strings.HasPrefix(key, "octagate.dev/") && key != "octagate.dev/load-balancer-id" && key != "octagate.dev/policy" {
			got[key] = value
		}
	}
	want := map[string]string{
		"octagate.dev/verdict": "accepted", "octagate.dev/listeners": "TCP/80", "octagate.dev/load-balancer": "forged/web",
		"octagate.dev/external-ip": "none", "octagate.dev/member-mode": "L3", "octagate.dev/provider": "amphora",
		"octagate.dev/vip-subnet-id": c.world.Cloud.Networks.ServiceSubnet,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADryRunLeavesNoTrace(t *testing.T) {
	c := newCorner(t, "dry-run")
	code, said := c.kubectl(manifest(http80), "apply", "--dry-run=server", "-f", "-")
	if code != 0 {
		t.Fatalf("the placeholder ClusterIP of a dry run was judged: %s", said)
	}
	if code, said = c.kubectl(manifest(balanced+"  loadBalancerIP: 172.24.4.99\n"+http80), "apply", "--dry-run=server", "-f", "-"); code == 0 {
		t.Errorf("a bad Service passes a dry run: %s", said)
	}
	err := c.world.Cluster.Client.Get(t.Context(), client.ObjectKey{Namespace: c.namespace, Name: "web"}, &corev1.Service{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func TestWarned(t *testing.T) {
	c := newCorner(t, "warned")
	said := c.apply(manifest(balanced + "  ports: [{name: tcp, port: 53}, {name: udp, port: 53, protocol: UDP}]\n"))
	if want := "Warning: spec.ports[1]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\n"; !strings.Contains(said, want) {
		t.Errorf("kubectl said:\n%s", said)
	}
	if got := c.service("web").Annotations["octagate.dev/ignored-ports"]; got != "UDP/53" {
		t.Errorf("ignored-ports: %q", got)
	}
}

// The facts are up to ten minutes old here, so only a live look can know better.
func TestNobodyIsRefusedOnOldEvidence(t *testing.T) {
	c := newCorner(t, "fresh")
	address, err := c.world.Cloud.Networks.FloatingIP(t.Context(), "172.24.4.77")
	if err != nil {
		t.Fatal(err)
	}
	c.apply(manifest(balanced + "  loadBalancerIP: " + address + "\n" + http80))
	if got := c.service("web").Annotations["octagate.dev/verdict"]; got != "accepted" {
		t.Errorf("verdict: %q", got)
	}
}

func TestASilentCloudOnlyWarns(t *testing.T) {
	c := newCorner(t, "silent")
	end := c.outage()
	said := c.apply(manifest(balanced + "  loadBalancerIP: 172.24.4.98\n" + http80))
	if want := "Warning: spec.loadBalancerIP 172.24.4.98 is not a floating IP of this project; OpenStack does not confirm"; !strings.Contains(said, want) {
		t.Errorf("kubectl said:\n%s", said)
	}
	if got := c.service("web").Annotations["octagate.dev/verdict"]; got != "unverified" {
		t.Errorf("verdict: %q", got)
	}
	end()
	c.until("False Denied", func() string { return c.ready("web") })
}

// Who comes from another controller brings its annotations along.
func TestAnnotationsOfOtherControllersAreUnderstood(t *testing.T) {
	c := newCorner(t, "others")
	said := c.apply(manifest("  clusterIP: 10.2.1.42\n"+http80, `openstack.org/kuryr-timeout-client-data: "70000"`, "loadbalancer.openstack.org/port-id: x"))
	if !strings.Contains(said, "loadbalancer.openstack.org/port-id: is ignored: the VIP is the ClusterIP") {
		t.Errorf("kubectl said %s", said)
	}
	c.until("True Ready", func() string { return c.ready("web") })
	if got := c.traffic("web").TimeoutClientData; got != 70000 {
		t.Errorf("timeout of %d ms", got)
	}
	if code, said := c.kubectl("", "annotate", "service", "web", "loadbalancer.openstack.org/subnet-id=x"); code != 0 || !strings.Contains(said, "it is the operator's choice") {
		t.Errorf("an annotation alone is not looked at: %s", said)
	}
}

// heard waits until octagate has noticed that the cloud answers again.
func (c *corner) heard() {
	c.Helper()
	c.until("0 circuits are open", func() string {
		n, err := c.world.Metric(c.Context(), "octagate_lookup_circuit_open", "")
		if err != nil {
			c.Fatal(err)
		}
		return fmt.Sprint(n, " circuits are open")
	})
}

func TestOldFaultsAreForgiven(t *testing.T) {
	c := newCorner(t, "forgiven")
	end := c.outage()
	c.apply(manifest(balanced + "  loadBalancerIP: 172.24.4.97\n" + http80))
	end()
	c.heard()
	if code, said := c.kubectl("", "label", "service", "web", "team=x"); code != 0 || strings.Contains(said, "Warning") {
		t.Errorf("a label: %d %s", code, said)
	}
	code, said := c.kubectl("", "patch", "service", "web", "-p", `{"spec":{"sessionAffinity":"ClientIP"}}`)
	if code != 0 || !strings.Contains(said, "Warning: spec.loadBalancerIP 172.24.4.97 is not a floating IP of this project") {
		t.Errorf("a change that the fault has nothing to do with: %d %s", code, said)
	}
	code, said = c.kubectl("", "patch", "service", "web", "-p", `{"spec":{"loadBalancerIP":"172.24.4.96"}}`)
	if code == 0 {
		t.Errorf("a new fault was forgiven: %s", said)
	}
	c.remove("web")
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	c := newCorner(t, "not-ours")
	for claim, spec := range map[string]string{
		"headless":                    "  clusterIP: None\n" + http80,
		"ExternalName":                "  type: ExternalName\n  externalName: example.org\n",
		"NodePort":                    "  type: NodePort\n" + http80,
		"another load balancer class": balanced + "  loadBalancerClass: example.org/other\n" + http80,
	} {
		t.Run(claim, func(t *testing.T) {
			c.apply(manifest(spec))
			svc := c.service("web")
			for key := range svc.Annotations {
				if strings.HasPrefix(key, "octagate.dev/") {
					t.Errorf("it has %s", key)
				}
			}
			if len(svc.Finalizers) > 0 || c.tree("web") != "" {
				t.Errorf("finalizers %v, load balancer %q", svc.Finalizers, c.tree("web"))
			}
			c.kubectl("", "delete", "service", "web")
		})
	}
	kubernetes := &corev1.Service{}
	if err := c.world.Cluster.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "kubernetes"}, kubernetes); err != nil {
		t.Fatal(err)
	}
	if len(kubernetes.Annotations)+len(kubernetes.Finalizers) > 0 {
		t.Errorf("default/kubernetes: %v %v", kubernetes.Annotations, kubernetes.Finalizers)
	}
}

// Two Services that name one floating IP: the second is refused; where nobody was there to
// refuse it, the elder has it, and the other says so.
func TestAFloatingIPIsClaimedOnce(t *testing.T) {
	c := newCorner(t, "claims")
	address := c.world.Cloud.FloatingIPs[2]
	c.comesBack()
	if err := c.world.Octagate.Stop(); err != nil {
		t.Fatal(err)
	}
	spec := balanced + "  loadBalancerIP: " + address + "\n" + http80
	c.apply(named("elder", manifest(spec)))
	c.until("true", func() string { return fmt.Sprint(time.Since(c.service("elder").CreationTimestamp.Time) > time.Second) })
	c.apply(named("younger", manifest(spec)))
	if err := c.world.RestartOctagate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.until("True Ready", func() string { return c.ready("elder") })
	c.until("False FloatingIPConflict", func() string { return c.ready("younger") })
	if err := c.world.Cluster.AwaitArmed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, said := c.kubectl(named("third", manifest(spec)), "apply", "-f", "-"); code == 0 || !strings.Contains(said, "is claimed by Service claims/elder") {
		t.Errorf("accepted: %s", said)
	}
	if got := c.ingress("elder"); got != address+" VIP" {
		t.Errorf("the elder is reached at %s", got)
	}
	c.remove("younger")
	c.remove("elder")
	c.until("free again", func() string {
		if code, said := c.kubectl(named("third", manifest(spec)), "apply", "--dry-run=server", "-f", "-"); code != 0 {
			return said
		}
		return "free again"
	})
}

// A Service gives up its address and wants it back before it is gone: what still has its
// floating IP is its own old load balancer.
func TestItsOwnFloatingIPIsNotHeldAgainstIt(t *testing.T) {
	c := newCorner(t, "back")
	address := c.world.Cloud.FloatingIPs[2]
	c.apply(manifest(balanced + "  loadBalancerIP: " + address + "\n" + http80))
	c.until(address+" VIP", func() string { return c.ingress("web") })
	for _, patch := range []string{
		`{"spec":{"type":"ExternalName","externalName":"example.org","loadBalancerIP":"","clusterIP":"","clusterIPs":null}}`,
		`{"spec":{"type":"LoadBalancer","externalName":null,"loadBalancerIP":"` + address + `"}}`,
	} {
		if code, said := c.kubectl("", "patch", "service", "web", "--type=merge", "-p", patch); code != 0 {
			t.Fatalf("%s: %s", patch, said)
		}
	}
	c.until(address+" VIP", func() string { return c.ingress("web") })
	c.remove("web")
}

// The owner of a floating IP says by a tag for whom it is.
func TestAFloatingIPIsKeptForANamespace(t *testing.T) {
	c := newCorner(t, "allowed")
	address := c.world.Cloud.FloatingIPs[3]
	untag := c.tag(address, "octagate:namespace=elsewhere")
	defer untag()
	spec := balanced + "  loadBalancerIP: " + address + "\n" + http80
	c.until("refused", func() string {
		if code, said := c.kubectl(manifest(spec), "apply", "--dry-run=server", "-f", "-"); code == 0 || !strings.Contains(said, "is kept for the namespace elsewhere") {
			return said // the Watch beside tells admission what it sees
		}
		return "refused"
	})
	untag()
	c.apply(manifest(spec))
	c.until(address+" VIP", func() string { return c.ingress("web") })
}

// tag gives a floating IP a tag, until the returned function is called.
func (c *corner) tag(address, tag string) (untag func()) {
	c.Helper()
	by := c.operator()
	url := by.Network + "floatingips/" + c.idOf(by, address) + "/tags"
	if err := by.Do(c.Context(), http.MethodPut, url, map[string]any{"tags": []string{tag}}, nil); err != nil {
		c.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := by.Do(context.WithoutCancel(c.Context()), http.MethodPut, url, map[string]any{"tags": []string{}}, nil); err != nil {
			c.Error(err)
		}
	})
}
