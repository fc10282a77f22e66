package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const nobody = "00000000-0000-0000-0000-000000000000"

func TestWhatOctaviaRefusesOfALoadBalancer(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	demo.build()
	free := with("vip_address", "10.2.0.8")
	for claim, test := range map[string]struct {
		change func(object)
		status int
		says   string
	}{
		"a VIP in use":                  {with("vip_address", "10.2.0.7"), 500, "IP address 10.2.0.7 already allocated in subnet " + w.nets.ServiceSubnet},
		"a VIP outside the subnet":      {with("vip_address", "10.9.0.7"), 500, "IP address 10.9.0.7 is not a valid IP for the specified subnet."},
		"the gateway as VIP":            {with("vip_address", "10.2.255.254"), 500, "IP address 10.2.255.254 already allocated"},
		"a VIP that is no address":      {with("vip_address", "10.2.0.300"), 400, "Value: '10.2.0.300'. Value should be IPv4 or IPv6 format"},
		"an unknown subnet":             {with("vip_subnet_id", nobody), 400, "Subnet " + nobody + " not found."},
		"a subnet that is no id":        {with("vip_subnet_id", "sub"), 400, "vip_subnet_id. Value: 'sub'. Value should be UUID format"},
		"no place for the VIP":          {with("vip_subnet_id", nil), 400, "VIP must contain one of"},
		"an unknown attribute":          {with("colour", "red"), 400, "Unknown attribute for argument load_balancer.loadbalancer: colour"},
		"a name that is too long":       {with("name", strings.Repeat("n", 256)), 400, "maximum character requirement of 255"},
		"a tag that is too long":        {with("tags", []string{strings.Repeat("t", 256)}), 400, "field/attribute tags. Value: '['ttt"},
		"an unknown provider":           {with("provider", "f5"), 400, "Provider 'f5' is not enabled."},
		"an unknown flavor":             {with("flavor_id", nobody), 400, "The selected flavor is not allowed in this deployment: " + nobody},
		"an unknown zone":               {with("availability_zone", "mars"), 400, "availability zone is not allowed"},
		"another project":               {with("project_id", "someone"), 403, "Policy does not allow"},
		"a listener's unknown protocol": {with("listeners", []any{listener("ICMP", 80, nil)}), 400, "protocol. Value: 'ICMP'. Value should be one of"},
		"a listener's port 0":           {with("listeners", []any{listener("TCP", 0, nil)}), 400, "Value: '0'. Value should be greater or equal to 1"},
		"a default pool without a name": {with("listeners", []any{listener("TCP", 80, object{"protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"})}), 400, "Pools must be named"},
		"a reference to no pool":        {with("listeners", []any{listener("TCP", 80, object{"name": "nil"})}), 400, "Pool 'nil' was referenced"},
		"a pool the listener cannot use": {with("listeners", []any{listener("HTTP", 80, object{"name": "p", "protocol": "UDP", "lb_algorithm": "ROUND_ROBIN"})}), 400,
			"The pool protocol 'UDP' is invalid while the listener protocol is 'HTTP'."},
		"an algorithm amphorae lack": {with("listeners", []any{listener("TCP", 80, object{"name": "p", "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT"})}), 501,
			"does not support SOURCE_IP_PORT"},
	} {
		t.Run(claim, func(t *testing.T) {
			a := w.as("demo").call("POST", lbaas+"loadbalancers", w.balancer(free, test.change))
			a.t = t
			a.want(test.status, test.says)
			w.heal(t)
		})
	}
}

// heal deletes the VIP ports that refused creates have leaked.
func (w *world) heal(t *testing.T) {
	admin := w.as("admin")
	for i := 0; ; i++ {
		a := admin.call("GET", neutron+"ports?fixed_ips=ip_address%3D10.2.0.8&fields=id", nil)
		if !strings.Contains(a.text, `"id"`) {
			return
		}
		if i == 2 {
			t.Fatal("a leaked port does not go away")
		}
		admin.call("DELETE", neutron+"ports/"+a.id("ports.0.id"), nil).want(204)
	}
}

func TestAFailingFullCreateLeaksItsVIPPort(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	twice := with("listeners", []any{listener("TCP", 80, nil), listener("HTTP", 80, nil)})
	demo.call("POST", lbaas+"loadbalancers", w.balancer(twice)).want(409, "already using protocol TCP and protocol_port 80")
	demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(500, "10.2.0.7 already allocated")

	ports := demo.call("GET", neutron+"ports?fixed_ips=ip_address%3D10.2.0.7", nil).want(200, `"device_owner":"Octavia"`)
	owner, _ := strings.CutPrefix(ports.id("ports.0.name"), "octavia-lb-")
	demo.call("GET", lbaas+"loadbalancers/"+owner, nil).want(404)

	demo.call("DELETE", neutron+"ports/"+ports.id("ports.0.id"), nil).want(204)
	demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(201)
}

func TestPoolsCanBeShared(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build(
		with("pools", []any{object{"name": "shared", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}}),
		with("listeners", []any{listener("TCP", 80, object{"name": "shared"}), listener("TCP", 81, object{"name": "shared"})}))
	l := demo.call("GET", lbaas+"listeners?loadbalancer_id="+b.lb+"&fields=default_pool_id", nil).want(200)
	if l.at("listeners.0.default_pool_id") != b.pool || l.at("listeners.1.default_pool_id") != b.pool {
		t.Error(l.text)
	}
}

func TestACascadeDeleteLeavesOnlyTheFloatingIP(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	f := demo.call("POST", neutron+"floatingips", object{"floatingip": object{
		"floating_network_id": w.nets.ExternalNetwork, "port_id": b.port, "description": "web"}}).want(201).id("floatingip.id")

	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb, nil).want(400, "it has children")
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	if got := demo.statusOf("listeners/"+b.listener, "listener"); got != "ACTIVE" {
		t.Errorf("while its load balancer goes, a listener is %s", got)
	}
	w.settle()
	for _, path := range []string{lbaas + "loadbalancers/" + b.lb, lbaas + "listeners/" + b.listener, lbaas + "pools/" + b.pool, neutron + "ports/" + b.port} {
		demo.call("GET", path, nil).want(404)
	}
	demo.call("GET", neutron+"floatingips/"+f, nil).want(200, `"port_id":null`, `"router_id":null`)
	demo.build()
}

func TestDeletingAListenerKeepsItsPool(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	demo.call("DELETE", lbaas+"listeners/"+b.listener, nil).want(204)
	w.settle()
	demo.call("GET", lbaas+"pools/"+b.pool, nil).want(200, `"listeners":[]`)
	demo.call("DELETE", lbaas+"pools/"+b.pool, nil).want(204)
	w.settle()
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb, nil).want(204)
}

func TestAForeignLoadBalancerIsForbiddenAndAForeignSubnetUnknown(t *testing.T) {
	w := newWorld(t)
	demo, other := w.as("demo"), w.as("other")
	b := demo.build()
	project := demo.call("GET", lbaas+"loadbalancers/"+b.lb, nil).id("loadbalancer.project_id")
	other.call("GET", lbaas+"loadbalancers/"+b.lb, nil).want(403)
	other.call("GET", lbaas+"loadbalancers?project_id="+project, nil).want(403)
	other.call("GET", lbaas+"loadbalancers", nil).want(200, `"loadbalancers":[]`)
	other.call("POST", lbaas+"loadbalancers", w.balancer()).want(400, "Subnet "+w.nets.ServiceSubnet+" not found.")
	w.as("plain").call("GET", lbaas+"loadbalancers", nil).want(403, "Policy does not allow")
}

func TestListenersAreNormalised(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	put := func(cidrs any) answer {
		a := demo.call("PUT", lbaas+"listeners/"+b.listener, object{"listener": object{"allowed_cidrs": cidrs}})
		w.settle()
		return a
	}
	put([]string{"192.0.2.0/24", "10.1.2.3/8", "10.0.0.0/8"}).want(200, `"allowed_cidrs":["10.0.0.0/8","192.0.2.0/24"]`)
	put([]string{"2001:db8::/32"}).want(400, "CIDR 2001:db8::/32 IP version incompatible with VIP 10.2.0.7 IP version.")
	demo.call("GET", lbaas+"listeners/"+b.listener, nil).want(200, `["10.0.0.0/8","192.0.2.0/24"]`)
	put([]string{}).want(200, `"allowed_cidrs":null`)
	put(nil).want(200, `"allowed_cidrs":null`)
	demo.call("PUT", lbaas+"listeners/"+b.listener, object{"listener": object{"protocol_port": 81}}).want(400, "Unknown attribute for argument listener_.listener: protocol_port")
}

func TestTransportsDoNotShareAPort(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	for _, test := range []struct {
		protocol string
		status   int
	}{{"TCP", 409}, {"HTTP", 409}, {"UDP", 201}, {"SCTP", 201}} {
		demo.call("POST", lbaas+"listeners", object{"listener": object{
			"loadbalancer_id": b.lb, "protocol": test.protocol, "protocol_port": 80}}).want(test.status)
		w.settle()
	}
}

func TestPoolsAndMonitorsHaveTheirPlace(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	pool := func(o object) object { return object{"pool": o} }
	monitor := func(o object) object { return object{"healthmonitor": o} }
	for claim, test := range map[string]struct {
		path   string
		body   object
		status int
		says   string
	}{
		"a second default pool":         {"pools", pool(object{"listener_id": b.listener, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}), 409, "This listener already has a default pool"},
		"a pool without a parent":       {"pools", pool(object{"protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}), 400, "Must provide at least one of"},
		"an unknown algorithm":          {"pools", pool(object{"loadbalancer_id": b.lb, "protocol": "TCP", "lb_algorithm": "RANDOM"}), 400, "lb_algorithm. Value: 'RANDOM'"},
		"persistence timeouts on TCP":   {"pools", pool(object{"loadbalancer_id": b.lb, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN", "session_persistence": object{"type": "SOURCE_IP", "persistence_timeout": 9}}), 400, "only for UDP and SCTP"},
		"a second monitor":              {"healthmonitors", monitor(object{"pool_id": b.pool, "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3}), 409, "This pool already has a health monitor"},
		"a monitor for datagrams":       {"healthmonitors", monitor(object{"pool_id": b.pool, "type": "UDP-CONNECT", "delay": 5, "timeout": 3, "max_retries": 3}), 400, "only supported for pools of type UDP/SCTP"},
		"eleven retries":                {"healthmonitors", monitor(object{"pool_id": b.pool, "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 11}), 400, "lower or equal to 10"},
		"a path for a monitor of TCP":   {"healthmonitors", monitor(object{"pool_id": b.pool, "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3, "url_path": "/"}), 400, "url_path is not a valid option"},
		"a monitor that lacks its type": {"healthmonitors", monitor(object{"pool_id": b.pool, "delay": 5, "timeout": 3, "max_retries": 3}), 400, "type. Value: 'None'. Mandatory field missing."},
	} {
		t.Run(claim, func(t *testing.T) {
			a := demo.call("POST", lbaas+test.path, test.body)
			a.t = t
			a.want(test.status, test.says)
		})
	}
}

func TestQuotasOfOctaviaAreMet(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	project := demo.call("GET", "identity/v3/auth/tokens", nil, "X-Subject-Token", demo.token).id("token.project.id")
	b := demo.build()
	for kind, test := range map[string]struct {
		method, path string
		body         any
		says         string
	}{
		"loadbalancer":  {"POST", "loadbalancers", w.balancer(with("vip_address", "10.2.0.8")), "Load Balancer"},
		"listener":      {"POST", "listeners", object{"listener": object{"loadbalancer_id": b.lb, "protocol": "TCP", "protocol_port": 1}}, "Listener"},
		"pool":          {"POST", "pools", object{"pool": object{"loadbalancer_id": b.lb, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}}, "Pool"},
		"healthmonitor": {"POST", "loadbalancers", w.balancer(with("vip_address", "10.2.0.9")), "Health Monitor"},
		"member": {"PUT", "pools/" + b.pool + "/members", object{"members": []any{
			object{"address": "10.1.0.1", "protocol_port": 1}, object{"address": "10.1.0.2", "protocol_port": 1}}}, "Member"},
	} {
		t.Run(kind, func(t *testing.T) {
			admin.call("PUT", lbaas+"quotas/"+project, object{"quota": object{kind: 1}}).want(202)
			a := demo.call(test.method, lbaas+test.path, test.body)
			a.t = t
			a.want(403, "Quota has been met for resources: "+test.says)
			admin.call("DELETE", lbaas+"quotas/"+project, nil).want(202)
		})
	}
	demo.call("PUT", lbaas+"quotas/"+project, object{"quota": object{"pool": 1}}).want(403)
	demo.call("GET", lbaas+"quotas/"+project, nil).want(200, `"load_balancer":-1`, `"health_monitor":-1`)
	demo.call("GET", lbaas+"quotas/defaults", nil).want(403)
}

func TestBothVersionPathsServeTheSame(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	two := demo.call("GET", "load-balancer/v2/lbaas/loadbalancers/"+b.lb, nil).want(200)
	twoZero := demo.call("GET", "load-balancer/v2.0/lbaas/loadbalancers/"+b.lb, nil).want(200)
	if diff := cmp.Diff(two.text, twoZero.text); diff != "" {
		t.Error(diff)
	}
	versions := demo.call("GET", "load-balancer/", nil).want(200)
	for i := range 27 {
		versions.want(200, fmt.Sprintf(`"id":"v2.%d"`, i))
	}
}

func TestATagGivenTwiceIsNotMerged(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	twice := []string{"a", "b", "a"}
	in := func(key string, more object) object {
		more["tags"] = twice
		return object{key: more}
	}
	demo.call("POST", lbaas+"loadbalancers", w.balancer(with("vip_address", "10.2.0.8"), with("tags", twice))).
		want(409, "Already an entity with that specified id.")
	demo.call("GET", neutron+"ports?fixed_ips=ip_address%3D10.2.0.8", nil).want(200, `"ports":[]`)
	demo.call("PUT", lbaas+"loadbalancers/"+b.lb, in("loadbalancer", object{})).want(500, "Server")
	demo.call("POST", lbaas+"listeners", in("listener", object{"loadbalancer_id": b.lb, "protocol": "TCP", "protocol_port": 81})).
		want(409, "already using protocol TCP and protocol_port 81")
	demo.call("POST", lbaas+"pools", in("pool", object{"loadbalancer_id": b.lb, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"})).
		want(409, "Already an entity with that specified id.")
	if got := demo.statusOf("loadbalancers/"+b.lb, "loadbalancer"); got != "ACTIVE" {
		t.Errorf("after the refusals: %s", got)
	}
}

func TestATagGivenTwiceInAFullCreateLeaksTheVIPPort(t *testing.T) {
	for claim, test := range map[string]struct {
		change func(object)
		says   string
	}{
		"of a listener": {with("listeners", []any{object{"protocol": "TCP", "protocol_port": 80, "tags": []string{"a", "a"}}}),
			"already using protocol TCP and protocol_port 80"},
		"of a pool": {with("pools", []any{object{"name": "q", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN", "tags": []string{"a", "a"}}}),
			"Already an entity with that specified id."},
	} {
		t.Run(claim, func(t *testing.T) {
			w := newWorld(t)
			demo := w.as("demo")
			demo.call("POST", lbaas+"loadbalancers", w.balancer(test.change)).want(409, test.says)
			demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(500, "10.2.0.7 already allocated")
		})
	}
}
