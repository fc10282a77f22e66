package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// staying has clients stay with their Pods for so many seconds.
func staying(seconds int32) edit {
	return func(s *corev1.Service) {
		s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		s.Spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
	}
}

// What a load balancer does not do is told, and stands in nobody's way.
func TestWhatIsIgnoredIsTold(t *testing.T) {
	outside := func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.7", "192.0.2.8"} }
	for claim, tt := range map[string]struct {
		service *corev1.Service
		want    string
	}{
		"session-affinity: a timeout of the author's is ignored": {service(staying(600)),
			"warn session-affinity: spec.sessionAffinityConfig.clientIP.timeoutSeconds 600 is ignored: persistence by source IP has no timeout in Octavia\n"},
		"session-affinity: the longest, too": {service(staying(86400)),
			"warn session-affinity: spec.sessionAffinityConfig.clientIP.timeoutSeconds 86400 is ignored: persistence by source IP has no timeout in Octavia\n"},
		"session-affinity: nobody chose the usual one": {service(staying(10800)), ""},
		"session-affinity: without a timeout nothing is ignored": {
			service(func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }), ""},
		"external-ips: they lead past the load balancer": {service(plain, outside),
			"warn external-ips: spec.externalIPs: are not served by the load balancer, and deprecated since Kubernetes 1.36; use type LoadBalancer\n"},
		"external-ips: also of a LoadBalancer": {service(outside),
			"warn external-ips: spec.externalIPs: are not served by the load balancer, and deprecated since Kubernetes 1.36; use a floating IP\n"},
	} {
		v := Evaluate(config, Subject{Service: tt.service}, cloud)
		if diff := cmp.Diff(tt.want, told(v)); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
		fitting(t, v)
	}
}
