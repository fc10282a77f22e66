package emulator_test

import (
	"maps"
	"testing"

	"github.com/octagate/octagate/e2e/emulator"
)

func withProviders(names ...string) func(*emulator.Options) {
	return func(o *emulator.Options) { o.Providers = names }
}

// hashed is a pool as ovn takes it.
func hashed(changes ...func(object)) object {
	p := object{"name": "p", "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT"}
	for _, change := range changes {
		change(p)
	}
	return p
}

func (c client) buildOVN() tree {
	return c.build(with("listeners", []any{listener("TCP", 80, hashed())}), with("provider", "ovn"))
}

func TestWhatOVNTurnsDown(t *testing.T) {
	w := newWorld(t, withProviders("amphora", "ovn"))
	demo := w.as("demo")
	b := demo.buildOVN()
	members := lbaas + "pools/" + b.pool + "/members"
	member := func(changes ...func(object)) object {
		m := object{"address": "10.1.0.9", "protocol_port": 80, "subnet_id": w.nets.PodSubnet}
		for _, change := range changes {
			change(m)
		}
		return object{"member": m}
	}
	pool := func(change func(object)) object {
		return object{"pool": hashed(with("loadbalancer_id", b.lb), change)}
	}
	onPort := func(key string, value any) object {
		l := object{"loadbalancer_id": b.lb, "protocol": "TCP", "protocol_port": 81}
		l[key] = value
		return object{"listener": l}
	}
	for claim, test := range map[string]struct {
		path string
		body any
		says string
	}{
		"an algorithm":         {lbaas + "pools", pool(with("lb_algorithm", "ROUND_ROBIN")), "OVN provider does not support ROUND_ROBIN algorithm"},
		"a pool's protocol":    {lbaas + "pools", pool(with("protocol", "PROXY")), "OVN provider does not support PROXY protocol"},
		"cookies":              {lbaas + "pools", pool(with("session_persistence", object{"type": "HTTP_COOKIE"})), "Only SOURCE_IP type is supported."},
		"a listener's":         {lbaas + "listeners", onPort("protocol", "HTTP"), "OVN provider does not support HTTP protocol"},
		"allowed_cidrs":        {lbaas + "listeners", onPort("allowed_cidrs", []string{"10.0.0.0/8"}), "does not support allowed_cidrs option"},
		"a monitor of HTTP":    {lbaas + "healthmonitors", object{"healthmonitor": object{"pool_id": b.pool, "type": "HTTP", "delay": 5, "timeout": 3, "max_retries": 3}}, "does not support HTTP health monitor type. Supported types: TCP, UDP-CONNECT"},
		"a member elsewhere":   {members, member(with("subnet_id", nil)), "Subnet is required"},
		"a member of IPv6":     {members, member(with("address", "fd00::9")), "mixing IPv4/IPv6"},
		"a place to probe":     {members, member(with("monitor_port", 10256)), "different member monitor address or port"},
		"a policy of layer 7":  {lbaas + "l7policies", object{"l7policy": object{"listener_id": b.listener, "action": "REJECT"}}, "does not support creating l7policies."},
		"what amphorae refuse": {lbaas + "pools", pool(with("lb_algorithm", "LEAST_CONNECTIONS")), "LEAST_CONNECTIONS"},
	} {
		t.Run(claim, func(t *testing.T) {
			a := demo.call("POST", test.path, test.body)
			a.t = t
			a.want(501, "Provider 'ovn' does not support a requested", test.says)
		})
	}
	w.as("admin").call("PUT", lbaas+"loadbalancers/"+b.lb+"/failover", nil).want(501, "failover")
	demo.call("POST", members, member(with("subnet_id", nil), with("address", "10.2.0.9"))).want(201)
	w.settle()
	demo.call("PUT", members, object{"members": []any{member(with("monitor_port", 1))["member"]}}).want(501)
	demo.call("PUT", members, object{"members": []any{member(with("weight", 9))["member"]}}).want(202)
}

func TestOVNNeedsNeitherAmphoraeNorSecurityGroups(t *testing.T) {
	w := newWorld(t, withProviders("ovn"))
	demo, admin := w.as("demo"), w.as("admin")
	b := demo.buildOVN()
	demo.call("GET", lbaas+"loadbalancers/"+b.lb, nil).want(200, `"provider":"ovn"`)
	demo.call("GET", neutron+"ports/"+b.port, nil).want(200, `"name":"ovn-lb-vip-`+b.lb+`"`, `"device_owner":""`)
	admin.call("GET", neutron+"ports?device_owner=compute:nova", nil).want(200, `"ports":[]`)
	admin.call("GET", neutron+"security-groups?name=lb-"+b.lb, nil).want(200, `"security_groups":[]`)
	demo.call("GET", lbaas+"providers", nil).want(200, `{"providers":[{"name":"ovn","description":"Octavia OVN driver"}]}`)
	demo.call("POST", lbaas+"loadbalancers", w.balancer(with("provider", "amphora"))).want(400, "Provider 'amphora' is not enabled.")
}

func TestOptionsThatCannotBe(t *testing.T) {
	claims := map[string]emulator.Options{
		"a provider nobody knows": {Providers: []string{"f5"}},
		"the provider of Legacy":  {Providers: []string{"haproxy"}},
		"a version of the future": {APIVersion: "v2.27"},
		"a version of another":    {APIVersion: "v3"},
		"time that runs back":     {Pending: -1},
	}
	for claim, options := range maps.All(claims) {
		if options.Validate() == nil {
			t.Errorf("%s is valid", claim)
		}
	}
}
