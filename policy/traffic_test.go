package policy

import (
	"cmp"
	"net/netip"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

func sticky(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }

func TestTraffic(t *testing.T) {
	usual := config
	patient := usual
	patient.Timeouts.MemberData, patient.Algorithm = time.Hour, annotation.SourceIP
	only := usual
	only.Algorithm = annotation.SourceIPPort
	watchful := usual
	watchful.Monitored, watchful.Monitor = true, UsualMonitor
	prefixes := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	for claim, tt := range map[string]struct {
		config  Config
		service *corev1.Service
		want    Traffic
	}{
		"what nobody chose is as Octavia has it": {usual, service(), Traffic{Algorithm: annotation.RoundRobin}},
		"the operator chooses": {patient, service(),
			Traffic{Algorithm: annotation.SourceIP, Timeouts: Timeouts{MemberData: time.Hour}}},
		"the author chooses more closely": {patient, service(
			with(annotation.LBAlgorithm.Key, "LEAST_CONNECTIONS"), with(annotation.ConnectionLimit.Key, "100"),
			with(annotation.TimeoutClientData.Key, "1s"), with(annotation.TimeoutMemberData.Key, "2s"),
			with(annotation.TimeoutMemberConnect.Key, "3s"), with(annotation.TimeoutTCPInspect.Key, "4ms")),
			Traffic{Algorithm: annotation.LeastConnections, ConnectionLimit: 100,
				Timeouts: Timeouts{time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Millisecond}}},
		"ovn has an algorithm of its own": {patient, service(with(annotation.Provider.Key, "ovn")),
			Traffic{Algorithm: annotation.SourceIPPort, Timeouts: patient.Timeouts}},
		"a health monitor is asked for": {watchful, service(with(annotation.HealthMonitorMaxRetries.Key, "1")),
			Traffic{Algorithm: annotation.RoundRobin, Monitor: Monitor{10 * time.Second, 5 * time.Second, 1, 3}}},
		"and can be done without": {watchful, service(with(annotation.HealthMonitor.Key, "false")),
			Traffic{Algorithm: annotation.RoundRobin}},
		"members are told who the client is": {usual, service(with(annotation.ProxyProtocol.Key, "v2")),
			Traffic{Algorithm: annotation.RoundRobin, Proxy: annotation.ProxyV2}},
		"clients stay with their Pods": {usual, service(sticky),
			Traffic{Algorithm: annotation.RoundRobin, Sticky: true}},
		"sources are in order, masked, each once": {usual, service(from("203.0.113.9/24", " 198.51.100.0/24 ", "203.0.113.0/24")),
			Traffic{Algorithm: annotation.RoundRobin, Sources: prefixes("198.51.100.0/24", "203.0.113.0/24")}},
		"who cannot come is left out": {usual, service(from("2001:db8::/32", "203.0.113.0/24")),
			Traffic{Algorithm: annotation.RoundRobin, Sources: prefixes("203.0.113.0/24")}},
		"a provider balances by what it has": {only, service(), Traffic{Algorithm: annotation.RoundRobin}},
		"everybody is no restriction": {usual, service(from("203.0.113.0/24", "0.0.0.0/0")),
			Traffic{Algorithm: annotation.RoundRobin}},
		"the field wins over the old annotation": {usual,
			service(from("203.0.113.0/24"), with(corev1.AnnotationLoadBalancerSourceRangesKey, "198.51.100.0/24")),
			Traffic{Algorithm: annotation.RoundRobin, Sources: prefixes("203.0.113.0/24")}},
	} {
		t.Run(claim, func(t *testing.T) {
			tt.want.Proxy = cmp.Or(tt.want.Proxy, annotation.NoProxy)
			got := Evaluate(tt.config, Subject{Service: tt.service}, cloud).Intent.Traffic
			if diff := gocmp.Diff(tt.want, got, gocmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}
