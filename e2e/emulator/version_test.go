package emulator_test

import (
	"strings"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
)

func ofVersion(v string) func(*emulator.Options) {
	return func(o *emulator.Options) { o.APIVersion = v }
}

// aged is a load balancer without what the newest versions have.
func (w *world) aged() object {
	return w.balancer(with("tags", nil), func(lb object) { delete(lb, "tags") })
}

func TestAttributesAreRefusedUntilTheirVersion(t *testing.T) {
	for _, test := range []struct {
		without, from string
		what          string
		change        func(object)
	}{
		{"v2.0", "v2.1", "timeout_client_data", onListener("timeout_client_data", 1000)},
		{"v2.4", "v2.5", "tags", with("tags", []string{"a"})},
		{"v2.11", "v2.12", "allowed_cidrs", onListener("allowed_cidrs", []string{"10.0.0.0/8"})},
		{"v2.25", "v2.26", "additional_vips", with("additional_vips", []any{})},
	} {
		t.Run(test.what, func(t *testing.T) {
			for version, status := range map[string]int{test.without: 400, test.from: 201} {
				w := newWorld(t, ofVersion(version))
				lb := w.aged()
				test.change(lb["loadbalancer"].(object))
				made := w.as("demo").call("POST", lbaas+"loadbalancers", lb).want(status, test.what)
				if refused := "Unknown attribute for argument"; strings.Contains(made.text, refused) != (status == 400) {
					t.Errorf("%s: %s", version, made.text)
				}
			}
		})
	}
}

func onListener(key string, value any) func(object) {
	return func(lb object) { lb["listeners"].([]any)[0].(object)[key] = value }
}

func TestValuesCallsAndParametersOfANewerVersion(t *testing.T) {
	w := newWorld(t, ofVersion("v2.4"))
	demo := w.as("demo")
	b := demo.build(func(lb object) { delete(lb, "tags") })
	sctp := object{"listener": object{"loadbalancer_id": b.lb, "protocol": "SCTP", "protocol_port": 9}}
	v2 := object{"pool": object{"loadbalancer_id": b.lb, "protocol": "PROXYV2", "lb_algorithm": "ROUND_ROBIN"}}
	demo.call("POST", lbaas+"listeners", sctp).want(400, "Value: 'SCTP'. Value should be one of: TERMINATED_HTTPS, HTTPS, UDP, TCP, HTTP")
	demo.call("POST", lbaas+"pools", v2).want(400, "Value should be one of: TCP, UDP, HTTP, HTTPS, PROXY")
	demo.call("GET", lbaas+"flavors", nil).want(404)
	demo.call("GET", lbaas+"loadbalancers?tags=a", nil).want(400)
	demo.call("PUT", lbaas+"pools/"+b.pool+"/members?additive_only=true", object{"members": []any{}}).want(400, "additive_only")
}

func TestWhatIsNewerIsNotShown(t *testing.T) {
	w := newWorld(t, ofVersion("v2.4"))
	demo := w.as("demo")
	b := demo.build(func(lb object) { delete(lb, "tags") })
	for _, path := range []string{"loadbalancers", "listeners/" + b.listener, "pools/" + b.pool, "pools/" + b.pool + "/members", "healthmonitors"} {
		shown := demo.call("GET", lbaas+path, nil).want(200, `"operating_status"`)
		for _, name := range []string{"tags", "allowed_cidrs", "tls_versions", "additional_vips", "http_version", "flavor_id"} {
			if strings.Contains(shown.text, `"`+name+`"`) {
				t.Errorf("%s shows %s", path, name)
			}
		}
	}
	versions := demo.call("GET", "load-balancer/", nil).want(200)
	if n := len(versions.at("versions").([]any)); n != 5 {
		t.Errorf("%d versions: %s", n, versions.text)
	}
	if got := versions.at("versions.4.status"); got != "CURRENT" {
		t.Errorf("the last one is %v", got)
	}
}
