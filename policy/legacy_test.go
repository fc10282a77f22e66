package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

// Where load balancers are LBaaS v2's, what only Octavia has is refused, or ignored as the
// reference has it.
func TestWhatLBaaSv2DoesNotHave(t *testing.T) {
	cfg := config
	cfg.Legacy, cfg.Provider, cfg.Protocols = true, "", []corev1.Protocol{corev1.ProtocolUDP}
	refused := func(key, value string) string {
		return "deny capability: " + key + " " + value + " cannot be had from LBaaS v2; leave it out\n"
	}
	for claim, tt := range map[string]struct {
		service *corev1.Service
		want    string
	}{
		"what it has passes": {service(speaking("https"), with(annotation.LBAlgorithm.Key, "SOURCE_IP"), with(annotation.ConnectionLimit.Key, "9"),
			with(annotation.TLSContainerRef.Key, certificate), with(annotation.HealthMonitor.Key, "true"), sticky), ""},
		"to ask for nothing passes": {service(with(annotation.Tags.Key, ""), with(annotation.XForwardedFor.Key, "false"),
			with(annotation.ProxyProtocol.Key, "none"), from("0.0.0.0/0")), ""},
		"UDP is ignored, whatever the operator wants": {service(port(corev1.ProtocolUDP, 53)),
			"warn protocol: spec.ports[1]: UDP/53 is ignored: it gets no listener, only TCP ports are balanced\n"},
		"source ranges": {service(from("203.0.113.0/24")),
			"deny source-ranges: spec.loadBalancerSourceRanges 203.0.113.0/24 cannot be had from LBaaS v2\n"},
		"timeouts": {service(with(annotation.TimeoutClientData.Key, "1h"), with(annotation.TimeoutMemberConnect.Key, "5s"),
			with(annotation.TimeoutMemberData.Key, "1h"), with(annotation.TimeoutTCPInspect.Key, "1s")),
			refused(annotation.TimeoutClientData.Key, "1h") + refused(annotation.TimeoutMemberData.Key, "1h") +
				refused(annotation.TimeoutMemberConnect.Key, "5s") + refused(annotation.TimeoutTCPInspect.Key, "1s")},
		"tags":                 {service(with(annotation.Tags.Key, "shop")), refused(annotation.Tags.Key, "shop")},
		"a flavor":             {service(with(annotation.FlavorID.Key, external)), refused(annotation.FlavorID.Key, external)},
		"a zone":               {service(with(annotation.AvailabilityZone.Key, "east")), refused(annotation.AvailabilityZone.Key, "east")},
		"the PROXY protocol":   {service(with(annotation.ProxyProtocol.Key, "v1")), refused(annotation.ProxyProtocol.Key, "v1")},
		"X-Forwarded-For":      {service(speaking("http"), with(annotation.XForwardedFor.Key, "true")), refused(annotation.XForwardedFor.Key, "true")},
		"the algorithm of ovn": {service(with(annotation.LBAlgorithm.Key, "SOURCE_IP_PORT")), refused(annotation.LBAlgorithm.Key, "SOURCE_IP_PORT")},
		"what is no value at all is told once": {service(with(annotation.TimeoutClientData.Key, "1")),
			"deny annotation: octagate.dev/timeout-client-data 1 must be a time with its unit, from 1ms to 24h, such as 50s\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			v := Evaluate(cfg, Subject{Service: tt.service}, cloud)
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
