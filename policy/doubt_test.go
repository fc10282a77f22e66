package policy

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// What rests on what is old is no denial, and what does not is one all the same.
func TestNobodyIsDeniedOnOldEvidence(t *testing.T) {
	all := facts.FloatingIPs | facts.Subnets | facts.Ports | facts.Balancers | facts.Externals | facts.Routes | facts.Octavia
	for claim, tt := range map[string]struct {
		svc  *corev1.Service
		old  facts.Kinds
		want Severity
	}{
		"an address that is not there":         {service(asking("172.24.4.99")), facts.FloatingIPs, Unsure},
		"one that is in use":                   {service(asking("172.24.4.30")), all, Unsure},
		"one on a network that is not reached": {service(asking("203.0.113.5")), facts.Routes, Unsure},
		"one while something else is old":      {service(asking("172.24.4.99")), facts.Subnets | facts.Ports, Deny},
		"one while nothing is":                 {service(asking("172.24.4.99")), 0, Deny},
		"a server's ClusterIP":                 {service(plain, clusterIPOf("10.2.0.50")), facts.Ports, Unsure},
		"the gateway":                          {service(plain, clusterIPOf("10.2.255.254")), all, Deny}, // outside the service range, too
		"what needs no cloud":                  {service(asking("nonsense")), all, Deny},
	} {
		known := cloud
		known.Old = tt.old
		v := Evaluate(config, Subject{Service: tt.svc}, known)
		if len(v.Findings) == 0 || v.Findings[0].Severity != tt.want {
			t.Errorf("%s: got %s", claim, told(v))
		}
		if v.Doubts() == (facts.Question{}) && tt.want == Unsure {
			t.Errorf("%s: a fresh look would be of no use", claim)
		}
		fitting(t, v)
		fitting(t, v.Strict())
	}
}

// The cloud is asked for one floating IP, not for all, where it is about one; and what it says
// of that one is held against nobody who names another.
func TestDoubtsAreAboutTheAddressThatIsNamed(t *testing.T) {
	named := func(kinds facts.Kinds, address string) facts.Question {
		return facts.Question{Kinds: kinds, FloatingIP: netip.MustParseAddr(address)}
	}
	const external = facts.Externals | facts.Routes
	for claim, tt := range map[string]struct {
		svc   *corev1.Service
		known facts.Snapshot
		want  facts.Question
	}{
		"a good one":                           {service(asking("172.24.4.13")), cloud, facts.Question{}},
		"one that is not there":                {service(asking("172.24.4.99")), cloud, named(external, "172.24.4.99")},
		"one in an annotation":                 {service(asking(""), with(annotation.LoadBalancerIP.Key, "172.24.4.99")), cloud, named(external, "172.24.4.99")},
		"one in use":                           {service(asking("172.24.4.30")), cloud, named(external|facts.Balancers, "172.24.4.30")},
		"one of which nobody knows":            {service(asking("172.24.4.13")), facts.Snapshot{}, named(external, "172.24.4.13")},
		"one of IPv6, of which there are none": {service(asking("2001:db8::1")), cloud, facts.Question{}},
		"one that is misspelt":                 {service(asking("172.24.4.013")), cloud, facts.Question{}},
		"a network that is not reached":        {service(asking("")), lacking(func(s *facts.Snapshot) { s.Routes = map[string]bool{} }), facts.Question{Kinds: external}},
		"the number of floating IPs":           {service(asking("")), limited(4, 4), facts.Question{Kinds: facts.FloatingIPs | facts.FloatingIPLimit}},
	} {
		v := Evaluate(config, Subject{Service: tt.svc}, tt.known)
		if diff := cmp.Diff(tt.want, v.Doubts(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s%s", claim, diff, told(v))
		}
	}
	asked := cloud
	asked.Old, asked.Asked = facts.FloatingIPs, map[netip.Addr]facts.FloatingIP{netip.MustParseAddr("172.24.4.99"): {}}
	for address, want := range map[string]Severity{"172.24.4.99": Deny, "172.24.4.98": Unsure, "172.24.4.30": Unsure} {
		if v := Evaluate(config, Subject{Service: service(asking(address))}, asked); len(v.Findings) != 1 || v.Findings[0].Severity != want {
			t.Errorf("%s: got %s", address, told(v))
		}
	}
}

// Where nothing is stored that is not verified, what was stored before may be changed.
func TestStrictness(t *testing.T) {
	known := cloud
	known.Old = facts.FloatingIPs
	bad, silent := asking("172.24.4.99"), facts.Snapshot{}
	for claim, tt := range map[string]struct {
		subject Subject
		known   facts.Snapshot
		denied  bool
	}{
		"a new one":                       {Subject{Service: service(bad)}, known, true},
		"a new one of which nobody knows": {Subject{Service: service()}, silent, true},
		"a good one":                      {Subject{Service: service()}, known, false},
		"the same as before":              {Subject{Service: service(bad, label), Old: service(bad)}, known, false},
		"the same, and nobody knows":      {Subject{Service: service(label), Old: service()}, silent, false},
		"another than before":             {Subject{Service: service(bad), Old: service()}, known, true},
		"one that was internal before":    {Subject{Service: service(bad), Old: service(plain)}, known, true},
		"one that is internal now":        {Subject{Service: service(plain), Old: service(bad)}, known, false},
	} {
		v := Evaluate(config, tt.subject, tt.known)
		if v.Denied() {
			t.Errorf("%s: denied without strictness: %s", claim, told(v))
		}
		strict := v.Strict()
		if strict.Denied() != tt.denied || tt.denied && !strings.Contains(told(strict), "; apply once OpenStack answers") {
			t.Errorf("%s: got %s", claim, told(strict))
		}
		if v.Denied() {
			t.Errorf("%s: the first verdict was changed", claim)
		}
	}
	if v := Undecided(); v.Answer() != annotation.Unverified {
		t.Errorf("got %s", v.Answer())
	}
}
