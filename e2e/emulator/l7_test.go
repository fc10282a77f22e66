package emulator_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// policed is a load balancer of HTTP with one policy.
func (c client) policed() (b tree, policy string) {
	c.t.Helper()
	reject := object{"name": "first", "action": "REJECT", "rules": []any{object{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/private"}}}
	l := listener("HTTP", 80, object{"name": "p", "protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN"})
	l["l7policies"] = []any{reject}
	b = c.build(with("listeners", []any{l}))
	return b, c.call("GET", lbaas+"l7policies?listener_id="+b.listener, nil).want(200).id("l7policies.0.id")
}

func TestPoliciesDecideInTheirOrder(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b, first := demo.policed()
	for _, p := range []object{
		{"name": "last", "action": "REDIRECT_TO_POOL", "redirect_pool_id": b.pool},
		{"name": "new first", "action": "REDIRECT_TO_URL", "redirect_url": "https://example.org", "position": 1},
	} {
		p["listener_id"] = b.listener
		demo.call("POST", lbaas+"l7policies", object{"l7policy": p}).want(201, "PENDING_CREATE")
		w.settle()
	}
	order := func() map[string]any {
		all := map[string]any{}
		for _, p := range demo.call("GET", lbaas+"l7policies?sort=position", nil).want(200).at("l7policies").([]any) {
			all[p.(object)["name"].(string)] = p.(object)["position"]
		}
		return all
	}
	if diff := cmp.Diff(map[string]any{"new first": 1.0, "first": 2.0, "last": 3.0}, order()); diff != "" {
		t.Error(diff)
	}
	demo.call("DELETE", lbaas+"l7policies/"+first, nil).want(204)
	w.settle()
	if diff := cmp.Diff(map[string]any{"new first": 1.0, "last": 2.0}, order()); diff != "" {
		t.Error(diff)
	}
	demo.call("DELETE", lbaas+"pools/"+b.pool, nil).want(409, "is in use by L7 policy")
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.settle()
	demo.call("GET", lbaas+"l7policies", nil).want(200, `"l7policies":[]`)
}

func TestRulesOfAPolicy(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	_, policy := demo.policed()
	rules := lbaas + "l7policies/" + policy + "/rules"
	demo.call("GET", rules, nil).want(200, `"value":"/private"`, `"provisioning_status":"ACTIVE"`, `"operating_status":"ONLINE"`)
	header := object{"type": "HEADER", "compare_type": "EQUAL_TO", "key": "X-Test", "value": "1"}
	made := demo.call("POST", rules, object{"rule": header}).want(201, `"invert":false`).id("rule.id")
	demo.call("PUT", rules+"/"+made, object{"rule": object{"invert": true}}).want(409, "immutable")
	w.settle()
	demo.call("PUT", rules+"/"+made, object{"rule": object{"invert": true}}).want(200, `"invert":true`, "PENDING_UPDATE")
	demo.call("GET", lbaas+"l7policies/"+policy, nil).want(200, `"rules":[{"id":`, "PENDING_UPDATE")
	w.settle()
	demo.call("DELETE", rules+"/"+made, nil).want(204)
	w.settle()
	demo.call("GET", rules+"/"+made, nil).want(404, "L7 Rule "+made+" not found.")
}

func TestWhatOctaviaRefusesOfLayer7(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b, policy := demo.policed()
	tcp := demo.build(with("vip_address", "10.2.0.8"))
	policies := func(changes ...func(object)) object {
		p := object{"listener_id": b.listener, "action": "REJECT"}
		for _, change := range changes {
			change(p)
		}
		return object{"l7policy": p}
	}
	rule := func(kind, compare, value string) object {
		return object{"rule": object{"type": kind, "compare_type": compare, "value": value}}
	}
	rules := "l7policies/" + policy + "/rules"
	for claim, test := range map[string]struct {
		path   string
		body   any
		status int
		says   string
	}{
		"an unknown action":      {"l7policies", policies(with("action", "DANCE")), 400, "Value should be one of: REJECT"},
		"a URL that is missing":  {"l7policies", policies(with("action", "REDIRECT_TO_URL")), 400, "redirect_url must not be None"},
		"a pool that is missing": {"l7policies", policies(with("action", "REDIRECT_TO_POOL")), 400, "must not be None"},
		"a pool nobody knows":    {"l7policies", policies(with("action", "REDIRECT_TO_POOL"), with("redirect_pool_id", nobody)), 404, "Pool " + nobody},
		"a pool of TCP":          {"l7policies", policies(with("action", "REDIRECT_TO_POOL"), with("redirect_pool_id", tcp.pool)), 400, "The pool protocol 'TCP' is invalid"},
		"a listener of TCP":      {"l7policies", policies(with("listener_id", tcp.listener)), 501, "TCP protocol listeners do not support L7 policies"},
		"no listener":            {"l7policies", policies(with("listener_id", nobody)), 404, "Listener " + nobody},
		"a rule without a value": {rules, rule("PATH", "EQUAL_TO", ""), 400, "requires a value"},
		"a header without a key": {rules, rule("HEADER", "EQUAL_TO", "x"), 400, "requires a key"},
		"a strange comparison":   {rules, rule("FILE_TYPE", "CONTAINS", "jpg"), 400, "invalid comparison type"},
	} {
		t.Run(claim, func(t *testing.T) {
			a := demo.call("POST", lbaas+test.path, test.body)
			a.t = t
			a.want(test.status, test.says)
		})
	}
}
