package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// What an Octavia is too old for is refused, and says since when there is any; where the
// version is not known, nothing is.
func TestWhatAnOldOctaviaDoesNotHave(t *testing.T) {
	cfg := config
	cfg.Protocols = []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolSCTP}
	for claim, tt := range map[string]struct {
		minor   int
		service *corev1.Service
		want    string
	}{
		"tags came with 2.5": {4, service(with(annotation.Tags.Key, "shop")),
			"deny capability: octagate.dev/tags shop cannot be had from Octavia's API v2.4: it came with v2.5; leave it out\n"},
		"and are there since": {5, service(with(annotation.Tags.Key, "shop")), ""},
		"source ranges came with 2.12": {11, service(from("203.0.113.0/24")),
			"deny source-ranges: spec.loadBalancerSourceRanges 203.0.113.0/24 cannot be had from Octavia's API v2.11: it came with v2.12\n"},
		"the newer PROXY protocol came with 2.22": {21, service(with(annotation.ProxyProtocol.Key, "v2")),
			"deny capability: octagate.dev/proxy-protocol v2 cannot be had from Octavia's API v2.21: it came with v2.22; leave it out\n"},
		"and the elder was there": {21, service(with(annotation.ProxyProtocol.Key, "v1")), ""},
		"SCTP came with 2.23": {22, service(port(corev1.ProtocolSCTP, 9), port(corev1.ProtocolUDP, 53)),
			"deny capability: spec.ports[1] SCTP cannot be had from Octavia's API v2.22: it came with v2.23; tell the operator\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			known := cloud
			known.Octavia = facts.Version{Major: 2, Minor: tt.minor}
			if diff := cmp.Diff(tt.want, told(Evaluate(cfg, Subject{Service: tt.service}, known))); diff != "" {
				t.Error(diff)
			}
			if v := Evaluate(cfg, Subject{Service: tt.service}, facts.Snapshot{FloatingIPs: cloud.FloatingIPs}); v.Denied() {
				t.Errorf("nobody knows the version: %s", told(v))
			}
		})
	}
}

func TestWhatOVNIgnoresIsTold(t *testing.T) {
	svc := service(with(annotation.Provider.Key, "ovn"), with(annotation.TimeoutClientData.Key, "1h"), with(annotation.ConnectionLimit.Key, "9"),
		with(annotation.Members.Key, "L3"))
	want := "warn capability: octagate.dev/connection-limit 9 is ignored by the provider ovn\n" +
		"warn capability: octagate.dev/timeout-client-data 1h is ignored by the provider ovn\n" +
		"warn capability: octagate.dev/member-mode L3 is taken for L2: the provider ovn reaches no members through a router\n"
	v := Evaluate(config, Subject{Service: svc}, cloud)
	if diff := cmp.Diff(want, told(v)); diff != "" {
		t.Error(diff)
	}
	if v.Intent.MemberSubnet != podSubnet {
		t.Errorf("members are looked for in %s", v.Intent.MemberSubnet)
	}
}

// Octavia answers 501 to a health monitor of SCTP for the provider ovn.
func TestOVNAsksNoMembersOfSCTP(t *testing.T) {
	cfg := config
	cfg.Protocols = []corev1.Protocol{corev1.ProtocolSCTP}
	svc := func(monitor string) *corev1.Service {
		return service(port(corev1.ProtocolSCTP, 9), with(annotation.Provider.Key, "ovn"), with(annotation.HealthMonitor.Key, monitor))
	}
	want := `deny capability: spec.ports[1] SCTP has no health monitor with the provider ovn; set octagate.dev/health-monitor: "false"` + "\n"
	if diff := cmp.Diff(want, told(Evaluate(cfg, Subject{Service: svc("true")}, cloud))); diff != "" {
		t.Error(diff)
	}
	if v := Evaluate(cfg, Subject{Service: svc("false")}, cloud); v.Denied() {
		t.Error(told(v))
	}
}

// Every feature has a row, and somebody who has it.
func TestTheMatrixIsWhole(t *testing.T) {
	for f, c := range capabilities {
		if c.since < 0 || c.since > 26 || c.amphora == no && c.ovn == no {
			t.Errorf("%s: %+v", f, c)
		}
	}
}
