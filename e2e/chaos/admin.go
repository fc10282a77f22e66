package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"

	"github.com/octagate/octagate/e2e/emulator"
)

// An admin is a person with access to the project, who asks the cloud without octagate's
// client, and without any fault.
type admin struct{ cloud *emulator.Cloud }

// An object is something in JSON.
type object = map[string]any

// The services of the cloud.
const (
	base    = "http://cloud.test"
	lbaas   = "/load-balancer/v2/lbaas/"
	neutron = "/network/v2.0/"
)

func newAdmin(cloud *emulator.Cloud) *admin { return &admin{cloud} }

// call makes one call, with a token of its own, and returns the thing that it answers with.
func (a *admin) call(method, path string, body any) object {
	answer := a.send(method, path, body, a.token())
	var all map[string]object
	if json.Unmarshal(answer.Body.Bytes(), &all) != nil {
		return nil
	}
	for _, thing := range all {
		return thing
	}
	return nil
}

func (a *admin) send(method, path string, body any, token string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, base+path, bytes.NewReader(encode(body)))
	request.Header.Set("X-Auth-Token", token)
	recorder := httptest.NewRecorder()
	a.cloud.ServeHTTP(recorder, request)
	return recorder
}

func (a *admin) token() string {
	domain := object{"id": "default"}
	answer := a.send(http.MethodPost, "/identity/v3/auth/tokens", object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": object{"name": "demo", "password": "secret", "domain": domain}}},
		"scope":    object{"project": object{"name": "demo", "domain": domain}},
	}}, "")
	return answer.Header().Get("X-Subject-Token")
}

// subnet makes one of IPv6, in the lower half of which the cluster chooses, and tells its ID.
func (a *admin) subnet(network, first string) string {
	return text(a.call(http.MethodPost, neutron+"subnets", object{"subnet": object{
		"network_id": network, "ip_version": 6, "cidr": first + "/108", "enable_dhcp": false,
		"allocation_pools": []object{{"start": first + "8:0", "end": first + "f:ffff"}},
	}}), "id")
}

// mend ends what is wrong with the cloud itself.
func (a *admin) mend() {
	a.cloud.Release()
	a.cloud.FailBuilds(false)
	for _, resource := range scarce {
		a.quota(resource, -1)
	}
	a.pending(0)
}

func (a *admin) quota(resource string, most int) {
	if err := a.cloud.SetQuota("demo", resource, most); err != nil {
		panic(err)
	}
}

// furnish puts into the cloud what is there before octagate: floating IPs of users, and
// load balancers of others, one of them of a cluster that was given our name.
func (w *world) furnish() {
	for _, address := range floating {
		w.addFloatingIP(address)
	}
	other := []string{"octagate:cluster=" + cluster, "octagate:service=99999999-0000-4000-8000-000000000000", "octagate:kube-system=" + string(stranger)}
	w.house.port = text(w.admin.call(http.MethodPost, neutron+"ports", object{"port": object{"network_id": w.nets.PodNetwork, "name": "server"}}), "id")
	for i, tags := range [][]string{nil, other} {
		w.admin.call(http.MethodPost, lbaas+"loadbalancers", object{"loadbalancer": object{
			"name": "shop/a", "vip_subnet_id": w.nets.ServiceSubnet, "vip_address": fmt.Sprintf("10.2.1.%d", i), "tags": tags,
			"listeners": []object{{"name": "shop/a:TCP:80", "protocol": "TCP", "protocol_port": 80, "tags": tags}},
		}})
	}
	w.admin.call(http.MethodPost, neutron+"floatingips", object{"floatingip": object{
		"floating_network_id": w.nets.ExternalNetwork, "description": fmt.Sprintf("%s %s %s shop/a", other[0], other[1], other[2]),
	}})
	w.cloud.Snapshot()
	w.house.things = map[string]string{}
	for collection, all := range w.cloud.Snapshot() {
		for id, thing := range all {
			if collection == "loadbalancers" || collection == "listeners" || collection == "floatingips" && text(thing, "description") != "" {
				w.house.things[collection+" "+id] = furniture(thing)
			}
		}
	}
}

// addFloatingIP makes a floating IP of a user, who keeps the last for one namespace.
func (w *world) addFloatingIP(address string) {
	id := w.cloud.AddFloatingIP(w.nets.ExternalNetwork, address)
	if address == floating[len(floating)-1] {
		w.admin.call(http.MethodPut, neutron+"floatingips/"+id+"/tags", object{"tags": []string{"octagate:namespace=" + keeper}})
	}
}

// A house is what is foreign in the cloud.
type house struct {
	port   string            // of a server
	things map[string]string // what must stay as it is
}

// furniture is what nobody should change of a thing.
func furniture(thing object) string {
	still := maps.Clone(thing)
	for _, name := range []string{"provisioning_status", "operating_status", "updated_at", "status"} {
		delete(still, name)
	}
	return string(encode(still))
}

// stolen is what is not as it was in the house.
func (w *world) stolen(s emulator.Snapshot) (wrong []string) {
	now := map[string]string{}
	for collection, all := range s {
		for id, thing := range all {
			now[collection+" "+id] = furniture(thing)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(w.house.things)) {
		if now[what] != w.house.things[what] {
			wrong = append(wrong, fmt.Sprintf("foreign %s was touched: %s, it was %s", what, now[what], w.house.things[what]))
		}
	}
	return wrong
}

// text is an attribute that is a text; empty: it is none.
func text(thing object, name string) string {
	s, _ := thing[name].(string)
	return s
}

// texts are the elements of an attribute that is a list of texts.
func texts(thing object, name string) []string {
	var all []string
	list, _ := thing[name].([]any)
	for _, one := range list {
		if s, ok := one.(string); ok {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all
}

// number is an attribute that is a number.
func number(thing object, name string) int {
	n, _ := strconv.Atoi(fmt.Sprint(thing[name]))
	return n
}

// firstOf is the first of several; empty: there are none.
func firstOf(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// ids are the IDs in an attribute that is a list of references.
func ids(thing object, name string) []string {
	var all []string
	list, _ := thing[name].([]any)
	for _, one := range list {
		ref, _ := one.(object)
		all = append(all, text(ref, "id"))
	}
	slices.Sort(all)
	return all
}
