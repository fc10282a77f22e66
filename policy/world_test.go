package policy

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

const (
	serviceSubnetV6 = "f6438a81-22fa-4a88-9b05-c4723662ef36"
	podSubnetV6     = "f0a888ab-9915-4685-a600-bffe240dc58b"
	builtID         = "1b4d5c60-0000-4000-8000-000000000001"
)

// samples are values that an annotation takes, and some that it does not.
type samples struct {
	good, bad []string
	webhooks  bool // it is written over, whatever it says
}

var (
	yesOrNo  = samples{good: []string{"true", "false"}, bad: []string{"yes", ""}}
	ids      = samples{good: []string{external, dmz}, bad: []string{"public", ""}}
	waits    = samples{good: []string{"50s", "1ms"}, bad: []string{"50000", "25h", ""}}
	seconds  = samples{good: []string{"1s", "7s", "60s"}, bad: []string{"1500ms", "0s", "2h"}}
	retries  = samples{good: []string{"1", "10"}, bad: []string{"0", "11"}}
	decision = samples{good: []string{"anything"}, webhooks: true}
)

// contract is what the annotations of ours take, in samples.
var contract = map[string]samples{
	"load-balancer-ip": {good: []string{"172.24.4.13", "172.24.4.20", "172.24.4.30", "172.24.4.99", "2001:db8::1"}, bad: []string{"172.24.4.013", ""}},
	"internal":         yesOrNo, "keep-floating-ip": yesOrNo, "x-forwarded-for": yesOrNo, "health-monitor": yesOrNo,
	"external-network-id": ids, "external-subnet-id": ids, "flavor-id": ids,
	"tags":                {good: []string{"", "a,b"}, bad: []string{"octagate:x", "a,,b"}},
	"tls-container-ref":   {good: []string{"https://b/1"}, bad: []string{"a b", ""}},
	"lb-algorithm":        {good: []string{"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT"}, bad: []string{"round_robin"}},
	"connection-limit":    {good: []string{"1", "2000"}, bad: []string{"0", "-1", "many"}},
	"timeout-client-data": waits, "timeout-member-data": waits, "timeout-member-connect": waits, "timeout-tcp-inspect": waits,
	"proxy-protocol":       {good: []string{"none", "v1", "v2"}, bad: []string{"v3", "true"}},
	"health-monitor-delay": seconds, "health-monitor-timeout": seconds,
	"health-monitor-max-retries": retries, "health-monitor-max-retries-down": retries,
	"provider": {good: []string{"amphora", "ovn"}, bad: []string{"a b", ""}}, "availability-zone": {good: []string{"east", "west"}, bad: []string{""}},
	"member-mode": {good: []string{"L2", "L3"}, bad: []string{"l2"}},
	"verdict":     decision, "load-balancer": decision, "listeners": decision, "ignored-ports": decision,
	"external-ip": decision, "floating-ip-id": decision, "vip-subnet-id": decision, "policy": decision,
	"load-balancer-id":  {good: []string{builtID}, webhooks: true},
	"load-balancer-ipp": {bad: []string{"172.24.4.13"}}, // which is not in the contract
}

// contracted are the keys of the contract.
var contracted = slices.Sorted(maps.Keys(contract))

// A dice draws worlds. The same seed draws the same.
type dice struct{ *rand.Rand }

// once reports true once in n times.
func (d dice) once(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

// anyWorld draws a world: most of what there is in it is good, and what is not is of all kinds.
func anyWorld(seed uint64) world {
	d := dice{rand.New(rand.NewPCG(seed, 5))}
	w := world{cfg: d.config(), known: d.snapshot()}
	w.subject.Service = d.service()
	switch d.IntN(5) {
	case 0:
		w.subject.Old = d.service()
		d.succeed(w.subject.Old, w.subject.Service)
	case 1:
		w.subject.Has = d.has(w.subject.Service)
	}
	w.subject.DryRun = w.subject.Has.Subnet == "" && d.once(6)
	return w
}

func (d dice) config() Config {
	c := config
	c.Provider = pick(d, "amphora", "amphora", "ovn", "")
	c.ExternalNetwork = pick(d, external, external, dmz, "")
	c.MemberMode = pick(d, annotation.L3, annotation.L3, annotation.L2)
	c.ExternalSubnet = pick(d, "", "", "", external, dmz)
	c.Monitored = d.once(4)
	c.ServiceCIDRs = pick(d, nil, config.ServiceCIDRs, []netip.Prefix{netip.MustParsePrefix("10.2.0.0/15"), netip.MustParsePrefix("fd00:10:2::/112")})
	c.Protocols = pick(d, nil, nil, []corev1.Protocol{corev1.ProtocolUDP}, []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolSCTP})
	c.Legacy = d.once(8)
	c.Flavor, c.Zone = pick(d, "", "", external, dmz), pick(d, "", "", "east", "west")
	c.LoadBalancerClass = pick(d, "", "", "", "", "", "octagate")
	c.ServiceTypes = pick(d, nil, nil, nil, []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer})
	c.Adopts, c.SharedPools = d.once(4), d.once(4)
	if d.once(2) {
		c.ServiceSubnetV6, c.PodSubnetV6 = serviceSubnetV6, podSubnetV6
	}
	return c
}

// snapshot is the usual cloud with something of its own, less what nobody could look up.
func (d dice) snapshot() facts.Snapshot {
	known := cloud
	known.ServiceCIDRs = pick(d, nil, config.ServiceCIDRs)
	known.Octavia = pick(d, facts.Version{}, facts.Version{Major: 2, Minor: d.IntN(27)}, facts.Version{Major: 2, Minor: 26}, facts.Version{Major: 2, Minor: 27})
	known.Subnets = maps.Clone(cloud.Subnets)
	known.Subnets[serviceSubnetV6] = facts.Subnet{ID: serviceSubnetV6, CIDR: netip.MustParsePrefix("fd00:10:2::/120"), Gateway: netip.MustParseAddr("fd00:10:2::1")}
	for _, id := range slices.Sorted(maps.Keys(known.Subnets)) {
		if d.once(8) {
			known.Subnets[id] = facts.Subnet{}
		}
	}
	known.Routes = pick(d, nil, map[string]bool{}, cloud.Routes, cloud.Routes, map[string]bool{external: true, dmz: true})
	known.OuterSubnets = pick(d, nil, map[string][]string{external: {external}, dmz: nil}, map[string][]string{external: {external, dmz}, dmz: {external}})
	known.Claims, known.FloatingIPs = d.claims(), d.floatingIPs()
	d.offers(&known)
	for _, forget := range []func(){
		func() { known.FloatingIPs = nil }, func() { known.Subnets = nil }, func() { known.Ports = nil },
		func() { known.Balancers = nil }, func() { known.Externals = nil },
	} {
		if d.once(10) {
			forget()
		}
	}
	return known
}

// claims are those of this Service and of others, in either order.
func (d dice) claims() map[netip.Addr][]facts.Claim {
	mine, theirs := facts.Claim{Name: "shop/web"}, facts.Claim{Name: "shop/other"}
	all := map[netip.Addr][]facts.Claim{}
	for _, a := range slices.SortedFunc(maps.Keys(cloud.FloatingIPs), netip.Addr.Compare) {
		all[a] = pick(d, nil, nil, []facts.Claim{mine}, []facts.Claim{theirs}, []facts.Claim{mine, theirs}, []facts.Claim{theirs, mine})
	}
	return all
}

// floatingIPs are the usual ones, some of which are kept for namespaces, or are in use at
// the usual ClusterIP.
func (d dice) floatingIPs() map[netip.Addr]facts.FloatingIP {
	all := maps.Clone(cloud.FloatingIPs)
	for _, a := range slices.SortedFunc(maps.Keys(all), netip.Addr.Compare) {
		f := all[a]
		f.Namespaces = pick(d, nil, nil, nil, []string{"bank"}, []string{"bank", "shop"})
		if d.once(4) {
			f.Port, f.FixedIP = "vip", netip.MustParseAddr("10.2.0.7")
		}
		all[a] = f
	}
	return all
}

func (d dice) service() *corev1.Service {
	svc := service(
		ofType(pick(d, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, "")),
		asking(pick(d, "", "", "172.24.4.13", "172.24.4.13", "172.24.4.20", "172.24.4.30", "172.24.4.40", "172.24.4.99", "203.0.113.5", "172.24.4.013", "2001:db8::1")),
		clusterIPOf(pick(d, "", "10.2.0.7", "10.2.0.7", "10.2.0.0", "10.2.0.30", "10.2.0.50", "10.2.0.52", "10.2.0.53", "10.2.0.54", "10.2.0.56",
			"10.2.255.254", "10.2.128.1", "10.3.0.1", "10.99.0.1", "10.2.0.07", "fd00:10:2::7", "fd00:10:2::1", "None")),
	)
	svc.UID = pick[types.UID](d, "", "ours", "another")
	if d.once(10) {
		class(pick(d, "octagate", "octagate", "example.org/other"))(svc)
	}
	if d.once(20) {
		svc.Spec.Type, svc.Spec.ClusterIP = corev1.ServiceTypeExternalName, ""
	}
	if d.once(2) {
		svc.Spec.Selector = map[string]string{"app": "web"}
	}
	d.families(svc)
	d.ports(svc)
	for range pick(d, 0, 0, 1, 2) {
		svc.Spec.LoadBalancerSourceRanges = append(svc.Spec.LoadBalancerSourceRanges, pick(d, "203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0", "home"))
	}
	for range pick(d, 0, 1, 2, 4, 8) {
		d.annotate(svc)
	}
	return svc
}

// families may give a Service a ClusterIP of the other family.
func (d dice) families(svc *corev1.Service) {
	first, err := netip.ParseAddr(svc.Spec.ClusterIP)
	if err != nil {
		return
	}
	svc.Spec.ClusterIPs = []string{first.String()}
	svc.Spec.IPFamilyPolicy = new(pick(d, corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack))
	if *svc.Spec.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack {
		return
	}
	second := pick(d, "fd00:10:2::7", "fd00:10:2::7", "fd00:10:2::1", "fd00:10:2::1:7", "fd00:99::7")
	if first.Is6() {
		second = pick(d, "10.2.0.7", "10.2.0.50", "10.2.255.254")
	}
	svc.Spec.ClusterIPs = append(svc.Spec.ClusterIPs, second)
}

func (d dice) ports(svc *corev1.Service) {
	svc.Spec.Ports = nil
	for i := range pick(d, 1, 1, 2, 3) {
		p := corev1.ServicePort{Name: fmt.Sprint(i), Port: int32(80 + i), Protocol: pick(d, corev1.ProtocolTCP, corev1.ProtocolTCP, "", corev1.ProtocolUDP, corev1.ProtocolSCTP)}
		p.TargetPort = pick(d, intstr.IntOrString{}, intstr.FromInt32(8080), intstr.FromString("web"))
		if app := pick(d, "", "http", "https", "kubernetes.io/h2c"); app != "" {
			p.AppProtocol = &app
		}
		svc.Spec.Ports = append(svc.Spec.Ports, p)
	}
}

// annotate writes something that the contract mostly takes.
func (d dice) annotate(svc *corev1.Service) {
	key := pick(d, contracted...)
	from := contract[key].good
	if d.once(5) || len(from) == 0 {
		from = slices.Concat(from, contract[key].bad)
	}
	svc.Annotations[annotation.Prefix+key] = pick(d, from...)
}

// succeed makes now an update of old, for which something may have been built. Its
// ClusterIP is as it was.
func (d dice) succeed(old, now *corev1.Service) {
	now.UID = old.UID
	if old.Spec.ClusterIP != "" {
		now.Spec.ClusterIP = old.Spec.ClusterIP
		if now.Spec.ClusterIPs = old.Spec.ClusterIPs; d.once(3) {
			d.families(now)
		}
	}
	if d.once(2) {
		maps.Copy(now.Annotations, old.Annotations)
	}
	delete(old.Annotations, "octagate.dev/load-balancer-id")
	delete(old.Annotations, "octagate.dev/vip-subnet-id")
	if d.once(2) {
		old.Annotations["octagate.dev/load-balancer-id"], old.Annotations["octagate.dev/verdict"] = builtID, "accepted"
		old.Annotations["octagate.dev/vip-subnet-id"] = pick(d, serviceSubnet, podSubnet)
	}
}

// has is a load balancer that the cloud has for a Service, at its address or at another.
func (d dice) has(svc *corev1.Service) LoadBalancer {
	lb := LoadBalancer{VIP: netip.MustParseAddr("10.2.0.30"), Subnet: pick(d, serviceSubnet, podSubnet)}
	if a, err := netip.ParseAddr(svc.Spec.ClusterIP); err == nil && d.once(2) {
		lb.VIP = a
	}
	if len(svc.Spec.ClusterIPs) == 2 && d.once(2) {
		lb.Second = netip.MustParseAddr(svc.Spec.ClusterIPs[1])
	}
	return lb
}
