package policy

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

func identity(uid types.UID) edit { return func(s *corev1.Service) { s.UID = uid } }

func TestClaims(t *testing.T) {
	address := netip.MustParseAddr("172.24.4.13")
	mine, theirs := facts.Claim{Service: "b", Name: "shop/web"}, facts.Claim{Service: "a", Name: "shop/other"}
	const refused = "deny floating-ip-claimed: spec.loadBalancerIP 172.24.4.13 is claimed by Service shop/other; free here: 172.24.4.20\n"
	held := facts.FloatingIP{ID: "1157e2fd-de64-492d-b955-88ea203b4c37", Address: address, Network: external, Port: "p", FixedIP: netip.MustParseAddr("10.2.0.7")}
	for claim, tt := range map[string]struct {
		claims []facts.Claim
		fip    *facts.FloatingIP
		want   string
	}{
		"nobody else does":                     {nil, nil, ""},
		"one's own claim is no matter":         {[]facts.Claim{mine}, nil, ""},
		"somebody did before":                  {[]facts.Claim{theirs}, nil, refused},
		"of two that are stored the elder's":   {[]facts.Claim{mine, theirs}, nil, ""},
		"and not the younger's":                {[]facts.Claim{theirs, mine}, nil, refused},
		"unless it has the floating IP by now": {[]facts.Claim{theirs, mine}, &held, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			known := cloud
			known.Claims = map[netip.Addr][]facts.Claim{address: tt.claims}
			if tt.fip != nil {
				known.FloatingIPs = floatingIPs(*tt.fip)
			}
			if diff := cmp.Diff(tt.want, told(Evaluate(config, Subject{Service: service(identity("b"))}, known))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoClaims(t *testing.T) {
	for claim, tt := range map[string]struct {
		svc  *corev1.Service
		want bool
	}{
		"who names an address":          {service(), true},
		"or writes it as an annotation": {service(asking(""), with(annotation.LoadBalancerIP.Key, "172.24.4.13")), true},
		"not who names none":            {service(asking("")), false},
		"not who misspells it":          {service(asking("172.24.4.013")), false},
		"not a ClusterIP Service":       {service(ofType(corev1.ServiceTypeClusterIP)), false},
		"not who is not ours":           {service(class("example.org/other")), false},
		"not who stays inside":          {service(with(annotation.Internal.Key, "true")), false},
	} {
		if _, got := Claim(config, tt.svc); got != tt.want {
			t.Errorf("%s: %v", claim, got)
		}
	}
}

func TestFloatingIPsAreKeptForNamespaces(t *testing.T) {
	known := cloud
	known.FloatingIPs = floatingIPs(
		facts.FloatingIP{ID: "1157e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("172.24.4.13"), Network: external, Namespaces: []string{"pay", "bank"}},
		facts.FloatingIP{ID: "2257e2fd-de64-492d-b955-88ea203b4c37", Address: netip.MustParseAddr("172.24.4.20"), Network: external, Namespaces: []string{"shop"}},
	)
	want := "deny floating-ip-allowed: spec.loadBalancerIP 172.24.4.13 is kept for the namespace bank or pay; free here: 172.24.4.20\n"
	if diff := cmp.Diff(want, told(Evaluate(config, Subject{Service: service()}, known))); diff != "" {
		t.Error(diff)
	}
	if v := Evaluate(config, Subject{Service: service(asking("172.24.4.20"))}, known); v.Denied() {
		t.Error(told(v))
	}
}
