package chaos

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// slots are the names of Services. The last has the name of the first, elsewhere.
var slots = []types.NamespacedName{{Namespace: "shop", Name: "a"}, {Namespace: "shop", Name: "b"}, {Namespace: "shop", Name: "c"},
	{Namespace: "shop", Name: "d"}, {Namespace: "shop", Name: "e"}, {Namespace: "store", Name: "a"}}

func slot(on int) types.NamespacedName { return slots[on%len(slots)] }

// floating are the floating IPs of users. The last is kept for one namespace.
var floating = []string{"172.24.4.13", "172.24.4.14", "172.24.4.15"}

// keeper is the namespace that it is kept for.
const keeper = "shop"

// nobodys is an address that is nobody's floating IP.
const nobodys = "172.24.4.99"

// Annotations that tell this package what it knows of a Service, and mean nothing to octagate.
const (
	forced = "chaos/forced" // somebody took the finalizer off, so that it leaves all it has
	unfit  = "chaos/unfit"  // why admission refuses it, whatever the cloud says
)

// What the annotation forced says: whether octagate had come to know what its author wanted.
const early, settled = "early", "settled"

const prefix = "octagate.dev/"

// An edit is what an author wants of a Service.
type edit func(*corev1.Service)

// shapes are what authors want of Services.
var shapes = []edit{
	0:  func(*corev1.Service) {},
	1:  more(port("tls", 443, 8443, "TCP")),
	2:  balanced(""),
	3:  balanced(floating[0]),
	4:  balanced(floating[1]),
	5:  balanced(floating[0], more(port("tls", 443, 8080, "TCP"))),
	6:  balanced("", asking("internal", "true")),
	7:  more(port("dns", 53, 5353, "UDP")),
	8:  ports(port("dns", 53, 5353, "UDP")),
	9:  balanced("", func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }),
	10: balanced("", func(s *corev1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"198.51.100.0/24"} }),
	11: more(port("alt", 81, 8080, "TCP")),
	12: balanced(nobodys),
	13: balanced("", asking("keep-floating-ip", "true")),
	14: balanced(floating[2], asking("timeout-client-data", "70s")),
	15: func(s *corev1.Service) {
		s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "example.com"
	},
	16: asking("health-monitor", "true"),
	17: balanced("", ports(port("web", 8080, 9090, "TCP"))),
	18: ports(speaking("http", port("web", 80, 8080, "TCP"))),
	19: edits(ports(speaking("http", port("web", 80, 8080, "TCP"))), asking("x-forwarded-for", "true"), asking("connection-limit", "1000")),
	20: edits(ports(speaking("https", port("web", 443, 8443, "TCP"))), asking("tls-container-ref", container)),
	21: ports(speaking("https", port("web", 443, 8443, "TCP"))),
	22: edits(more(port("dns", 53, 5353, "UDP")), asking("proxy-protocol", "v2")),
	23: edits(asking("member-mode", "L2"), asking("lb-algorithm", "LEAST_CONNECTIONS"), asking("tags", "team-shop,gold")),
	24: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort },
	25: balanced("", func(s *corev1.Service) { s.Spec.LoadBalancerClass = new("example.com/other") }),
	26: balanced("", asking("load-balancer-ip", floating[1])),
	27: edits(more(port("alt", 81, 8080, "TCP"), port("sctp", 9, 9, "SCTP")), asking("health-monitor", "true"), asking("health-monitor-delay", "20s")),
	28: bad("there is no such algorithm", asking("lb-algorithm", "FASTEST")),
	29: bad("there is no such annotation", balanced("", asking("keep-floatingip", "true"))),
	30: bad("that is no address", balanced("nonsense")),
	31: bad("it names two", balanced(floating[0], asking("load-balancer-ip", floating[1]))),
	32: bad("nothing of it is HTTP", asking("x-forwarded-for", "true")),
	33: func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone },
}

// container is where a certificate is.
const container = "http://barbican.test/v1/containers/11111111-2222-4333-8444-555555555555"

func port(name string, number, target int32, protocol corev1.Protocol) corev1.ServicePort {
	p := corev1.ServicePort{Name: name, Port: number, Protocol: protocol}
	p.TargetPort.IntVal = target
	return p
}

// speaking is a port of which its author says what it speaks.
func speaking(app string, p corev1.ServicePort) corev1.ServicePort {
	p.AppProtocol = &app
	return p
}

func edits(all ...edit) edit {
	return func(s *corev1.Service) {
		for _, do := range all {
			do(s)
		}
	}
}

// balanced is of type LoadBalancer, with a floating IP; empty: of the pool.
func balanced(address string, all ...edit) edit {
	return func(s *corev1.Service) {
		s.Spec.Type, s.Spec.LoadBalancerIP = corev1.ServiceTypeLoadBalancer, address
		edits(all...)(s)
	}
}

func ports(all ...corev1.ServicePort) edit {
	return func(s *corev1.Service) { s.Spec.Ports = slices.Clone(all) }
}

func more(all ...corev1.ServicePort) edit {
	return func(s *corev1.Service) { s.Spec.Ports = append(s.Spec.Ports, all...) }
}

func asking(key, value string) edit {
	return func(s *corev1.Service) { s.Annotations[prefix+key] = value }
}

// bad is a Service that admission refuses.
func bad(why string, do edit) edit {
	return func(s *corev1.Service) {
		s.Annotations[unfit] = why
		do(s)
	}
}

// asked are the annotations that authors write.
var asked = []string{
	unfit, prefix + "internal", prefix + "keep-floating-ip", prefix + "keep-floatingip", prefix + "timeout-client-data", prefix + "health-monitor",
	prefix + "health-monitor-delay", prefix + "x-forwarded-for", prefix + "connection-limit", prefix + "tls-container-ref", prefix + "proxy-protocol",
	prefix + "member-mode", prefix + "lb-algorithm", prefix + "tags", prefix + "load-balancer-ip",
}

// reshape gives a Service another shape: the one that the last two digits of by say, and
// leaves what is octagate's and Kubernetes' own.
func reshape(svc *corev1.Service, by int) {
	annotations := map[string]string{}
	for key, value := range svc.Annotations {
		if !slices.Contains(asked, key) {
			annotations[key] = value
		}
	}
	before := svc.Spec
	svc.Annotations = annotations
	svc.Spec = corev1.ServiceSpec{
		Type: corev1.ServiceTypeClusterIP, Selector: map[string]string{"app": svc.Name}, SessionAffinity: corev1.ServiceAffinityNone,
		Ports: []corev1.ServicePort{port("web", 80, 8080, "TCP")},
	}
	shapes[by%100%len(shapes)](svc)
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return
	}
	if before.ClusterIP != "" {
		svc.Spec.ClusterIP, svc.Spec.ClusterIPs = before.ClusterIP, before.ClusterIPs // nobody may change it
		svc.Spec.IPFamilies, svc.Spec.IPFamilyPolicy = before.IPFamilies, before.IPFamilyPolicy
	}
	families(svc, by/100)
}

// families says which addresses a Service has: a new one may have two, or one of IPv6 only,
// and one that has two may give one back; Octavia gives none to a load balancer that there
// is. A floating IP leads to no address of IPv6.
func families(svc *corev1.Service, by int) {
	four, six := corev1.IPv4Protocol, corev1.IPv6Protocol
	one, two := new(corev1.IPFamilyPolicySingleStack), new(corev1.IPFamilyPolicyPreferDualStack)
	s := &svc.Spec
	switch {
	case svc.UID == "" && s.ClusterIP == "" && by == 3:
		s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{six}, one
	case svc.UID == "" && s.ClusterIP == "" && (by == 1 || by == 2):
		s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{four, six}, two
	case s.ClusterIP == "":
		s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{four}, one
	case len(s.ClusterIPs) == 2 && by == 4:
		s.ClusterIPs, s.IPFamilies, s.IPFamilyPolicy = s.ClusterIPs[:1], s.IPFamilies[:1], one
	}
	outside := s.Type == corev1.ServiceTypeLoadBalancer && s.LoadBalancerClass == nil && svc.Annotations[prefix+"internal"] != "true"
	if outside && len(s.IPFamilies) == 1 && s.IPFamilies[0] == six && svc.Annotations[unfit] == "" {
		svc.Annotations[unfit] = "no floating IP leads to IPv6"
	}
}

// pods are the Pods of a Service, by whom they are: those of which by has a bit. Of which it
// has one three bits further, too, are not ready.
func podsOf(by int) (ready, unready []int) {
	for i := range 3 {
		switch {
		case by>>i&1 == 0:
		case by>>(i+3)&1 == 1:
			unready = append(unready, i)
		default:
			ready = append(ready, i)
		}
	}
	return ready, unready
}

// addressOf is the address of a Pod.
func addressOf(pod int, six bool) string {
	if six {
		return fmt.Sprintf("fd00:1::%x", 10+pod)
	}
	return fmt.Sprintf("10.1.0.%d", 10+pod)
}
