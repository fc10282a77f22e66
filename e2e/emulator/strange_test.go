package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// A stage is a cloud with one of everything, and an administrator who sends it what
// nobody should.
type stage struct {
	t      *testing.T
	cloud  *Cloud
	nets   Networks
	random *rand.Rand
	tries  int    // values for each attribute; 0: all there are
	lbaas  string // where load balancers are
	ids    map[string]string
}

// A strangeForm is where a request goes, and what is in it beside the attribute that
// is strange.
type strangeForm struct {
	method, path string
	names        []string
	body         func(changes object) any
}

// TestNothingStrangeCutsAConnection gives every attribute of every POST and PUT values
// that it should not have. Whatever the cloud thinks of them, it answers.
func TestNothingStrangeCutsAConnection(t *testing.T) {
	for claim, mode := range map[string]struct {
		options Options
		tries   int
	}{
		"in a cloud as it is by itself": {Options{}, 0},
		"with OVN":                      {Options{Providers: []string{"ovn"}}, 3},
		"in a legacy cloud":             {Options{Legacy: true}, 4},
		"in a cloud as packaged":        {Options{AsPackaged: true, APIVersion: "v2.13"}, 3},
	} {
		t.Run(claim, func(t *testing.T) {
			s := newStage(t, mode.options, mode.tries)
			for _, f := range s.forms() {
				s.try(f)
			}
			s.cloud.Snapshot()
			counts := s.cloud.Counts()
			for _, call := range s.cloud.Calls() {
				if (strings.HasPrefix(call, "POST ") || strings.HasPrefix(call, "PUT ")) && counts[call] == 0 {
					t.Errorf("nobody tried %s", call)
				}
			}
		})
	}
}

func newStage(t *testing.T, o Options, tries int) *stage {
	o.Seed = 1
	c := New(o)
	s := &stage{t: t, cloud: c, nets: c.LayTwoSubnets(), random: rand.New(rand.NewPCG(1, 2)), tries: tries}
	s.ids = map[string]string{"l7policy": "none", "rule": "none"} // as with OVN
	s.lbaas = loadBalancerPrefix + "/lbaas/"
	if o.Legacy {
		s.lbaas = networkPrefix + "/lbaas/"
	}
	c.tokens["strange"] = c.issue(c.users["admin"], &named{ID: c.projects["demo"].ID}, "password")
	for resource := range c.Quotas()["demo"] {
		if err := c.SetQuota("demo", resource, -1); err != nil {
			t.Fatal(err)
		}
	}
	s.furnish()
	return s
}

// furnish makes one of everything.
func (s *stage) furnish() {
	algorithm := "ROUND_ROBIN"
	if s.cloud.enabled()[0] == "ovn" {
		algorithm = "SOURCE_IP_PORT"
	}
	s.add(s.lbaas+"loadbalancers", "loadbalancer", object{"vip_subnet_id": s.nets.ServiceSubnet})
	s.add(s.lbaas+"listeners", "listener", object{"loadbalancer_id": s.ids["loadbalancer"], "protocol": "TCP", "protocol_port": 1})
	s.add(s.lbaas+"pools", "pool", object{"loadbalancer_id": s.ids["loadbalancer"], "protocol": "TCP", "lb_algorithm": algorithm})
	s.add(s.lbaas+"pools/"+s.ids["pool"]+"/members", "member", object{"address": "10.1.0.1", "protocol_port": 1, "subnet_id": s.nets.PodSubnet})
	s.add(s.lbaas+"healthmonitors", "healthmonitor", object{"pool_id": s.ids["pool"], "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3})
	if s.cloud.enabled()[0] != "ovn" {
		s.add(s.lbaas+"listeners", "listener", object{"loadbalancer_id": s.ids["loadbalancer"], "protocol": "HTTP", "protocol_port": 2})
		s.add(s.lbaas+"l7policies", "l7policy", object{"listener_id": s.ids["listener"], "action": "REJECT"})
		s.add(s.lbaas+"l7policies/"+s.ids["l7policy"]+"/rules", "rule", object{"type": "PATH", "compare_type": "EQUAL_TO", "value": "/"})
	}
	s.add(networkPrefix+"/networks", "network", object{})
	s.add(networkPrefix+"/subnets", "subnet", object{"network_id": s.ids["network"], "cidr": "10.8.0.0/24", "ip_version": 4})
	s.add(networkPrefix+"/ports", "port", object{"network_id": s.nets.PodNetwork})
	s.add(networkPrefix+"/routers", "router", object{})
	s.add(networkPrefix+"/floatingips", "floatingip", object{"floating_network_id": s.nets.ExternalNetwork})
	s.add(networkPrefix+"/security-groups", "security_group", object{})
}

// add makes something good and remembers its id.
func (s *stage) add(path, key string, in object) {
	s.t.Helper()
	status, answer := s.send("POST", path, object{key: in})
	if status != http.StatusCreated {
		s.t.Fatalf("%s %v: %d %s", path, in, status, answer)
	}
	s.ids[key] = madeID(answer)
}

// madeID is the id of the one resource in an answer.
func madeID(answer []byte) string {
	var all map[string]struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(answer, &all) // what has no id has none
	for _, one := range all {
		return one.ID
	}
	return ""
}

// send sends a body as it is; a panic, which would cut the connection, fails the test.
func (s *stage) send(method, path string, body any) (status int, answer []byte) {
	text := encode(body)
	defer func() {
		if why := recover(); why != nil {
			s.t.Errorf("%s %s %.300s: %v", method, path, text, why)
		}
	}()
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	r.Header.Set("X-Auth-Token", "strange")
	w := httptest.NewRecorder()
	s.cloud.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// try sends every attribute with strange values, and removes what they made.
func (s *stage) try(f strangeForm) {
	for _, body := range []any{nil, []any{}, "", true, object{}, object{"": nil}} {
		s.send(f.method, f.path, body)
	}
	for _, name := range f.names {
		for _, value := range s.values() {
			status, answer := s.send(f.method, f.path, f.body(object{name: value}))
			if status == http.StatusCreated && f.method == "POST" {
				s.send("DELETE", f.path+"/"+madeID(answer)+"?cascade=true", nil)
			}
		}
	}
}

var strangeValues = []any{
	nil, "", strings.Repeat("long", 100), "00000000-0000-0000-0000-000000000000", "already has a default pool",
	"::/0", "255.255.255.255/32", "fe80::1%eth0", "1.1", true,
	json.Number("-1"), json.Number("1.5"), json.Number("1e400"), json.Number("99999999999999999999"),
	[]any{}, []any{nil}, []any{""}, []any{object{}}, object{}, object{"x": nil},
}

// values are strange ones: those that have once been thought of, and chance's.
func (s *stage) values() []any {
	all := append(slices.Clip(strangeValues), s.chance(3))
	if s.tries == 0 {
		return all
	}
	s.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:s.tries]
}

// chance makes a list or an object of other values.
func (s *stage) chance(depth int) any {
	if depth == 0 {
		return strangeValues[s.random.IntN(len(strangeValues))]
	}
	if s.random.IntN(2) == 0 {
		return []any{s.chance(depth - 1), s.chance(depth - 1)}
	}
	names := []string{"id", "name", "type", "start", "end", "subnet_id", "ip_address", "network_id"}
	return object{names[s.random.IntN(len(names))]: s.chance(depth - 1)}
}

// in is a body with one object, changed.
func in(key string, base object) func(object) any {
	return func(changes object) any { return object{key: changed(base, changes)} }
}

func changed(base, changes object) object {
	all := maps.Clone(base)
	maps.Copy(all, changes)
	return all
}

func namesOf(s schema) []string { return append(slices.Sorted(maps.Keys(s)), "unheard_of") }

func (s *stage) forms() []strangeForm {
	return slices.Concat(s.balancerForms(), s.layer7Forms(), s.treeForms(), s.networkForms(), s.otherForms())
}

// both are the forms that make and change something.
func (s *stage) both(path, key string, post, put []string, base object) []strangeForm {
	return []strangeForm{
		{"POST", path, post, in(key, base)},
		{"PUT", path + "/" + s.ids[key], put, in(key, object{})},
	}
}

func (s *stage) balancerForms() []strangeForm {
	lb, pool := s.ids["loadbalancer"], s.ids["pool"]
	members := s.lbaas + "pools/" + pool + "/members"
	member := object{"address": "10.1.0.2", "protocol_port": 2, "subnet_id": s.nets.PodSubnet}
	monitor := object{"pool_id": pool, "type": "HTTP", "delay": 5, "timeout": 3, "max_retries": 3}
	all := slices.Concat(
		s.both(s.lbaas+"loadbalancers", "loadbalancer", namesOf(loadBalancerPost), namesOf(loadBalancerPut), object{"vip_subnet_id": s.nets.ServiceSubnet}),
		s.both(s.lbaas+"listeners", "listener", namesOf(listenerPost), namesOf(listenerPut), object{"loadbalancer_id": lb, "protocol": "TCP", "protocol_port": 9}),
		s.both(s.lbaas+"pools", "pool", namesOf(poolPost), namesOf(poolPut), object{"loadbalancer_id": lb, "protocol": "TCP", "lb_algorithm": "SOURCE_IP"}),
		s.both(members, "member", namesOf(memberPost), namesOf(memberPut), member),
		s.both(s.lbaas+"healthmonitors", "healthmonitor", namesOf(monitorPost), namesOf(monitorPut), monitor),
	)
	if s.cloud.options.Legacy {
		return all
	}
	batch := func(changes object) any { return object{"members": []any{changed(member, changes)}} }
	failover := s.lbaas + "loadbalancers/" + lb + "/failover"
	quotas := s.lbaas + "quotas/" + s.cloud.projects["other"].ID
	return append(all,
		strangeForm{"PUT", members, namesOf(memberPost), batch},
		strangeForm{"PUT", failover, []string{"x"}, func(changes object) any { return changes }},
		strangeForm{"PUT", quotas, slices.Sorted(maps.Keys(balancerQuotaDefaults)), in("quota", object{})},
	)
}

func (s *stage) layer7Forms() []strangeForm {
	rule := object{"type": "PATH", "compare_type": "EQUAL_TO", "value": "/"}
	policy := object{"listener_id": s.ids["listener"], "action": "REDIRECT_TO_POOL", "redirect_pool_id": s.ids["pool"]}
	return slices.Concat(
		s.both(s.lbaas+"l7policies", "l7policy", namesOf(policyPost), namesOf(policyPut), policy),
		s.both(s.lbaas+"l7policies/"+s.ids["l7policy"]+"/rules", "rule", namesOf(rulePost), namesOf(rulePut), rule),
	)
}

// treeForms are load balancers made in full, each with one strange part.
func (s *stage) treeForms() []strangeForm {
	if s.cloud.options.Legacy {
		return nil
	}
	pool := object{"name": "p", "protocol": "HTTP", "lb_algorithm": "SOURCE_IP"}
	listener := object{"protocol": "HTTP", "protocol_port": 80}
	policy := object{"action": "REDIRECT_TO_POOL", "redirect_pool": pool}
	rule := object{"type": "PATH", "compare_type": "EQUAL_TO", "value": "/"}
	inListener := func(o object) object { return object{"listeners": []any{changed(listener, o)}} }
	inPool := func(o object) object { return inListener(object{"default_pool": changed(pool, o)}) }
	inPolicy := func(o object) object { return inListener(object{"l7policies": []any{changed(policy, o)}}) }
	var all []strangeForm
	add := func(part schema, tree func(changes object) object) {
		all = append(all, strangeForm{"POST", s.lbaas + "loadbalancers", namesOf(part), func(changes object) any {
			return object{"loadbalancer": changed(object{"vip_subnet_id": s.nets.ServiceSubnet}, tree(changes))}
		}})
	}
	add(listenerInTree, inListener)
	add(poolInTree, inPool)
	add(persistenceSchema, func(o object) object {
		return inPool(object{"session_persistence": changed(object{"type": "SOURCE_IP"}, o)})
	})
	add(memberInTree, func(o object) object {
		return inPool(object{"members": []any{changed(object{"address": "10.1.0.9", "protocol_port": 1}, o)}})
	})
	add(monitorInTree, func(o object) object {
		return inPool(object{"healthmonitor": changed(object{"type": "HTTP", "delay": 5, "timeout": 3, "max_retries": 3}, o)})
	})
	add(policyInTree, inPolicy)
	add(rulePost, func(o object) object { return inPolicy(object{"rules": []any{changed(rule, o)}}) })
	return all
}

func (s *stage) networkForms() []strangeForm {
	n := networkPrefix
	router := []string{"name", "description", "admin_state_up", "external_gateway_info", "project_id", "tenant_id"}
	floating := []string{"floating_network_id", "floating_ip_address", "subnet_id", "port_id", "fixed_ip_address", "description", "project_id", "qos_policy_id"}
	group := []string{"name", "description", "stateful", "project_id", "tenant_id"}
	subnet := object{"network_id": s.ids["network"], "cidr": "10.9.0.0/24", "ip_version": 4}
	all := slices.Concat(
		s.both(n+"/networks", "network", networkAttributes, networkAttributes, object{}),
		s.both(n+"/subnets", "subnet", subnetAttributes, subnetAttributes, subnet),
		s.both(n+"/ports", "port", portAttributes, portAttributes, object{"network_id": s.nets.PodNetwork}),
		s.both(n+"/routers", "router", router, router, object{}),
		s.both(n+"/floatingips", "floatingip", floating, floating, object{"floating_network_id": s.nets.ExternalNetwork}),
		s.both(n+"/security-groups", "security_group", group, group, object{}),
	)
	for _, collection := range []string{"network", "subnet", "port", "router", "floatingip", "security_group"} {
		tags := n + "/" + strings.ReplaceAll(collection, "_", "-") + "s/" + s.ids[collection] + "/tags"
		all = append(all, strangeForm{"PUT", tags, []string{"tags"}, func(changes object) any { return changes }})
		s.send("PUT", tags+"/%ff", nil)
	}
	return all
}

func (s *stage) otherForms() []strangeForm {
	as := func(changes object) any { return changes }
	rule := []string{"security_group_id", "direction", "ethertype", "protocol", "port_range_min", "port_range_max",
		"remote_ip_prefix", "remote_group_id", "remote_address_group_id", "description", "project_id"}
	c, n := s.cloud, networkPrefix
	return []strangeForm{
		{"POST", n + "/security-group-rules", rule, in("security_group_rule", object{"security_group_id": s.ids["security_group"], "direction": "ingress"})},
		{"PUT", n + "/quotas/" + c.projects["other"].ID, slices.Sorted(maps.Keys(networkQuotaDefaults)), in("quota", object{})},
		{"PUT", n + "/routers/" + s.ids["router"] + "/add_router_interface", []string{"subnet_id", "port_id"}, as},
		{"PUT", n + "/routers/" + s.ids["router"] + "/remove_router_interface", []string{"subnet_id", "port_id"}, as},
		{"POST", identityPrefix + "/auth/tokens", []string{"identity", "scope"}, in("auth", object{})},
		{"POST", identityPrefix + "/auth/tokens", []string{"methods", "password", "application_credential"}, func(changes object) any {
			return object{"auth": object{"identity": changed(object{"methods": []string{"password", "application_credential"}}, changes)}}
		}},
		{"POST", identityPrefix + fmt.Sprintf("/users/%s/application_credentials", c.users["admin"].ID), []string{"name", "description", "secret"},
			in("application_credential", object{"name": "x"})},
	}
}
