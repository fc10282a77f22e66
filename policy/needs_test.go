package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

func TestNeeds(t *testing.T) {
	for claim, tt := range map[string]struct {
		config Config
		want   []string
	}{
		"tags mark what is ours": {Config{}, []string{"tags v2.5"}},
		"protocols": {Config{Protocols: []corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolUDP}},
			[]string{"tags v2.5", "UDP ports v2.1", "SCTP ports v2.23"}},
		"two families":      {Config{ServiceSubnetV6: "a"}, []string{"tags v2.5", "a second address v2.26"}},
		"ovn has one way":   {Config{Provider: "ovn"}, []string{"tags v2.5", "SOURCE_IP_PORT v2.13"}},
		"flavors and zones": {Config{Flavor: "a", Zone: "b"}, []string{"tags v2.5", "flavors v2.6", "availability zones v2.14"}},
		"timeouts":          {Config{Timeouts: Timeouts{ClientData: 1}}, []string{"tags v2.5", "timeouts v2.1"}},
	} {
		var got []string
		for _, n := range tt.config.Needs() {
			got = append(got, n.What+" "+n.Since.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

func TestUnfit(t *testing.T) {
	for claim, tt := range map[string]struct {
		config   Config
		provider string
		want     map[string]string
	}{
		"amphora takes what is usual":        {Config{Algorithm: annotation.RoundRobin}, "amphora", nil},
		"amphora has no SOURCE_IP_PORT":      {Config{Algorithm: annotation.SourceIPPort}, "amphora", map[string]string{"octavia.algorithm": "ROUND_ROBIN"}},
		"ovn has nothing else":               {Config{Provider: "ovn", Algorithm: annotation.RoundRobin}, "ovn", map[string]string{"octavia.algorithm": "SOURCE_IP_PORT"}},
		"ovn by name is known to need L2":    {Config{Provider: "ovn", MemberMode: annotation.L3}, "ovn", nil},
		"ovn by chance is not":               {Config{}, "ovn", map[string]string{"octavia.provider": "ovn"}},
		"ovn has no health monitors of SCTP": {Config{Provider: "ovn", Monitored: true, Protocols: []corev1.Protocol{corev1.ProtocolSCTP}}, "ovn", map[string]string{"octavia.healthMonitor.enabled": "false"}},
	} {
		got := tt.config.Unfit(tt.provider)
		if tt.want == nil {
			tt.want = map[string]string{}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}
