package contract

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOctaviaListsItsVersions(t *testing.T) {
	everywhere(t, func(x trial) {
		root := strings.TrimSuffix(x.LoadBalancer, "v2/")
		var current []string
		ids := map[any]bool{}
		for _, v := range x.call(http.MethodGet, root, nil).is(http.StatusOK).rows("versions") {
			ids[v["id"]] = true
			if v["status"] == "CURRENT" {
				current = append(current, v["id"].(string))
			}
		}
		if !ids["v2.0"] || len(current) != 1 {
			x.Errorf("v2.0 is there: %t, current: %q", ids["v2.0"], current)
		}
		for _, version := range []string{"v2", "v2.0"} {
			x.call(http.MethodGet, root+version+"/lbaas/loadbalancers?limit=1", nil).is(http.StatusOK)
		}
	})
}

func TestNeutronListsItsVersion(t *testing.T) {
	everywhere(t, func(x trial) {
		a := x.call(http.MethodGet, strings.TrimSuffix(x.Session.Network, "v2.0/"), nil).is(http.StatusOK)
		a.has("versions.0.id", `"v2.0"`)
		a.has("versions.0.status", `"CURRENT"`)
	})
}

func TestTheProviderOfALoadBalancerIsListed(t *testing.T) {
	everywhere(t, func(x trial) {
		var names []string
		for _, p := range x.see("providers").rows("providers") {
			names = append(names, p["name"].(string))
		}
		used := x.create(x.empty()).is(http.StatusCreated).text("loadbalancer.provider")
		if !slices.Contains(names, used) {
			x.Errorf("%s is not among %q", used, names)
		}
	})
}

func TestNeutronHasTheExtensionsThatOctagateUses(t *testing.T) {
	everywhere(t, func(x trial) {
		there := map[any]bool{}
		for _, e := range x.neutron(http.MethodGet, "extensions", nil).is(http.StatusOK).rows("extensions") {
			there[e["alias"]] = true
		}
		for _, alias := range []string{
			"router", "external-net", "quotas", "quota_details", "filter-validation", "pagination",
			"standard-attr-description", "standard-attr-revisions", "standard-attr-tag", "revision-if-match",
		} {
			if !there[alias] {
				x.Errorf("%s is missing", alias)
			}
		}
	})
}
