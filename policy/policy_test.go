package policy

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"pgregory.net/rapid"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

const (
	serviceSubnet = "d6438a81-22fa-4a88-9b05-c4723662ef36"
	podSubnet     = "e0a888ab-9915-4685-a600-bffe240dc58b"
	external      = "3b4eb25e-e103-491f-a640-a6246d588561"
	dmz           = "7d4eb25e-e103-491f-a640-a6246d588561" // an external network that no router leads to
)

var config = Config{
	ServiceCIDRs:  []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17")},
	ServiceSubnet: serviceSubnet, PodSubnet: podSubnet, ExternalNetwork: external,
	Provider: "amphora", MemberMode: annotation.L3, Monitor: UsualMonitor,
}

var cloud = facts.Snapshot{
	FloatingIPs: floatingIPs(
		facts.FloatingIP{ID: "1157e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("172.24.4.13"), Network: external},
		facts.FloatingIP{ID: "2257e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("172.24.4.20"), Network: external},
		facts.FloatingIP{ID: "3357e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("172.24.4.30"), Network: external,
			Port: "p", FixedIP: netip.MustParseAddr("10.2.0.30")},
		facts.FloatingIP{ID: "4457e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("172.24.4.40"), Network: external, Pool: true},
		facts.FloatingIP{ID: "5557e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("203.0.113.5"), Network: dmz},
	),
	Subnets: map[string]facts.Subnet{
		serviceSubnet: {ID: serviceSubnet, CIDR: netip.MustParsePrefix("10.2.0.0/16"), Gateway: netip.MustParseAddr("10.2.255.254"),
			Pools: []facts.Span{{First: netip.MustParseAddr("10.2.128.1"), Last: netip.MustParseAddr("10.2.255.253")}}},
		podSubnet: {ID: podSubnet, CIDR: netip.MustParsePrefix("10.1.0.0/16")},
	},
	Ports: map[netip.Addr]facts.Port{
		netip.MustParseAddr("10.2.0.50"): {ID: "50d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d50", Owner: "compute:nova"},
		netip.MustParseAddr("10.2.0.51"): {ID: "51d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d51", Owner: "network:router_interface"},
		netip.MustParseAddr("10.2.0.52"): {ID: "52d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d52", Owner: "Octavia", VIP: true},
		netip.MustParseAddr("10.2.0.53"): {ID: "53d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d53", Owner: "Octavia", VIP: true},
		netip.MustParseAddr("10.2.0.56"): {ID: "56d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d56", Owner: "Octavia", VIP: true},
		netip.MustParseAddr("10.2.0.54"): {ID: "54d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d54", Owner: "Octavia", VIP: true},
	},
	Balancers: map[string]facts.Balancer{
		"52d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d52": {ID: "62d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d62"},
		"53d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d53": {ID: "63d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d63", Service: "ours"},
		"56d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d56": {ID: "66d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d66", Name: "shop/web"},
	},
	Externals: map[string]bool{external: true, dmz: true},
	Routes:    map[string]bool{external: true},
}

func floatingIPs(all ...facts.FloatingIP) map[netip.Addr]facts.FloatingIP {
	m := map[netip.Addr]facts.FloatingIP{}
	for _, f := range all {
		m[f.Address] = f
	}
	return m
}

// leftBehind is the cloud where the Service still has a load balancer at an address that it
// had before.
var leftBehind = but(cloud, func(s *facts.Snapshot) {
	s.Balancers = maps.Clone(s.Balancers)
	s.Balancers["p"] = facts.Balancer{ID: "72d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d72", Service: "ours"}
})

type edit func(*corev1.Service)

// service is a good Service of type LoadBalancer, edited.
func service(edits ...edit) *corev1.Service {
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{}},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.2.0.7", LoadBalancerIP: "172.24.4.13",
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}},
		},
	}
	for _, e := range edits {
		e(svc)
	}
	return svc
}

func with(key, value string) edit      { return func(s *corev1.Service) { s.Annotations[key] = value } }
func clusterIPOf(a string) edit        { return func(s *corev1.Service) { s.Spec.ClusterIP = a } }
func asking(a string) edit             { return func(s *corev1.Service) { s.Spec.LoadBalancerIP = a } }
func ofType(t corev1.ServiceType) edit { return func(s *corev1.Service) { s.Spec.Type = t } }
func label(s *corev1.Service)          { s.Labels = map[string]string{"team": "x"} }
func plain(s *corev1.Service)          { s.Spec.Type, s.Spec.LoadBalancerIP = corev1.ServiceTypeClusterIP, "" }

func builtAlready(s *corev1.Service) { s.Annotations[annotation.LoadBalancerID.Key] = external }

func class(name string) edit {
	return func(s *corev1.Service) { s.Spec.LoadBalancerClass = &name }
}

func port(p corev1.Protocol, number int32) edit {
	return func(s *corev1.Service) {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: fmt.Sprint(number), Port: number, Protocol: p})
	}
}

func from(ranges ...string) edit {
	return func(s *corev1.Service) { s.Spec.LoadBalancerSourceRanges = ranges }
}

func onlyUDP(s *corev1.Service) { s.Spec.Ports = nil; port(corev1.ProtocolUDP, 53)(s) }

// told is the findings as lines of "severity rule: text".
func told(v Verdict) string {
	var b strings.Builder
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Severity, f.Rule, f)
	}
	return b.String()
}

// Where the operator has UDP balanced, its ports get listeners.
func TestProtocolsThatTheOperatorTranslates(t *testing.T) {
	cfg := config
	cfg.Protocols = []corev1.Protocol{corev1.ProtocolUDP}
	v := Evaluate(cfg, Subject{Service: service(port(corev1.ProtocolUDP, 53), port(corev1.ProtocolSCTP, 9))}, cloud)
	want := "warn protocol: spec.ports[2]: SCTP/9 is ignored: it gets no listener, only TCP and UDP ports are balanced\n"
	if diff := cmp.Diff(want, told(v)); diff != "" {
		t.Error(diff)
	}
	if got := v.Pins[annotation.Listeners.Key]; got != "TCP/80,UDP/53" {
		t.Errorf("listeners: %s", got)
	}
	if v := Evaluate(cfg, Subject{Service: service(onlyUDP)}, cloud); v.Denied() {
		t.Errorf("nothing but UDP: %s", told(v))
	}
}

// longestWarning is as much of a warning as Kubernetes advises to send. Old faults are
// warnings, too, so that it holds for every finding.
const longestWarning = 120

// fitting finds what is too long for a warning.
func fitting(t *testing.T, v Verdict) {
	t.Helper()
	for _, f := range v.Findings {
		text, _, _ := strings.Cut(f.String(), "; try: ") // a command may be long
		if len(text) > longestWarning {
			t.Errorf("%d characters, which kubectl would cut: %s", len(text), text)
		}
	}
}

func TestFindings(t *testing.T) {
	silent := facts.Snapshot{}
	taken := facts.Snapshot{FloatingIPs: floatingIPs()}
	for claim, tt := range map[string]struct {
		subject Subject
		known   facts.Snapshot
		want    string
	}{
		"a good LoadBalancer passes":                   {Subject{Service: service()}, cloud, ""},
		"a good ClusterIP passes":                      {Subject{Service: service(plain)}, cloud, ""},
		"a ClusterIP that is not allocated yet passes": {Subject{Service: service(plain, clusterIPOf(""))}, cloud, ""},
		"the placeholder of a dry run passes":          {Subject{Service: service(plain, clusterIPOf("10.2.0.0")), DryRun: true}, cloud, ""},

		"cluster-ip-range: an address outside is denied": {Subject{Service: service(plain, clusterIPOf("10.99.0.1"))}, cloud,
			"deny cluster-ip-range: spec.clusterIP 10.99.0.1 is outside the service range 10.2.0.0/17; choose one inside or leave it empty\n"},
		"cluster-ip-range: the half kept for Octavia is outside": {Subject{Service: service(plain, clusterIPOf("10.2.128.1"))}, cloud,
			"deny cluster-ip-range: spec.clusterIP 10.2.128.1 is outside the service range 10.2.0.0/17; choose one inside or leave it empty\n"},
		"cluster-ip-range: a misspelt address is denied": {Subject{Service: service(plain, clusterIPOf("10.2.0.07"))}, cloud,
			"deny cluster-ip-range: spec.clusterIP 10.2.0.07 has leading zeros; write 10.2.0.7\n"},

		"protocol: UDP beside TCP is flagged": {Subject{Service: service(port(corev1.ProtocolUDP, 53))}, cloud,
			"warn protocol: spec.ports[1]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\n"},
		"protocol: SCTP is flagged": {Subject{Service: service(port(corev1.ProtocolSCTP, 9))}, cloud,
			"warn protocol: spec.ports[1]: SCTP/9 is ignored: it gets no listener, only TCP ports are balanced\n"},

		"no-listener: a LoadBalancer of UDP only is denied": {Subject{Service: service(onlyUDP)}, cloud,
			"warn protocol: spec.ports[0]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\n" +
				"deny no-listener: spec.ports UDP/53 leaves nothing to balance: every port is ignored; add a TCP port or use type ClusterIP\n"},
		"no-listener: a ClusterIP of UDP only is warned": {Subject{Service: service(plain, onlyUDP)}, cloud,
			"warn protocol: spec.ports[0]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\n" +
				"warn no-listener: spec.ports UDP/53 leaves nothing to balance: no load balancer is made\n"},

		"algorithm: amphora does not have ovn's": {Subject{Service: service(with(annotation.LBAlgorithm.Key, "SOURCE_IP_PORT"))}, cloud,
			"deny algorithm: octagate.dev/lb-algorithm SOURCE_IP_PORT is not an algorithm of the provider amphora; use ROUND_ROBIN, or leave it out\n"},
		"algorithm: ovn has but one": {
			Subject{Service: service(with(annotation.Provider.Key, "ovn"), with(annotation.LBAlgorithm.Key, "ROUND_ROBIN"))}, cloud,
			"deny algorithm: octagate.dev/lb-algorithm ROUND_ROBIN is not an algorithm of the provider ovn; use SOURCE_IP_PORT, or leave it out\n"},
		"algorithm: each has its own": {Subject{Service: service(with(annotation.LBAlgorithm.Key, "LEAST_CONNECTIONS"))}, cloud, ""},
		"http: X-Forwarded-For needs a listener that reads HTTP": {Subject{Service: service(with(annotation.XForwardedFor.Key, "true"), speaking("https"))}, cloud,
			"deny http: octagate.dev/x-forwarded-for true needs a port that reads HTTP; give one appProtocol: http\n"},
		"http: and has one": {Subject{Service: service(with(annotation.XForwardedFor.Key, "true"), speaking("http"))}, cloud, ""},
		"http: a certificate needs a port": {Subject{Service: service(with(annotation.TLSContainerRef.Key, "https://b/1"))}, cloud,
			"deny http: octagate.dev/tls-container-ref https://b/1 needs a port that takes encryption off; give one appProtocol: https\n"},
		"http: ovn reads nothing": {Subject{Service: service(with(annotation.XForwardedFor.Key, "true"), speaking("http"), with(annotation.Provider.Key, "ovn"))}, cloud,
			"deny http: octagate.dev/x-forwarded-for true needs a port that reads HTTP; the provider ovn has none: leave it out\n"},
		"annotation: a tag of ours is ours": {Subject{Service: service(with(annotation.Tags.Key, "octagate:cluster=x"))}, cloud,
			"deny annotation: octagate.dev/tags octagate:cluster=x has a tag that begins with octagate:, as only ours do\n"},
		"annotation: a timeout needs its unit": {Subject{Service: service(with(annotation.TimeoutClientData.Key, "50000"))}, cloud,
			"deny annotation: octagate.dev/timeout-client-data 50000 must be a time with its unit, from 1ms to 24h, such as 50s\n"},
		"annotation: no limit is not a limit": {Subject{Service: service(with(annotation.ConnectionLimit.Key, "-1"))}, cloud,
			"deny annotation: octagate.dev/connection-limit -1 must be a number of connections from 1 up; leave it out for no limit\n"},

		"proxy-protocol: ovn has none": {
			Subject{Service: service(with(annotation.Provider.Key, "ovn"), with(annotation.ProxyProtocol.Key, "v2"))}, cloud,
			"deny proxy-protocol: octagate.dev/proxy-protocol v2 cannot be had from the provider ovn, whose members see the client anyway; leave it out\n"},
		"annotation: a version of the PROXY protocol is one of two, or none": {Subject{Service: service(with(annotation.ProxyProtocol.Key, "v3"))}, cloud,
			"deny annotation: octagate.dev/proxy-protocol v3 must be none or v1 or v2\n"},
		"health-monitor: an answer that comes after the next question is denied": {
			Subject{Service: service(with(annotation.HealthMonitor.Key, "true"), with(annotation.HealthMonitorTimeout.Key, "9s"), with(annotation.HealthMonitorDelay.Key, "8s"))}, cloud,
			"deny health-monitor: octagate.dev/health-monitor-timeout 9s is longer than the delay of 8s; make it shorter, or the delay longer\n"},
		"health-monitor: details of none are told": {Subject{Service: service(with(annotation.HealthMonitorDelay.Key, "8s"))}, cloud,
			"warn health-monitor: octagate.dev/health-monitor-delay: has no effect without octagate.dev/health-monitor: \"true\"\n"},
		"annotation: a monitor counts in seconds": {Subject{Service: service(with(annotation.HealthMonitor.Key, "true"), with(annotation.HealthMonitorDelay.Key, "1500ms"))}, cloud,
			"deny annotation: octagate.dev/health-monitor-delay 1500ms must be whole seconds, from 1s to 1h, such as 10s\n"},

		"source-ranges: a range of the other family beside others is ignored": {Subject{Service: service(from("203.0.113.0/24", "2001:db8::/32"))}, cloud,
			"warn source-ranges: spec.loadBalancerSourceRanges 2001:db8::/32 is ignored: it is of another family than the ClusterIP\n" +
				"warn source-ranges: spec.loadBalancerSourceRanges: keep Pods out, too; add their range to let them in\n"},
		"source-ranges: nothing but the other family is denied": {Subject{Service: service(from("2001:db8::/32"))}, cloud,
			"deny source-ranges: spec.loadBalancerSourceRanges 2001:db8::/32 is of another family than the ClusterIP: it would let nobody in\n"},
		"source-ranges: everybody may come last": {Subject{Service: service(from("2001:db8::/32", "0.0.0.0/0"))}, cloud,
			"warn source-ranges: spec.loadBalancerSourceRanges 2001:db8::/32 is ignored: it is of another family than the ClusterIP\n"},
		"source-ranges: everybody is no restriction": {Subject{Service: service(from("0.0.0.0/0", "::/0"))}, cloud, ""},
		"source-ranges: ovn lets everybody in": {Subject{Service: service(from("203.0.113.0/24"), with(annotation.Provider.Key, "ovn"))}, cloud,
			"deny source-ranges: spec.loadBalancerSourceRanges 203.0.113.0/24 cannot be had from the provider ovn, which lets everybody in\n"},
		"source-ranges: what is no range is denied, in the old annotation too": {
			Subject{Service: service(with(corev1.AnnotationLoadBalancerSourceRangesKey, "203.0.113.0/24, home"))}, cloud,
			"deny source-ranges: service.beta.kubernetes.io/load-balancer-source-ranges home is not a range of addresses; write one like 203.0.113.0/24\n" +
				"warn source-ranges: service.beta.kubernetes.io/load-balancer-source-ranges: keep Pods out, too; add their range to let them in\n"},
		"source-ranges: a ClusterIP Service has none": {Subject{Service: service(plain, from("home"))}, cloud, ""},

		"load-balancer-ip: an odd spelling is denied": {Subject{Service: service(asking("172.24.4.013"))}, cloud,
			"deny load-balancer-ip: spec.loadBalancerIP 172.24.4.013 has leading zeros; write 172.24.4.13\n"},
		"load-balancer-ip: IPv6 is denied": {Subject{Service: service(asking("2001:db8::1"))}, cloud,
			"deny load-balancer-ip: spec.loadBalancerIP 2001:db8::1 is an IPv6 address; floating IPs are IPv4\n"},
		"load-balancer-ip: two addresses are one too many": {
			Subject{Service: service(with(annotation.LoadBalancerIP.Key, "172.24.4.20"))}, cloud,
			"deny load-balancer-ip: spec.loadBalancerIP 172.24.4.13 differs from octagate.dev/load-balancer-ip 172.24.4.20; remove one of the two\n"},
		"load-balancer-ip: the same address twice is fine": {
			Subject{Service: service(with(annotation.LoadBalancerIP.Key, "172.24.4.13"))}, cloud, ""},
		"load-balancer-ip: internal contradicts it": {Subject{Service: service(with(annotation.Internal.Key, "true"))}, cloud,
			"deny load-balancer-ip: spec.loadBalancerIP 172.24.4.13 contradicts octagate.dev/internal; remove one of the two\n"},
		"load-balancer-ip: a ClusterIP Service has no use for it": {Subject{Service: service(ofType(corev1.ServiceTypeClusterIP))}, cloud,
			"warn load-balancer-ip: spec.loadBalancerIP 172.24.4.13 has no effect: only type LoadBalancer gets an external IP\n"},

		"floating-ip-exists: a stranger is denied and friends are named": {Subject{Service: service(asking("172.24.4.99"))}, cloud,
			"deny floating-ip-exists: spec.loadBalancerIP 172.24.4.99 is not a floating IP of this project; free here: 172.24.4.13, 172.24.4.20\n"},
		"floating-ip-exists: without friends the command is named": {Subject{Service: service()}, taken,
			"deny floating-ip-exists: spec.loadBalancerIP 172.24.4.13 is not a floating IP of this project; none is free; try: openstack floating ip create " + external + "\n"},
		"floating-ip-exists: a silent cloud only warns": {Subject{Service: service()}, silent,
			"unsure floating-ip-exists: spec.loadBalancerIP 172.24.4.13 is unverified: OpenStack did not answer in time\n"},

		"floating-ip-free: one in use is denied": {Subject{Service: service(asking("172.24.4.30"))}, cloud,
			"deny floating-ip-free: spec.loadBalancerIP 172.24.4.30 is in use by 10.2.0.30; free here: 172.24.4.13, 172.24.4.20\n"},
		"floating-ip-free: one in use by this very VIP passes": {Subject{Service: service(asking("172.24.4.30"), clusterIPOf("10.2.0.30"))}, cloud, ""},
		"floating-ip-free: one in use by the VIP that is being left passes": {
			Subject{Service: service(asking("172.24.4.30")), Has: LoadBalancer{VIP: netip.MustParseAddr("10.2.0.30")}}, cloud, ""},
		"floating-ip-free: one in use by the load balancer that the Service left behind passes": {
			Subject{Service: service(asking("172.24.4.30"), clusterIPOf(""), ours), Old: service(ofType(corev1.ServiceTypeExternalName), clusterIPOf(""), ours)}, leftBehind, ""},
		"floating-ip-free: nobody knows whose load balancer it is in use by": {
			Subject{Service: service(asking("172.24.4.30"), ours)}, lacking(func(s *facts.Snapshot) { s.Balancers = nil }),
			"unsure floating-ip-free: spec.loadBalancerIP 172.24.4.30 is in use by 10.2.0.30; OpenStack does not say whether that is this Service's\n"},
		"floating-ip-free: a new Service left nothing behind": {
			Subject{Service: service(asking("172.24.4.30"))}, lacking(func(s *facts.Snapshot) { s.Balancers = nil }),
			"deny floating-ip-free: spec.loadBalancerIP 172.24.4.30 is in use by 10.2.0.30; free here: 172.24.4.13, 172.24.4.20\n"},
		"floating-ip-free: one of the pool is denied": {Subject{Service: service(asking("172.24.4.40"))}, cloud,
			"deny floating-ip-free: spec.loadBalancerIP 172.24.4.40 was allocated by octagate, which also releases it; free here: 172.24.4.13, 172.24.4.20\n"},

		"pool-configured: an external network of the author's own will do": {
			Subject{Service: service(asking(""), with(annotation.ExternalNetworkID.Key, external))}, cloud, ""},

		"annotation: an unknown key is denied": {Subject{Service: service(with("octagate.dev/load-balancer-ipp", "x"))}, cloud,
			`deny annotation: octagate.dev/load-balancer-ipp x is not an annotation of octagate; did you mean "load-balancer-ip"?` + "\n"},

		"every error is told at once": {Subject{Service: service(plain, clusterIPOf("10.99.0.1"), with(annotation.Internal.Key, "maybe"))}, cloud,
			"deny annotation: octagate.dev/internal maybe must be \"true\" or \"false\"\n" +
				"deny cluster-ip-range: spec.clusterIP 10.99.0.1 is outside the service range 10.2.0.0/17; choose one inside or leave it empty\n" +
				"warn without-effect: octagate.dev/internal: has no effect: only type LoadBalancer gets an external IP\n"},

		"an old fault is forgiven": {Subject{Service: service(label, asking("172.24.4.99")), Old: service(asking("172.24.4.99"))}, cloud,
			"forgiven floating-ip-exists: spec.loadBalancerIP 172.24.4.99 is not a floating IP of this project; free here: 172.24.4.13, 172.24.4.20\n"},
		"a new fault is not": {Subject{Service: service(asking("172.24.4.98")), Old: service(asking("172.24.4.99"))}, cloud,
			"deny floating-ip-exists: spec.loadBalancerIP 172.24.4.98 is not a floating IP of this project; free here: 172.24.4.13, 172.24.4.20\n"},

		"what was only warned of is not forgiven": {Subject{Service: service(onlyUDP), Old: service(plain, onlyUDP)}, cloud,
			"warn protocol: spec.ports[0]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\n" +
				"deny no-listener: spec.ports UDP/53 leaves nothing to balance: every port is ignored; add a TCP port or use type ClusterIP\n"},

		"fixed-once-built: before there is a load balancer all is open": {
			Subject{Service: service(with(annotation.Provider.Key, "ovn")), Old: service(with(annotation.Provider.Key, "nosuch"))}, cloud, ""},
		"fixed-once-built: the cloud's default is fixed, too": {
			Subject{Service: service(with(annotation.Provider.Key, "ovn")), Old: service(builtAlready, with(annotation.Verdict.Key, "accepted"))}, cloud,
			"deny fixed-once-built: octagate.dev/provider ovn cannot replace the cloud's default on an existing load balancer; make a new Service\n"},
		"fixed-once-built: another provider is denied": {
			Subject{Service: service(with(annotation.Provider.Key, "ovn")), Old: service(builtAlready, with(annotation.Provider.Key, "amphora"))}, cloud,
			"deny fixed-once-built: octagate.dev/provider ovn cannot replace amphora on an existing load balancer; make a new Service\n"},
		"fixed-once-built: another availability zone is denied": {
			Subject{Service: service(with(annotation.AvailabilityZone.Key, "east")), Old: service(builtAlready, with(annotation.Provider.Key, "amphora"), with(annotation.AvailabilityZone.Key, "west"))}, cloud,
			"deny fixed-once-built: octagate.dev/availability-zone east cannot replace west on an existing load balancer; make a new Service\n"},
		"fixed-once-built: leaving the pin out keeps it": {
			Subject{Service: service(), Old: service(builtAlready, with(annotation.Provider.Key, "ovn"))}, cloud, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			v := Evaluate(config, tt.subject, tt.known)
			fitting(t, v)
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPoolNeedsANetwork(t *testing.T) {
	cfg := config
	cfg.ExternalNetwork = ""
	want := `deny pool-configured: spec.loadBalancerIP: the cluster has no external network to allocate from; name a floating IP or set octagate.dev/internal: "true"` + "\n"
	if diff := cmp.Diff(want, told(Evaluate(cfg, Subject{Service: service(asking(""))}, cloud))); diff != "" {
		t.Error(diff)
	}
}

func TestServiceCIDRObjectsStandInForConfiguration(t *testing.T) {
	cfg := config
	cfg.ServiceCIDRs = nil
	subject := Subject{Service: service(plain, clusterIPOf("10.99.0.1"))}
	if v := Evaluate(cfg, subject, facts.Snapshot{}); v.Denied() {
		t.Errorf("nothing is known of the range, and yet: %s", told(v))
	}
	known := facts.Snapshot{ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17")}}
	if v := Evaluate(cfg, subject, known); !v.Early() {
		t.Errorf("10.99.0.1 is outside the ServiceCIDR objects, and yet: %q", told(v))
	}
}

func TestWhoIsManaged(t *testing.T) {
	for claim, tt := range map[string]struct {
		svc  *corev1.Service
		want bool
	}{
		"a ClusterIP Service":             {service(plain), true},
		"a LoadBalancer Service":          {service(), true},
		"not a headless one":              {service(plain, clusterIPOf(corev1.ClusterIPNone)), false},
		"not ExternalName":                {service(ofType(corev1.ServiceTypeExternalName)), false},
		"not NodePort":                    {service(ofType(corev1.ServiceTypeNodePort)), false},
		"not another load balancer class": {service(class("example.org/other")), false},
		"not default/kubernetes": {service(plain, func(s *corev1.Service) {
			s.Namespace, s.Name = "default", "kubernetes"
		}), false},
	} {
		t.Run(claim, func(t *testing.T) {
			if got := Evaluate(config, Subject{Service: tt.svc}, cloud).Managed; got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestPins(t *testing.T) {
	svc := service(port(corev1.ProtocolTCP, 443), port(corev1.ProtocolUDP, 53))
	want := map[string]string{
		"octagate.dev/verdict":        "accepted",
		"octagate.dev/load-balancer":  "shop/web",
		"octagate.dev/listeners":      "TCP/80,TCP/443",
		"octagate.dev/ignored-ports":  "UDP/53",
		"octagate.dev/external-ip":    "user/172.24.4.13",
		"octagate.dev/floating-ip-id": "1157e2fd-de64-492d-b955-88ea203b4c37",
		"octagate.dev/provider":       "amphora",
		"octagate.dev/vip-subnet-id":  serviceSubnet,
		"octagate.dev/member-mode":    "L3",
		"octagate.dev/policy":         config.digest(),
	}
	if diff := cmp.Diff(want, Evaluate(config, Subject{Service: svc}, cloud).Pins); diff != "" {
		t.Error(diff)
	}
}

// A bad choice must reach the validating call, and not be replaced by a good one.
func TestPinsReplaceNoChoiceOfTheAuthor(t *testing.T) {
	svc := service(with(annotation.Members.Key, "L4"), with(annotation.Verdict.Key, "forged"))
	v := Evaluate(config, Subject{Service: svc}, cloud)
	m := v.Pinned(svc.Annotations)
	if m[annotation.Members.Key] != "L4" || m[annotation.Verdict.Key] != "denied" {
		t.Errorf("got %v", m)
	}
}

// What stands on a Service before anything is built for it binds nobody.
func TestPinsCannotBePrepared(t *testing.T) {
	old := service(with(annotation.VIPSubnetID.Key, podSubnet), with(annotation.Verdict.Key, "accepted"))
	now := old.DeepCopy()
	plain(now)
	for claim, tt := range map[string]struct {
		subject Subject
		want    string
	}{
		"judged, but not built":                     {Subject{Service: now, Old: old}, serviceSubnet},
		"stored while nobody judged, and not built": {Subject{Service: old}, serviceSubnet},
		"built elsewhere":                           {Subject{Service: old, Has: LoadBalancer{Subnet: external}}, external},
		"built there, and here to stay":             {Subject{Service: old, Has: LoadBalancer{VIP: netip.MustParseAddr(old.Spec.ClusterIP), Subnet: external}}, external},
		"built at the address that it had before":   {Subject{Service: old, Has: LoadBalancer{VIP: netip.MustParseAddr("fd00:2::7"), Subnet: external}}, serviceSubnet},
		"built and updated":                         {Subject{Service: now, Old: service(builtAlready, with(annotation.VIPSubnetID.Key, podSubnet))}, podSubnet},
	} {
		if got := Evaluate(config, tt.subject, cloud).Intent.VIPSubnet; got != tt.want {
			t.Errorf("%s: the VIP would be in %s", claim, got)
		}
	}
}

// What has no address passes the webhook by, so that what is written there is anybody's word.
func TestNothingIsDecidedForWhatHasNoAddress(t *testing.T) {
	for claim, without := range map[string]edit{"ExternalName": ofType(corev1.ServiceTypeExternalName), "headless": clusterIPOf(corev1.ClusterIPNone)} {
		forged := service(builtAlready, without, with(annotation.Verdict.Key, "accepted"), with(annotation.VIPSubnetID.Key, podSubnet), with(annotation.Provider.Key, "forged"))
		known := but(cloud, offering)
		now := service(plain, func(s *corev1.Service) { s.Annotations = maps.Clone(forged.Annotations) })
		v := Evaluate(config, Subject{Service: now, Old: forged}, known)
		if v.Intent.VIPSubnet != serviceSubnet || !v.Denies("provider-exists") {
			t.Errorf("%s: the VIP is in %s: %s", claim, v.Intent.VIPSubnet, told(v))
		}
	}
}

func TestTheVerdictInOneWord(t *testing.T) {
	bad := service(asking("172.24.4.99"))
	for claim, tt := range map[string]struct {
		subject Subject
		known   facts.Snapshot
		want    string
	}{
		"good":           {Subject{Service: service()}, cloud, "accepted"},
		"warned":         {Subject{Service: service(port(corev1.ProtocolUDP, 53))}, cloud, "accepted"},
		"denied":         {Subject{Service: bad}, cloud, "denied"},
		"forgiven":       {Subject{Service: bad, Old: bad}, cloud, "denied"},
		"a silent cloud": {Subject{Service: bad}, facts.Snapshot{}, "unverified"},
	} {
		if got := Evaluate(config, tt.subject, tt.known).Pins[annotation.Verdict.Key]; got != tt.want {
			t.Errorf("%s: got %s", claim, got)
		}
	}
}

func TestStale(t *testing.T) {
	v := Evaluate(config, Subject{Service: service()}, cloud)
	for claim, tt := range map[string]struct {
		edit func(map[string]string)
		want bool
	}{
		"what was just pinned is not":           {func(map[string]string) {}, false},
		"a missing verdict is":                  {func(m map[string]string) { delete(m, annotation.Verdict.Key) }, true},
		"a missing pin is":                      {func(m map[string]string) { delete(m, annotation.Listeners.Key) }, true},
		"another pin is":                        {func(m map[string]string) { m[annotation.Listeners.Key] = "TCP/1" }, true},
		"a pin too many is":                     {func(m map[string]string) { m[annotation.IgnoredPorts.Key] = "UDP/53" }, true},
		"another verdict is a thing of the day": {func(m map[string]string) { m[annotation.Verdict.Key] = "unverified" }, false},
		"other people's keys are theirs":        {func(m map[string]string) { m["example.org/x"] = "y" }, false},
	} {
		m := v.Pinned(nil)
		tt.edit(m)
		if got := v.Stale(m); got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}

func TestMessagesFitIntoAWarning(t *testing.T) {
	for _, svc := range []*corev1.Service{service(asking("172.24.4.99")), service(onlyUDP), service(asking(""), plain, clusterIPOf("10.99.0.1"))} {
		for _, f := range Evaluate(config, Subject{Service: svc}, cloud).Findings {
			if len(f.Message) > 120 {
				t.Errorf("%d characters: %s", len(f.Message), f.Message)
			}
		}
	}
}

func TestManyWarningsAreCutShort(t *testing.T) {
	svc := service()
	for n := range int32(99) {
		port(corev1.ProtocolUDP, n+1)(svc)
	}
	ws := Evaluate(config, Subject{Service: svc}, cloud).Warnings()
	if len(ws) != mostWarnings+1 || ws[mostWarnings] != "and 87 more warnings like these" {
		t.Errorf("%d warnings, the last: %s", len(ws), ws[len(ws)-1])
	}
}

// anyService draws Services that are good, bad and odd.
func anyService(t *rapid.T) *corev1.Service {
	svc := service(
		ofType(rapid.SampledFrom([]corev1.ServiceType{"", corev1.ServiceTypeClusterIP, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort}).Draw(t, "type")),
		clusterIPOf(rapid.SampledFrom([]string{"", "10.2.0.7", "10.99.0.1", "None", "junk"}).Draw(t, "clusterIP")),
		asking(rapid.SampledFrom([]string{"", "172.24.4.13", "172.24.4.30", "172.24.4.99", "172.24.4.013", "::1"}).Draw(t, "loadBalancerIP")))
	for _, p := range rapid.SliceOfN(rapid.SampledFrom([]corev1.Protocol{"TCP", "UDP", "SCTP", ""}), 0, 4).Draw(t, "protocols") {
		port(p, rapid.Int32Range(1, 65535).Draw(t, "port"))(svc)
	}
	for _, e := range annotation.All() {
		if v := rapid.SampledFrom([]string{"", "-", "true", "L2", "ovn", external}).Draw(t, e.Key); v != "-" && e.Authored() {
			svc.Annotations[e.Key] = v
		}
	}
	return svc
}

func accepted(svc *corev1.Service) bool {
	return !Evaluate(config, Subject{Service: svc}, cloud).Denied()
}

// Pinning is permanent: what was decided is decided again, whatever the
// operator has changed since.
func TestPinsOutliveConfiguration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		svc := rapid.Custom(anyService).Filter(accepted).Draw(t, "service")
		before := Evaluate(config, Subject{Service: svc}, cloud)
		stored := svc.DeepCopy()
		stored.Annotations = before.Pinned(svc.Annotations)
		later := config
		later.Provider, later.Flavor, later.ServiceSubnet, later.MemberMode = "ovn", external, podSubnet, annotation.L2
		for _, cfg := range []Config{config, later} {
			after := Evaluate(cfg, Subject{Service: stored, Has: LoadBalancer{Subnet: before.Intent.VIPSubnet}}, cloud)
			for _, m := range []map[string]string{before.Pins, after.Pins} {
				delete(m, annotation.Policy.Key)
			}
			before.Intent.MemberSubnet, after.Intent.MemberSubnet = "", ""
			if diff := cmp.Diff(before, after, cmp.AllowUnexported(Finding{}), cmp.Comparer(samePath), cmp.Comparer(sameAddress)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func samePath(a, b *field.Path) bool   { return a.String() == b.String() }
func sameAddress(a, b netip.Addr) bool { return a == b }

// Evaluate leaves what it is given alone.
func TestEvaluateMutatesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		svc, old := anyService(t), anyService(t)
		s, o := svc.DeepCopy(), old.DeepCopy()
		annotations := maps.Clone(svc.Annotations)
		v := Evaluate(config, Subject{Service: svc, Old: old}, cloud)
		v.Pinned(svc.Annotations)
		if diff := cmp.Diff([]*corev1.Service{s, o}, []*corev1.Service{svc, old}); diff != "" {
			t.Fatal(diff)
		}
		if !maps.Equal(annotations, svc.Annotations) {
			t.Fatal("annotations were written to")
		}
	})
}
