package emulator_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names are what a list of load balancers finds.
func (c client) names(query string) []string {
	c.t.Helper()
	names := []string{}
	for _, lb := range c.call("GET", lbaas+"loadbalancers?"+query, nil).want(200).at("loadbalancers").([]any) {
		names = append(names, lb.(object)["name"].(string))
	}
	slices.Sort(names)
	return names
}

func TestLoadBalancersAreFoundByTheirAttributes(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	a := demo.build(with("name", "a"), with("tags", []string{"kube", "one"}))
	demo.build(with("name", "b"), with("tags", []string{"kube"}), with("vip_address", "10.2.0.8"), with("admin_state_up", false))
	demo.call("POST", lbaas+"loadbalancers", w.balancer(with("name", "c"), with("tags", []string{}), with("vip_address", "10.2.0.9"))).want(201)
	project := demo.call("GET", lbaas+"loadbalancers/"+a.lb, nil).id("loadbalancer.project_id")
	for query, want := range map[string][]string{
		"":                                   {"a", "b", "c"},
		"name=a":                             {"a"},
		"id=" + a.lb:                         {"a"},
		"project_id=" + project:              {"a", "b", "c"},
		"tags=kube":                          {"a", "b"},
		"tags=kube,one":                      {"a"},
		"tags=kube&tags=one":                 {"a"},
		"tags-any=one,two":                   {"a"},
		"not-tags=one":                       {"b", "c"},
		"not-tags-any=kube":                  {"c"},
		"provisioning_status=ACTIVE":         {"a", "b"},
		"provisioning_status=PENDING_CREATE": {"c"},
		"operating_status=OFFLINE":           {"a", "b", "c"},
		"vip_address=10.2.0.8":               {"b"},
		"vip_port_id=" + a.port:              {"a"},
		"admin_state_up=false":               {"b"},
		"admin_state_up=True&tags=kube":      {"a"},
		"vip_subnet_id=" + w.nets.PodSubnet:  {},
		"name=a&provisioning_status=ERROR":   {},
		"limit=2&sort=name:desc":             {"b", "c"},
		"limit=1&sort=admin_state_up,name":   {"b"},
	} {
		if diff := cmp.Diff(want, demo.names(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}

func TestListsThatOctaviaRefuses(t *testing.T) {
	demo := newWorld(t).as("demo")
	for query, says := range map[string]string{
		"colour=red":       "One or more arguments are either duplicate or invalid",
		"name=a&name=b":    "One or more arguments are either duplicate or invalid",
		"marker=" + nobody: "Supplied pagination marker '" + nobody + "' is not valid.",
		"limit=many":       "Supplied pagination limit 'many' is not valid.",
		"sort=colour":      "Supplied sort key 'colour' is not valid.",
	} {
		demo.call("GET", lbaas+"loadbalancers?"+query, nil).want(400, says)
	}
}

func TestFieldsMustBeRepeated(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	want := any([]any{object{"id": b.lb, "name": "web"}})
	if diff := cmp.Diff(want, demo.call("GET", lbaas+"loadbalancers?fields=id&fields=name", nil).at("loadbalancers")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(any([]any{object{}}), demo.call("GET", lbaas+"loadbalancers?fields=id,name", nil).at("loadbalancers")); diff != "" {
		t.Error(diff)
	}
}

func TestChildrenAreFoundByTheirParent(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	a := demo.build()
	demo.build(with("vip_address", "10.2.0.8"))
	for path, want := range map[string]string{
		"listeners?loadbalancer_id=" + a.lb:                                a.listener,
		"listeners?loadbalancer_id=" + a.lb + "&protocol_port=80":          a.listener,
		"listeners?default_pool_id=" + a.pool + "&protocol=TCP":            a.listener,
		"pools?loadbalancer_id=" + a.lb + "&protocol=TCP":                  a.pool,
		"pools?loadbalancer_id=" + a.lb + "&lb_algorithm=ROUND_ROBIN":      a.pool,
		"listeners?loadbalancer_id=" + nobody:                              "",
		"pools?loadbalancer_id=" + a.lb + "&provisioning_status=NO":        "",
		"healthmonitors?pool_id=" + nobody:                                 "",
		"pools/" + a.pool + "/members?address=10.1.0.8&protocol_port=8080": "",
	} {
		answer := demo.call("GET", lbaas+path+"&fields=id", nil).want(200)
		for _, rows := range answer.at("").(object) {
			if rows, ok := rows.([]any); ok && len(rows) > 0 {
				if diff := cmp.Diff([]any{object{"id": want}}, rows); diff != "" {
					t.Errorf("%s: %s", path, diff)
				}
				want = ""
			}
		}
		if want != "" {
			t.Errorf("%s finds nothing", path)
		}
	}
}

func TestOctaviaPages(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	for i := range 4 {
		demo.build(with("name", fmt.Sprint(i)), with("vip_address", fmt.Sprintf("10.2.0.%d", i+1)))
	}
	var got []string
	pages := 0
	for path := lbaas + "loadbalancers?limit=2&sort=name:asc"; path != ""; pages++ {
		a := demo.call("GET", path, nil).want(200)
		for _, lb := range a.at("loadbalancers").([]any) {
			got = append(got, lb.(object)["name"].(string))
		}
		path = w.next(a, "loadbalancers_links")
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3"}, got); diff != "" {
		t.Error(diff)
	}
	if pages != 3 {
		t.Errorf("%d pages; a full last page still has a next one", pages)
	}
	last := demo.call("GET", lbaas+"loadbalancers?name=3", nil).id("loadbalancers.0.id")
	back := demo.call("GET", lbaas+"loadbalancers?limit=2&sort=name&page_reverse=true&marker="+last, nil).want(200)
	if got := []any{back.at("loadbalancers.0.name"), back.at("loadbalancers.1.name")}; !cmp.Equal(got, []any{"1", "2"}) {
		t.Errorf("before the last: %v", got)
	}
}
