package emulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
)

// old is where LBaaS v2 is found.
const old = neutron + "lbaas/"

func newLegacyWorld(t *testing.T) (*world, client) {
	w := newWorld(t, func(o *emulator.Options) { o.Legacy = true })
	return w, w.as("demo")
}

// make makes something and waits for it.
func (c client) make(collection, key string, in object) string {
	c.t.Helper()
	id := c.call("POST", old+collection, object{key: in}).want(http.StatusCreated).id(key + ".id")
	c.settle()
	return id
}

// stack is a load balancer made step by step, as LBaaS v2 wants it.
func (c client) stack() (b tree, member, monitor string) {
	c.t.Helper()
	b.lb = c.make("loadbalancers", "loadbalancer", object{"name": "web", "vip_subnet_id": c.nets.ServiceSubnet, "vip_address": "10.2.0.7"})
	b.port = c.call("GET", old+"loadbalancers/"+b.lb, nil).id("loadbalancer.vip_port_id")
	b.listener = c.make("listeners", "listener", object{"loadbalancer_id": b.lb, "protocol": "TCP", "protocol_port": 80})
	b.pool = c.make("pools", "pool", object{"listener_id": b.listener, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"})
	member = c.make("pools/"+b.pool+"/members", "member", object{"address": "10.1.0.9", "protocol_port": 80, "subnet_id": c.nets.PodSubnet})
	monitor = c.make("healthmonitors", "healthmonitor", object{"pool_id": b.pool, "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3})
	return b, member, monitor
}

func TestLBaaSv2IsNeutrons(t *testing.T) {
	w, demo := newLegacyWorld(t)
	catalog := demo.call("GET", "identity/v3/auth/catalog", nil).want(200, "neutron")
	if strings.Contains(catalog.text, "octavia") {
		t.Error("Octavia is in the catalog")
	}
	demo.call("GET", lbaas+"loadbalancers", nil).want(404)
	demo.call("GET", neutron+"extensions/lbaasv2", nil).want(200, `"alias":"lbaasv2"`)
	demo.call("GET", neutron+"service-providers", nil).want(200, `"service_type":"LOADBALANCERV2"`, `"name":"haproxy"`)
	w.as("plain").call("GET", old+"loadbalancers", nil).want(200, `{"loadbalancers":[]}`) // no role is needed
	b, _, _ := demo.stack()
	demo.call("GET", neutron+"ports/"+b.port, nil).want(200, `"name":"loadbalancer-`+b.lb+`"`, `"device_owner":"neutron:LOADBALANCERV2"`)
	demo.call("GET", old+"loadbalancers/"+b.lb+"/statuses", nil).want(200, `"healthmonitor":{"id"`, `"provisioning_status":"ACTIVE"`, `"operating_status":"ONLINE"`)
	w.as("other").call("GET", old+"loadbalancers/"+b.lb, nil).want(404, "EntityNotFound")
	w.as("admin").call("PUT", old+"loadbalancers/"+b.lb+"/failover", nil).want(404)
}

func TestWhatLBaaSv2Shows(t *testing.T) {
	_, demo := newLegacyWorld(t)
	b, member, monitor := demo.stack()
	for path, want := range map[string][]string{
		"loadbalancers/" + b.lb: {"admin_state_up", "description", "id", "listeners", "name", "operating_status", "pools", "project_id",
			"provider", "provisioning_status", "tenant_id", "vip_address", "vip_port_id", "vip_subnet_id"},
		"listeners/" + b.listener: {"admin_state_up", "connection_limit", "default_pool_id", "default_tls_container_ref", "description", "id",
			"l7policies", "loadbalancers", "name", "project_id", "protocol", "protocol_port", "sni_container_refs", "tenant_id"},
		"pools/" + b.pool: {"admin_state_up", "description", "healthmonitor_id", "id", "lb_algorithm", "listeners", "loadbalancers", "members",
			"name", "project_id", "protocol", "session_persistence", "tenant_id"},
		"pools/" + b.pool + "/members/" + member: {"address", "admin_state_up", "id", "name", "project_id", "protocol_port", "subnet_id", "tenant_id", "weight"},
		"healthmonitors/" + monitor: {"admin_state_up", "delay", "expected_codes", "http_method", "id", "max_retries", "max_retries_down", "name",
			"pools", "project_id", "tenant_id", "timeout", "type", "url_path"},
	} {
		for _, shown := range demo.call("GET", old+path, nil).want(200).at("").(object) {
			got := keys(shown.(object))
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
	}
}

func TestLBaaSv2RefusesInNeutronsWords(t *testing.T) {
	w, demo := newLegacyWorld(t)
	b, _, _ := demo.stack()
	lb := func(changes ...func(object)) object {
		o := object{"vip_subnet_id": w.nets.ServiceSubnet}
		for _, change := range changes {
			change(o)
		}
		return object{"loadbalancer": o}
	}
	onLB := func(protocol string, port int) object {
		return object{"listener": object{"loadbalancer_id": b.lb, "protocol": protocol, "protocol_port": port}}
	}
	member := object{"member": object{"address": "10.1.0.9", "protocol_port": 80, "subnet_id": w.nets.PodSubnet}}
	for claim, test := range map[string]struct {
		method, path string
		body         any
		status       int
		kind, says   string
	}{
		"a whole tree":          {"POST", "loadbalancers", lb(with("listeners", []any{})), 400, "HTTPBadRequest", "Unrecognized attribute(s) 'listeners'"},
		"tags":                  {"POST", "loadbalancers", lb(with("tags", []string{"a"})), 400, "HTTPBadRequest", "Unrecognized attribute(s) 'tags'"},
		"no subnet":             {"POST", "loadbalancers", lb(with("vip_subnet_id", nil)), 400, "HTTPBadRequest", "Required attribute 'vip_subnet_id' not specified"},
		"an unknown subnet":     {"POST", "loadbalancers", lb(with("vip_subnet_id", nobody)), 404, "EntityNotFound", nobody + " could not be found"},
		"a VIP in use":          {"POST", "loadbalancers", lb(with("vip_address", "10.2.0.7")), 409, "IpAddressAlreadyAllocated", "10.2.0.7 already allocated"},
		"a batch of members":    {"PUT", "pools/" + b.pool + "/members", object{"members": []any{}}, 404, "", ""},
		"UDP":                   {"POST", "listeners", onLB("UDP", 53), 400, "HTTPBadRequest", "Invalid input for protocol. Reason: 'UDP' is not in ['TERMINATED_HTTPS', 'HTTPS', 'TCP', 'HTTP']."},
		"a port in use":         {"POST", "listeners", onLB("TCP", 80), 409, "LoadBalancerListenerProtocolPortExists", "Load Balancer " + b.lb + " already has a listener with protocol_port of 80"},
		"a member that is":      {"POST", "pools/" + b.pool + "/members", member, 409, "MemberExists", "already present in pool " + b.pool},
		"a cascade":             {"DELETE", "loadbalancers/" + b.lb + "?cascade=true", nil, 409, "EntityInUse", "listener " + b.listener + " is using this loadbalancer"},
		"a pool that is asked":  {"DELETE", "pools/" + b.pool, nil, 409, "EntityInUse", "is using this pool"},
		"what is not there":     {"GET", "listeners/" + nobody, nil, 404, "EntityNotFound", "listener " + nobody + " could not be found"},
		"flavors":               {"GET", "flavors", nil, 404, "", ""},
		"a member with a guard": {"POST", "pools/" + b.pool + "/members", object{"member": object{"address": "10.1.0.8", "protocol_port": 80}}, 400, "HTTPBadRequest", "Required attribute 'subnet_id' not specified"},
	} {
		t.Run(claim, func(t *testing.T) {
			a := demo.call(test.method, old+test.path, test.body)
			a.t = t
			a.want(test.status, test.says)
			if test.kind != "" {
				a.want(test.status, `{"NeutronError":{"detail":"","message":`, `"type":"`+test.kind+`"`)
			}
		})
	}
}

func TestLBaaSv2IsImmutableWhilePendingAndHasQuotas(t *testing.T) {
	w, demo := newLegacyWorld(t)
	b, _, monitor := demo.stack()
	demo.call("PUT", old+"listeners/"+b.listener, object{"listener": object{"name": "x"}}).want(200)
	demo.call("PUT", old+"listeners/"+b.listener, object{"listener": object{"name": "y"}}).want(409, "StateInvalid", "Invalid state PENDING_UPDATE of loadbalancer resource "+b.lb)
	w.settle()
	project := demo.call("GET", old+"loadbalancers/"+b.lb, nil).id("loadbalancer.tenant_id")
	w.as("admin").call("PUT", neutron+"quotas/"+project, object{"quota": object{"loadbalancer": 1}}).want(200, `"loadbalancer":1`)
	demo.call("POST", old+"loadbalancers", object{"loadbalancer": object{"vip_subnet_id": w.nets.ServiceSubnet}}).want(409, "OverQuota", "['loadbalancer']")
	demo.call("GET", neutron+"quotas/"+project+"/details.json", nil).want(200, `"loadbalancer":{"limit":1,"reserved":0,"used":1}`)
	for _, path := range []string{"healthmonitors/" + monitor, "pools/" + b.pool, "listeners/" + b.listener, "loadbalancers/" + b.lb} {
		demo.call("DELETE", old+path, nil).want(204)
		w.settle()
	}
	demo.call("GET", neutron+"ports/"+b.port, nil).want(404)
}

// What fails once is well again when something else succeeds.
func TestLBaaSv2TakesChangesOfWhatIsInError(t *testing.T) {
	w, demo := newLegacyWorld(t)
	b, _, monitor := demo.stack()
	for path, change := range map[string]object{
		"loadbalancers/" + b.lb:     {"loadbalancer": object{"name": "x"}},
		"listeners/" + b.listener:   {"listener": object{"name": "x"}},
		"pools/" + b.pool:           {"pool": object{"name": "x"}},
		"healthmonitors/" + monitor: {"healthmonitor": object{"delay": 9}},
	} {
		w.cloud.Break(b.lb)
		demo.call("PUT", old+path, change).want(200)
		demo.call("PUT", old+path, change).want(409, "Invalid state PENDING_UPDATE")
		w.settle()
		demo.call("GET", old+"loadbalancers/"+b.lb, nil).want(200, "ACTIVE")
	}
}
