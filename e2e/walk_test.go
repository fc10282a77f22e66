package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/testbed"
)

// The walk is what an operator does with a new cluster, from its networks to its
// external IPs, step by step and in this order, in both layouts of the networks.
func TestTheWalk(t *testing.T) {
	t.Run(networks.TwoSubnets.Name, func(t *testing.T) { takeWalk(t, world) })
	t.Run(networks.OneSubnet.Name, func(t *testing.T) { takeWalk(t, oneSubnet(t)) })
}

// oneSubnet is a second world, whose Pods and Services share a subnet.
func oneSubnet(t *testing.T) *testbed.World {
	t.Helper()
	options := ground
	options.Name, options.Layout = "one-subnet", networks.OneSubnet
	options.FloatingIPs = []string{"172.24.5.21", "172.24.5.22"}
	return anotherWorld(t, options)
}

// anotherWorld ends with the test.
func anotherWorld(t *testing.T, options testbed.Options) *testbed.World {
	t.Helper()
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

// A walk is a corner that comes by certain stations.
type walk struct {
	*corner
	nets *networks.Networks
	api  string // the load balancer of the API servers
}

func takeWalk(t *testing.T, w *testbed.World) {
	walk := &walk{corner: cornerOf(t, w, "walk"), nets: w.Cloud.Networks}
	walk.theAPIsAddressIsTheFirst()
	walk.theAPIsLoadBalancerIsMadeByHand()
	walk.aServiceIsBalanced()
	walk.membersAreWhereTheModeSays()
	walk.theUserBringsAnAddress()
	walk.thePoolHasAnAddress()
	walk.udpIsIgnored()
	walk.badServicesAreRefused()
	walk.everythingIsMeasured()
	walk.everybodyLeaves()
	walk.theAPIsLoadBalancerIsAsItWas()
}

// first is the first address of the service range, which is the API's.
func (w *walk) first() string {
	return netip.MustParsePrefix(w.nets.ServiceRange).Addr().Next().String()
}

func (w *walk) theAPIsAddressIsTheFirst() {
	w.Helper()
	svc := &corev1.Service{}
	if err := w.world.Cluster.Client.Get(w.Context(), client.ObjectKey{Namespace: "default", Name: "kubernetes"}, svc); err != nil {
		w.Fatal(err)
	}
	if svc.Spec.ClusterIP != w.first() {
		w.Fatalf("the API has %s, the service range is %s", svc.Spec.ClusterIP, w.nets.ServiceRange)
	}
}

// Pods reach the API by a load balancer that the operator makes before octagate
// can: one step at a time, each when the one before is done.
func (w *walk) theAPIsLoadBalancerIsMadeByHand() {
	w.Helper()
	by := w.operator()
	lb := w.make(by, "loadbalancer", object{"name": "default/kubernetes", "vip_address": w.first(), "vip_subnet_id": w.nets.ServiceSubnet})
	w.api = lb
	w.Cleanup(func() { w.demolish(by, lb) })
	pool := w.make(by, "pool", object{
		"name": "default/kubernetes:HTTPS:443", "protocol": "HTTPS", "lb_algorithm": "LEAST_CONNECTIONS", "loadbalancer_id": lb})
	w.makeAt(by, "pools/"+pool+"/members", "member", object{"name": "k8s-master-0", "address": "192.168.1.2", "protocol_port": 6443})
	w.make(by, "listener", object{
		"name": "default/kubernetes:HTTPS:443", "protocol": "HTTPS", "protocol_port": 443, "default_pool_id": pool, "loadbalancer_id": lb})
}

type object = map[string]any

func (w *walk) make(by *session.Session, kind string, body object) (id string) {
	w.Helper()
	return w.makeAt(by, kind+"s", kind, body)
}

// makeAt creates something of Octavia and waits until the API's load balancer is
// ACTIVE with it.
func (w *walk) makeAt(by *session.Session, path, kind string, body object) (id string) {
	w.Helper()
	var made map[string]struct{ ID string }
	if err := by.Do(w.Context(), http.MethodPost, by.LoadBalancer+"lbaas/"+path, object{kind: body}, &made); err != nil {
		w.Fatal(err)
	}
	w.until("ACTIVE", func() string { return w.statusOfTheAPI() })
	return made[kind].ID
}

func (w *walk) statusOfTheAPI() string {
	all, err := w.cloud.Balancers(w.Context())
	for _, b := range all {
		if b.Name == "default/kubernetes" && b.VIP == w.first() {
			return b.Status
		}
	}
	return fmt.Sprint("not there ", err)
}

// podAt is an address of a Pod in this layout.
func (w *walk) podAt(n int) string {
	if w.nets.Name == networks.OneSubnet.Name {
		return fmt.Sprint("10.0.128.", n)
	}
	return fmt.Sprint("10.1.9.", n)
}

func (w *walk) aServiceIsBalanced() {
	w.Helper()
	w.pod("a", w.podAt(1), webPorts)
	w.apply(manifest(http80))
	if code, said := w.kubectl("", "wait", "--for=condition=octagate.dev/Ready", "--timeout="+patience.String(), "service/web"); code != 0 {
		w.Fatalf("kubectl cannot wait for it: %s", said)
	}
	w.until("1 made, 1 ready", func() string {
		n := w.events()
		return fmt.Sprint(n["CreateLoadBalancer"], " made, ", n["Ready"], " ready")
	})
	w.pod("b", w.podAt(2), webPorts)
	w.until(fmt.Sprintf(`load balancer walk/web   VIP %s   ACTIVE
└─ listener walk/web:TCP:80   TCP port 80
   └─ pool walk/web:TCP:80
      ├─ member walk/a:8080   %s:8080
      └─ member walk/b:8080   %s:8080
`, w.service("web").Spec.ClusterIP, w.podAt(1), w.podAt(2)), func() string { return w.tree("web") })
}

// In layer 3 mode a load balancer reaches its members through the router, in layer 2
// mode by a port of its own in the Pods' subnet.
func (w *walk) membersAreWhereTheModeSays() {
	w.Helper()
	w.until(w.nets.ServiceSubnet, func() string { return w.memberSubnets("web") })
	w.apply(manifest(http80, "octagate.dev/member-mode: L2"))
	w.until(w.nets.PodSubnet, func() string { return w.memberSubnets("web") })
}

// memberSubnets are the subnets in which the members of a Service are, each once.
func (w *walk) memberSubnets(service string) string {
	b, err := w.balancer(service)
	if err != nil || b == nil || len(b.Listeners) == 0 || len(b.Listeners[0].Pools) == 0 {
		return fmt.Sprint("not there ", err)
	}
	members, err := w.cloud.Members(w.Context(), b.Listeners[0].Pools[0].ID)
	if err != nil {
		return err.Error()
	}
	var subnets []string
	for _, m := range members {
		subnets = append(subnets, m.Subnet)
	}
	slices.Sort(subnets)
	return strings.Join(slices.Compact(subnets), " ")
}

// named is a manifest of a Service with another name.
func named(name, manifest string) string {
	return strings.Replace(manifest, "name: web", "name: "+name, 1)
}

func (w *walk) theUserBringsAnAddress() {
	w.Helper()
	address := w.world.Cloud.FloatingIPs[0]
	w.apply(named("user", manifest(balanced+"  loadBalancerIP: "+address+"\n"+http80)))
	w.until(address+" VIP", func() string { return w.ingress("user") })
	if got := w.service("user").Annotations["octagate.dev/external-ip"]; got != "user/"+address {
		w.Errorf("external-ip: %q", got)
	}
}

func (w *walk) thePoolHasAnAddress() {
	w.Helper()
	w.apply(named("pool", manifest(balanced+http80)))
	w.until("True Ready", func() string { return w.ready("pool") })
	all, err := w.cloud.FloatingIPs(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range all {
		if f.Address+" VIP" == w.ingress("pool") && f.Network == w.nets.ExternalNetwork && !slices.Contains(w.world.Cloud.FloatingIPs, f.Address) {
			return
		}
	}
	w.Errorf("%s is not a new floating IP of %s: %+v", w.ingress("pool"), w.nets.ExternalNetwork, all)
}

func (w *walk) udpIsIgnored() {
	w.Helper()
	said := w.apply(named("dns", manifest("  ports: [{name: tcp, port: 53}, {name: udp, port: 53, protocol: UDP}]\n")))
	if want := "Warning: spec.ports[1]: UDP/53 is ignored"; !strings.Contains(said, want) {
		w.Errorf("kubectl said:\n%s", said)
	}
	w.until("True Ready", func() string { return w.ready("dns") })
	if b, err := w.balancer("dns"); err != nil || len(b.Listeners) != 1 {
		w.Errorf("%v: %+v", err, b)
	}
}

// badServicesAreRefused for reasons that only the cloud knows.
func (w *walk) badServicesAreRefused() {
	w.Helper()
	taken := w.world.Cloud.FloatingIPs[0]
	if said := w.refused(taken); !strings.Contains(said, taken+`": is in use by `+w.service("user").Spec.ClusterIP) {
		w.Errorf("an address in use: %s", said)
	}
	said := w.refused("203.0.113.77")
	_, advice, ok := strings.Cut(said, `203.0.113.77": is not a floating IP of this project; free here: `)
	if !ok {
		w.Fatalf("an unknown address: %s", said)
	}
	uses := w.floatingIPs()
	for address := range strings.SplitSeq(strings.TrimSpace(advice), ", ") {
		if !slices.Contains(uses, address+" free") {
			w.Errorf("%q is said to be free, but there is %q", address, uses)
		}
	}
}

// refused asks for an address that must not be had, and returns what kubectl said.
func (w *walk) refused(address string) string {
	w.Helper()
	code, said := w.kubectl(named("bad", manifest(balanced+"  loadBalancerIP: "+address+"\n"+http80)), "apply", "-f", "-")
	if code == 0 {
		w.Errorf("%s was accepted: %s", address, said)
	}
	return said
}

// everybodyLeaves, and only what the user made stays.
func (w *walk) everybodyLeaves() {
	w.Helper()
	pool := strings.TrimSuffix(w.ingress("pool"), " VIP")
	for _, service := range []string{"web", "user", "pool", "dns"} {
		w.remove(service)
	}
	uses := w.floatingIPs()
	for _, address := range w.world.Cloud.FloatingIPs {
		if !slices.Contains(uses, address+" free") {
			w.Errorf("the user's %s is not free: %q", address, uses)
		}
	}
	if slices.ContainsFunc(uses, func(use string) bool { return strings.HasPrefix(use, pool+" ") }) {
		w.Errorf("the pool's %s is still there: %q", pool, uses)
	}
}

func (w *walk) theAPIsLoadBalancerIsAsItWas() {
	w.Helper()
	trees, err := w.cloud.Trees(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, b := range trees {
		if b.ID == w.api {
			want := fmt.Sprintf(`load balancer default/kubernetes   VIP %s   ACTIVE
└─ listener default/kubernetes:HTTPS:443   HTTPS port 443
   └─ pool default/kubernetes:HTTPS:443
      └─ member k8s-master-0   192.168.1.2:6443
`, w.first())
			if diff := cmp.Diff(want, b.String()); diff != "" {
				w.Error(diff)
			}
			return
		}
	}
	w.Error("it is gone")
}
