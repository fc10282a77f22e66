package preflight

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/ground"
)

func TestGoodGroundPasses(t *testing.T) {
	for layout, k := range map[string]*known{"two subnets": good(), "one subnet": oneSubnet()} {
		for _, r := range Run(k.ground()) {
			switch {
			case layout == "one subnet" && r.Check == "topology" && r.Severity == Unchecked:
			case r.Severity != Passed:
				t.Errorf("%s: %s", layout, r)
			case strings.Contains(r.String(), "%!") || r.Found == "" && r.Expected == "":
				t.Errorf("%s: says nothing: %q", layout, r)
			}
		}
	}
}

// What is not known does not pass, whatever is asked.
func TestUnknownGroundIsNotChecked(t *testing.T) {
	whole := Ground{ClusterName: "production", Policy: policy.Config{
		ServiceSubnet: "s", PodSubnet: "p", ExternalNetwork: "n", ExternalSubnet: "e", Flavor: "f", Zone: "z",
		ServiceCIDRs: []netip.Prefix{prefix("10.2.0.0/17")}, MemberMode: annotation.L2,
	}}
	for _, r := range Run(whole) {
		if r.Severity != Unchecked || r.Found == "" {
			t.Errorf("%s", r)
		}
	}
}

// Facts are needed one by one: with any one of them missing nobody is accused of what it
// would have shown.
func TestOneMissingFactAccusesNobody(t *testing.T) {
	for name, forget := range map[string]func(*Ground){
		"ports":          func(g *Ground) { g.Cloud.Ports = ground.Unknown[[]ground.Port]("away") },
		"load balancers": func(g *Ground) { g.Cloud.Balancers = ground.Unknown[[]ground.Balancer]("away") },
		"routers":        func(g *Ground) { g.Cloud.Routers = ground.Unknown[map[string]ground.Router]("away") },
		"groups":         func(g *Ground) { g.Cloud.Groups = ground.Unknown[map[string]ground.Group]("away") },
		"subnets":        func(g *Ground) { g.Cloud.Subnets = ground.Unknown[map[string]ground.Subnet]("away") },
		"networks":       func(g *Ground) { g.Cloud.Networks = ground.Unknown[map[string]ground.Network]("away") },
		"floating IPs":   func(g *Ground) { g.Cloud.FloatingIPs = ground.Unknown[[]ground.FloatingIP]("away") },
		"the cluster":    func(g *Ground) { g.Cluster = Cluster{} },
	} {
		g := good().ground()
		forget(&g)
		unchecked := 0
		for _, r := range Run(g) {
			switch r.Severity {
			case Unchecked:
				unchecked++
			case Warning, Failure:
				t.Errorf("without %s: %s", name, r)
			}
		}
		if unchecked == 0 {
			t.Errorf("without %s everything passes", name)
		}
	}
}

func TestAllIsTheWorst(t *testing.T) {
	r := all([]Result{
		passed("a", "fine"), found(Warning, "b", "odd").or("do 1"), found(Failure, "c", "bad").or("do 2"), found(Failure, "c", "worse").or("do 2"),
	})
	if got, want := r.String(), ": failure: bad; worse; expected: c"; got != want || strings.Join(r.Repair, ",") != "do 1,do 2" {
		t.Errorf("%s %q", got, r.Repair)
	}
	if got := some([]string{"1", "2", "3", "4", "5", "6", "7"}); got != "1, 2, 3, 4, 5 and 2 more" {
		t.Error(got)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int{
		"10.0.0.1-10.0.0.1": 1, "10.0.0.255-10.0.1.0": 2, "10.1.0.1-10.1.255.253": 65533, "fd00::-fd00::ffff": 65536, "fd00::1-fd01::": crowd,
	} {
		first, last, _ := strings.Cut(text, "-")
		if got := size(span(first, last)); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
}
