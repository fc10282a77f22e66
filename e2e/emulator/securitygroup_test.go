package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
)

// passages are the incoming traffic that a group lets in: "tcp 80 from 10.0.0.0/8".
func (c client) passages(group string) []string {
	c.t.Helper()
	rules := c.call("GET", neutron+"security-group-rules?direction=ingress&security_group_id="+group, nil).want(200).at("security_group_rules").([]any)
	var all []string
	for _, rule := range rules {
		r := rule.(object)
		all = append(all, fmt.Sprint(r["protocol"], " ", r["port_range_min"], " from ", r["remote_ip_prefix"]))
	}
	slices.Sort(all)
	return all
}

func TestTheSecurityGroupOfALoadBalancerFollowsItsListeners(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	b := demo.build()
	group := admin.call("GET", neutron+"security-groups?name=lb-"+b.lb, nil).want(200).id("security_groups.0.id")
	demo.call("GET", neutron+"ports/"+b.port, nil).want(200, group)
	if diff := cmp.Diff([]string{"tcp 1025 from <nil>", "tcp 80 from <nil>"}, admin.passages(group)); diff != "" {
		t.Error(diff)
	}

	ranges := object{"listener": object{"allowed_cidrs": []string{"10.0.0.0/8", "192.0.2.0/24"}}}
	demo.call("PUT", lbaas+"listeners/"+b.listener, ranges).want(200)
	w.settle()
	want := []string{"tcp 1025 from <nil>", "tcp 80 from 10.0.0.0/8", "tcp 80 from 192.0.2.0/24"}
	if diff := cmp.Diff(want, admin.passages(group)); diff != "" {
		t.Error(diff)
	}

	demo.call("GET", neutron+"security-groups/"+group, nil).want(404)
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.settle()
	admin.call("GET", neutron+"security-groups/"+group, nil).want(404)
	if got := admin.passages(group); got != nil {
		t.Errorf("left: %v", got)
	}
}

func TestWhoRunsOutOfSecurityGroupsGetsNoLoadBalancer(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	old := demo.build()
	service := admin.call("GET", neutron+"security-groups?name=lb-"+old.lb, nil).id("security_groups.0.project_id")
	admin.call("PUT", neutron+"quotas/"+service, object{"quota": object{"security_group": 2}}).want(200)
	next := demo.build(with("vip_address", "10.2.0.8"))
	if got := demo.statusOf("loadbalancers/"+next.lb, "loadbalancer"); got != "ERROR" {
		t.Errorf("status %s", got)
	}
}

func TestWhatNeutronRefusesOfASecurityGroup(t *testing.T) {
	w := newWorld(t)
	demo, other := w.as("demo"), w.as("other")
	mine := demo.call("POST", neutron+"security-groups", object{"security_group": object{"name": "web"}}).want(201, `"egress"`).id("security_group.id")
	own := demo.call("GET", neutron+"security-groups?name=default", nil).want(200).id("security_groups.0.id")
	rule := object{"security_group_rule": object{"security_group_id": mine, "direction": "ingress", "protocol": "tcp",
		"port_range_min": 80, "port_range_max": 80, "remote_ip_prefix": "10.0.0.0/8"}}
	made := demo.call("POST", neutron+"security-group-rules", rule).want(201, `"normalized_cidr":"10.0.0.0/8"`).id("security_group_rule.id")
	port := demo.port(w.nets.PodNetwork).want(201, own).id("port.id")
	demo.call("PUT", neutron+"ports/"+port, object{"port": object{"security_groups": []string{mine}}}).want(200, mine)
	for claim, test := range map[string]struct {
		who          client
		method, path string
		body         any
		status       int
		says         string
	}{
		"the name of the default one":   {demo, "POST", "security-groups", object{"security_group": object{"name": "default"}}, 409, "SecurityGroupDefaultAlreadyExists"},
		"renaming the default one":      {demo, "PUT", "security-groups/" + own, object{"security_group": object{"name": "x"}}, 409, "SecurityGroupCannotUpdateDefault"},
		"deleting the default one":      {demo, "DELETE", "security-groups/" + own, nil, 409, "SecurityGroupCannotRemoveDefault"},
		"deleting one in use":           {demo, "DELETE", "security-groups/" + mine, nil, 409, "SecurityGroupInUse"},
		"another project's":             {other, "GET", "security-groups/" + mine, nil, 404, "SecurityGroupNotFound"},
		"a rule that is there":          {demo, "POST", "security-group-rules", rule, 409, made},
		"a rule without a direction":    {demo, "POST", "security-group-rules", object{"security_group_rule": object{"security_group_id": mine}}, 400, "direction"},
		"a rule of another project":     {other, "DELETE", "security-group-rules/" + made, nil, 404, "SecurityGroupRuleNotFound"},
		"a port with an unknown one":    {demo, "PUT", "ports/" + port, object{"port": object{"security_groups": []string{nobody}}}, 404, nobody},
		"a port with another project's": {other, "POST", "ports", object{"port": object{"network_id": w.nets.PodNetwork, "security_groups": []string{mine}}}, 404, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			a := test.who.call(test.method, neutron+test.path, test.body)
			a.t = t
			a.want(test.status, test.says)
		})
	}
	demo.call("DELETE", neutron+"ports/"+port, nil).want(204)
	demo.call("DELETE", neutron+"security-group-rules/"+made, nil).want(204)
	demo.call("DELETE", neutron+"security-groups/"+mine, nil).want(204)
}

func TestAnAmphoraHasAPortOnEveryNetworkItServes(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	b := demo.build()
	networks := func() []any {
		var all []any
		for _, p := range admin.call("GET", neutron+"ports?device_owner=compute:nova", nil).at("ports").([]any) {
			all = append(all, p.(object)["network_id"])
		}
		return all
	}
	want := map[any]bool{w.nets.ServiceNetwork: true, w.nets.PodNetwork: true}
	if got := networks(); len(got) != 2 || !want[got[0]] || !want[got[1]] {
		t.Errorf("with a member among the pods: %v", got)
	}
	demo.call("PUT", lbaas+"pools/"+b.pool+"/members", object{"members": []any{}}).want(202)
	w.settle()
	if diff := cmp.Diff([]any{w.nets.ServiceNetwork}, networks()); diff != "" {
		t.Error(diff)
	}
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.settle()
	if got := networks(); got != nil {
		t.Errorf("left: %v", got)
	}
}

func TestFlavorsAndZonesAreThoseThatWereAdded(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	demo.call("GET", lbaas+"flavors", nil).want(200, `"flavors":[]`)
	demo.call("GET", lbaas+"availabilityzones", nil).want(200, `"availability_zones":[]`)
	large := w.cloud.AddFlavor("large", "eight cores")
	w.cloud.AddZone("east", "behind the lake")
	demo.call("GET", lbaas+"flavors?name=large", nil).want(200, large)
	demo.call("GET", lbaas+"availabilityzones/east", nil).want(200, "behind the lake")
	demo.call("POST", lbaas+"loadbalancers", w.balancer(with("flavor_id", large), with("availability_zone", "east"))).want(201, large, `"availability_zone":"east"`)
}

func TestAnOperatingStatusStaysAsItIsSet(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	member := demo.call("GET", lbaas+"pools/"+b.pool+"/members", nil).id("members.0.id")
	for _, id := range []string{b.lb, b.listener, b.pool, member} {
		if err := w.cloud.SetOperatingStatus(id, "DEGRADED"); err != nil {
			t.Error(err)
		}
	}
	tree := demo.call("GET", lbaas+"loadbalancers/"+b.lb+"/status", nil).want(200)
	if n := strings.Count(tree.text, "DEGRADED"); n != 4 {
		t.Errorf("%d are degraded: %s", n, tree.text)
	}
	for claim, err := range map[string]error{
		"an unknown status":   w.cloud.SetOperatingStatus(b.lb, "FINE"),
		"an unknown resource": w.cloud.SetOperatingStatus(nobody, "ONLINE"),
	} {
		if err == nil {
			t.Errorf("%s passes", claim)
		}
	}
}

func TestASeedRepeatsTheCloud(t *testing.T) {
	for seed, same := range map[uint64]bool{0: false, 7: true} {
		a, b := emulator.New(emulator.Options{Seed: seed}).LayTwoSubnets(), emulator.New(emulator.Options{Seed: seed}).LayTwoSubnets()
		if (a == b) != same {
			t.Errorf("seed %d: %v and %v", seed, a, b)
		}
	}
}
