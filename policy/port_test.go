package policy

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// speaking says of the first port what it speaks.
func speaking(app string) edit {
	return func(s *corev1.Service) { s.Spec.Ports[0].AppProtocol = &app }
}

// to gives the first port a target, and the Service Pods.
func to(target intstr.IntOrString) edit {
	return func(s *corev1.Service) {
		s.Spec.Selector = map[string]string{"app": "web"}
		s.Spec.Ports[0].TargetPort = target
	}
}

const certificate = "https://barbican.example.org/v1/containers/48ddcfec-1b29-411b-be92-8329cc09fc12"

func TestListeners(t *testing.T) {
	shared := config
	shared.SharedPools = true
	terminated := with(annotation.TLSContainerRef.Key, certificate)
	for claim, tt := range map[string]struct {
		cfg     Config
		service *corev1.Service
		want    string // listeners and, after an arrow, what they lead to
	}{
		"a port is TCP":                                        {config, service(), "TCP/80→80"},
		"HTTP where its author says so":                        {config, service(speaking("http")), "HTTP/80→80"},
		"HTTPS passes through":                                 {config, service(speaking("https")), "HTTPS/80→80"},
		"unless there is a certificate":                        {config, service(speaking("https"), terminated), "TERMINATED_HTTPS/80→80"},
		"which is not for HTTP":                                {config, service(speaking("http"), terminated), "HTTP/80→80"},
		"what is not HTTP/1 is passed on as it is":             {config, service(speaking("kubernetes.io/h2c")), "TCP/80→80"},
		"ovn looks into nothing":                               {config, service(speaking("http"), with(annotation.Provider.Key, "ovn")), "TCP/80→80"},
		"a shared pool is known by its target":                 {shared, service(to(intstr.FromString("web"))), "TCP/80→target:web"},
		"a target that is not named is the port":               {shared, service(to(intstr.IntOrString{})), "TCP/80→target:80"},
		"a target is a number":                                 {shared, service(to(intstr.FromInt32(8080))), "TCP/80→target:8080"},
		"who makes their own EndpointSlices shares no pools":   {shared, service(), "TCP/80→80"},
		"pools are not shared where the operator does not ask": {config, service(to(intstr.FromInt32(8080))), "TCP/80→80"},
	} {
		t.Run(claim, func(t *testing.T) {
			got := ""
			for _, p := range Evaluate(tt.cfg, Subject{Service: tt.service}, cloud).Intent.Listeners {
				got += p.String() + "→" + p.Target()
			}
			if got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestTheAPIServerIsBalancedWhenAskedFor(t *testing.T) {
	cfg := config
	cfg.APIServer = true
	svc := service(plain, func(s *corev1.Service) {
		s.Namespace, s.Name, s.Spec.ClusterIP = "default", "kubernetes", "10.2.0.1"
		s.Spec.Ports = []corev1.ServicePort{{Name: "https", Port: 443, TargetPort: intstr.FromInt32(6443)}}
	})
	v := Evaluate(cfg, Subject{Service: svc}, cloud)
	if got := v.Intent.Listeners[0].String(); got != "HTTPS/443" || v.Intent.Traffic.Algorithm != annotation.LeastConnections {
		t.Errorf("got %s by %s", got, v.Intent.Traffic.Algorithm)
	}
}

func TestTheOperatorChoosesWhatIsBalanced(t *testing.T) {
	cfg := config
	cfg.ServiceTypes = []corev1.ServiceType{corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort}
	for kind, want := range map[corev1.ServiceType]bool{
		corev1.ServiceTypeLoadBalancer: true, corev1.ServiceTypeNodePort: true, corev1.ServiceTypeClusterIP: false, "": false, corev1.ServiceTypeExternalName: false,
	} {
		if got := Evaluate(cfg, Subject{Service: service(ofType(kind))}, cloud).Managed; got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

// both gives a Service a second ClusterIP.
func both(p corev1.IPFamilyPolicy, clusterIPs ...string) edit {
	return func(s *corev1.Service) {
		s.Spec.IPFamilyPolicy, s.Spec.ClusterIP, s.Spec.ClusterIPs = &p, clusterIPs[0], clusterIPs
	}
}

// old marks a Service for an old Octavia.
func old(s *corev1.Service) { s.Labels = map[string]string{"octavia": "v2.5"} }

func TestFamilies(t *testing.T) {
	const six = "a0a888ab-9915-4685-a600-bffe240dc58b"
	dual := config
	dual.ServiceCIDRs = append(dual.ServiceCIDRs, netip.MustParsePrefix("fd00::/108"))
	single := dual
	dual.ServiceSubnetV6 = six
	legacy := dual
	legacy.Legacy = true
	for claim, tt := range map[string]struct {
		cfg      Config
		service  *corev1.Service
		findings string
		subnets  string
	}{
		"both are served":               {dual, service(both("RequireDualStack", "10.2.0.7", "fd00::7")), "", serviceSubnet + " " + six},
		"whichever comes first":         {dual, service(both("RequireDualStack", "fd00::7", "10.2.0.7")), "", six + " " + serviceSubnet},
		"one is enough for who prefers": {single, service(both("PreferDualStack", "10.2.0.7", "fd00::7")), "warn ip-families: spec.clusterIPs[1] fd00::7 is not served: neutron.serviceSubnetIPv6 is not configured\n", serviceSubnet + " "},
		"an old Octavia serves one": {dual, service(both("RequireDualStack", "10.2.0.7", "fd00::7"), old),
			"deny ip-families: spec.ipFamilyPolicy RequireDualStack cannot be had: Octavia's API is v2.5, and has it since v2.26; use SingleStack\n", serviceSubnet + " "},
		"LBaaS v2 serves one": {legacy, service(both("RequireDualStack", "10.2.0.7", "fd00::7")),
			"deny ip-families: spec.ipFamilyPolicy RequireDualStack cannot be had: load balancers of LBaaS v2 have one address; use SingleStack\n", serviceSubnet + " "},
		"but not for who requires": {single, service(both("RequireDualStack", "10.2.0.7", "fd00::7")),
			"deny ip-families: spec.ipFamilyPolicy RequireDualStack cannot be had: neutron.serviceSubnetIPv6 is not configured; use SingleStack\n", serviceSubnet + " "},
		"an external IP needs IPv4": {dual, service(both("SingleStack", "fd00::7")),
			`deny ip-families: spec.ipFamilies IPv6 has no external IP: floating IPs are IPv4; add IPv4, or set octagate.dev/internal: "true"` + "\n", six + " "},
		"inside the cluster IPv6 is enough": {dual, service(plain, both("SingleStack", "fd00::7")), "", six + " "},
	} {
		t.Run(claim, func(t *testing.T) {
			known := cloud
			if tt.service.Labels["octavia"] != "" {
				known.Octavia = facts.Version{Major: 2, Minor: 5}
			}
			v := Evaluate(tt.cfg, Subject{Service: tt.service}, known)
			if diff := cmp.Diff(tt.findings, told(v)); diff != "" {
				t.Error(diff)
			}
			if got := v.Intent.VIPSubnet + " " + v.Intent.SecondSubnet; got != tt.subnets {
				t.Errorf("subnets: %s", got)
			}
		})
	}
}

func TestTags(t *testing.T) {
	for text, want := range map[string][]string{"": {}, " b , a,b ": {"a", "b"}, "a": {"a"}} {
		got := Evaluate(config, Subject{Service: service(with(annotation.Tags.Key, text))}, cloud).Intent.Tags
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if got := Evaluate(config, Subject{Service: service()}, cloud).Intent.Tags; got != nil {
		t.Errorf("nobody asked, and yet %v", got)
	}
}
