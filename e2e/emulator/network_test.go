package emulator_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/emulator"
)

// float makes a floating IP.
func (c client) float(changes ...func(object)) answer {
	c.t.Helper()
	f := object{"floating_network_id": c.nets.ExternalNetwork}
	for _, change := range changes {
		change(f)
	}
	return c.call("POST", neutron+"floatingips", object{"floatingip": f})
}

// port makes a port on a network.
func (c client) port(network string, fixed ...any) answer {
	c.t.Helper()
	p := object{"network_id": network}
	if len(fixed) > 0 {
		p["fixed_ips"] = fixed
	}
	return c.call("POST", neutron+"ports", object{"port": p})
}

func TestTheReferenceLayout(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	demo.call("GET", neutron+"subnets/"+w.nets.PodSubnet, nil).want(200,
		`"cidr":"10.1.0.0/16"`, `"gateway_ip":"10.1.255.254"`, `"enable_dhcp":false`, `"allocation_pools":[{"start":"10.1.0.1","end":"10.1.255.253"}]`)
	demo.call("GET", neutron+"subnets/"+w.nets.ServiceSubnet, nil).want(200,
		`"cidr":"10.2.0.0/16"`, `"gateway_ip":"10.2.255.254"`, `"allocation_pools":[{"start":"10.2.128.1","end":"10.2.255.253"}]`)
	demo.call("GET", neutron+"networks/"+w.nets.ExternalNetwork, nil).want(200, `"router:external":true`, w.nets.ExternalSubnet)
	demo.call("GET", neutron+"routers/"+w.nets.Router, nil).want(200, `"network_id":"`+w.nets.ExternalNetwork+`"`)
	for _, gateway := range []string{"10.1.255.254", "10.2.255.254"} {
		demo.call("GET", neutron+"ports?fixed_ips=ip_address%3D"+gateway, nil).want(200, "network:router_interface")
	}
}

func TestTheOtherLayout(t *testing.T) {
	w := newWorld(t)
	w.cloud = emulator.New(emulator.Options{Pending: pending, Now: w.clock.Now})
	w.nets = w.cloud.LayOneSubnet()
	w.serve()
	if w.nets.PodSubnet != w.nets.ServiceSubnet || w.nets.PodNetwork != w.nets.ServiceNetwork {
		t.Errorf("%+v", w.nets)
	}
	demo := w.as("demo")
	demo.call("GET", neutron+"subnets", nil).want(200, `"name":"k8s"`, `"cidr":"10.0.0.0/16"`, `"gateway_ip":"10.0.255.254"`,
		`"allocation_pools":[{"start":"10.0.64.0","end":"10.0.255.253"}]`)
	demo.call("GET", neutron+"ports?device_id="+w.nets.Router+"&fixed_ips=ip_address%3D10.0.255.254", nil).want(200, "network:router_interface")
	b := demo.build(with("vip_address", "10.0.0.1"))
	demo.float(with("port_id", b.port)).want(201, `"fixed_ip_address":"10.0.0.1"`)
}

func TestWhoSeesWhatOfTheNetworks(t *testing.T) {
	w := newWorld(t)
	for user, test := range map[string]struct{ networks, subnets, routers int }{
		"demo":  {3, 2, 1},
		"other": {1, 0, 0}, // an external network is everybody's, its subnet is not
		"admin": {3, 3, 1},
	} {
		t.Run(user, func(t *testing.T) {
			c := w.as(user)
			got := struct{ networks, subnets, routers int }{}
			got.networks = len(c.call("GET", neutron+"networks", nil).at("networks").([]any))
			got.subnets = len(c.call("GET", neutron+"subnets", nil).at("subnets").([]any))
			got.routers = len(c.call("GET", neutron+"routers", nil).at("routers").([]any))
			if got != test {
				t.Errorf("%+v, want %+v", got, test)
			}
		})
	}
}

func TestAFloatingIPIsMadeAndAssociatedInOneCall(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	demo.float(with("port_id", b.port), with("description", "web")).want(201, `"fixed_ip_address":"10.2.0.7"`,
		`"router_id":"`+w.nets.Router+`"`, `"description":"web"`, `"device_owner":"Octavia"`, `"status":"DOWN"`)
}

func TestWhatNeutronRefusesOfAFloatingIP(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	b := demo.build()
	taken := demo.float(with("port_id", b.port)).want(201)
	lonely := demo.call("POST", neutron+"networks", object{"network": object{"name": "lonely"}}).want(201).id("network.id")
	demo.call("POST", neutron+"subnets", object{"subnet": object{"network_id": lonely, "ip_version": 4, "cidr": "10.9.0.0/24"}}).want(201, `"gateway_ip":"10.9.0.1"`)
	unreachable := demo.port(lonely).want(201, `"ip_address":"10.9.0.2"`).id("port.id")
	address := with("floating_ip_address", taken.id("floatingip.floating_ip_address"))
	for claim, test := range map[string]struct {
		who    client
		change func(object)
		status int
		says   string
	}{
		"a second one on a port":      {demo, with("port_id", b.port), 409, "FloatingIPPortAlreadyAssociated"},
		"a port no router leads to":   {demo, with("port_id", unreachable), 404, "ExternalGatewayForFloatingIPNotFound"},
		"a port that is not there":    {demo, with("port_id", nobody), 404, "PortNotFound"},
		"an address a member chooses": {demo, address, 403, "rule:create_floatingip:floating_ip_address) is disallowed by policy"},
		"an address in use":           {admin, address, 409, "IpAddressAlreadyAllocated"},
		"a network that is inside":    {demo, with("floating_network_id", w.nets.PodNetwork), 400, "is not a valid external network."},
		"a network that is not there": {demo, with("floating_network_id", nobody), 404, "NetworkNotFound"},
		"an unknown attribute":        {demo, with("colour", "red"), 400, "Unrecognized attribute(s) 'colour'"},
	} {
		t.Run(claim, func(t *testing.T) {
			a := test.who.float(test.change)
			a.t = t
			a.want(test.status, test.says)
		})
	}
	if got := demo.call("GET", neutron+"floatingips", nil).at("floatingips").([]any); len(got) != 1 {
		t.Errorf("refused creates left something: %v", got)
	}
}

func TestAFloatingIPMovesSilentlyUnlessItsRevisionIsAsked(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	a, b := demo.build(), demo.build(with("vip_address", "10.2.0.8"))
	f := demo.float(with("port_id", a.port)).want(201, `"revision_number":0`)
	path := neutron + "floatingips/" + f.id("floatingip.id")
	move := object{"floatingip": object{"port_id": b.port}}
	demo.call("PUT", path, move, "If-Match", "revision_number=9").want(412, "RevisionNumberConstraintFailed")
	demo.call("GET", path, nil).want(200, a.port)
	demo.call("PUT", path, move, "If-Match", "revision_number=0").want(200, b.port, `"revision_number":1`)
	demo.call("PUT", path, object{"floatingip": object{"port_id": a.port}}).want(200, a.port, `"revision_number":2`)
	demo.call("PUT", path, object{"floatingip": object{"port_id": nil}}).want(200, `"port_id":null`)
	demo.call("DELETE", path, nil, "If-Match", "revision_number=0").want(412)
	demo.call("DELETE", path, nil).want(204)
	demo.call("GET", path, nil).want(404, "FloatingIPNotFound")
}

func TestFloatingIPsAreFoundByTheirAttributes(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	wanted := demo.float(with("port_id", b.port), with("description", "web")).want(201)
	id := wanted.id("floatingip.id")
	demo.float(with("description", "web 2")).want(201)
	demo.call("PUT", neutron+"floatingips/"+id+"/tags", object{"tags": []string{"octagate:a/b", "x"}}).want(200)
	demo.call("GET", neutron+"floatingips/"+id+"/tags", nil).want(200, `["octagate:a/b","x"]`)
	for _, query := range []string{
		"id=" + id, "port_id=" + b.port, "description=web", "tags=octagate:a%2Fb", "tags=x,octagate:a%2Fb", "tags-any=x,y",
		"floating_ip_address=" + wanted.id("floatingip.floating_ip_address"), "router_id=" + w.nets.Router, "fixed_ip_address=10.2.0.7",
		"floating_network_id=" + w.nets.ExternalNetwork + "&status=DOWN&not-tags=y&description=web",
	} {
		got := demo.call("GET", neutron+"floatingips?fields=id&"+query, nil).want(200).at("floatingips")
		if diff := cmp.Diff(any([]any{object{"id": id}}), got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	demo.call("GET", neutron+"floatingips?colour=red", nil).want(400, "is invalid attribute for filtering")
	w.as("other").call("GET", neutron+"floatingips", nil).want(200, `"floatingips":[]`)
}

func TestPortsHoldTheirAddresses(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	chosen := object{"subnet_id": w.nets.ServiceSubnet, "ip_address": "10.2.0.50"}
	p := demo.port(w.nets.ServiceNetwork, chosen).want(201).id("port.id")
	demo.port(w.nets.ServiceNetwork, chosen).want(409, "IpAddressAlreadyAllocated")
	demo.port(w.nets.ServiceNetwork, object{"ip_address": "10.7.0.1"}).want(400, "InvalidIpForNetwork")
	demo.port(w.nets.ServiceNetwork, object{"subnet_id": w.nets.ServiceSubnet, "ip_address": "10.7.0.1"}).want(400, "InvalidIpForSubnet")
	demo.port(nobody).want(404, "NetworkNotFound")
	demo.port(w.nets.ServiceNetwork).want(201, `"ip_address":"10.2.128.1"`)

	f := demo.float(with("port_id", p)).want(201).id("floatingip.id")
	demo.call("DELETE", neutron+"ports/"+p, nil).want(204)
	demo.call("GET", neutron+"floatingips/"+f, nil).want(200, `"port_id":null`, `"revision_number":1`)
	demo.port(w.nets.ServiceNetwork, chosen).want(201)
}

func TestAUsersPortServesAsVIPAndStays(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	p := demo.port(w.nets.ServiceNetwork, object{"ip_address": "10.2.0.50"}).want(201).id("port.id")
	b := demo.build(with("vip_subnet_id", nil), with("vip_address", nil), with("vip_port_id", p))
	demo.call("GET", lbaas+"loadbalancers/"+b.lb, nil).want(200, `"vip_address":"10.2.0.50"`, w.nets.ServiceSubnet, w.nets.ServiceNetwork)
	demo.call("DELETE", lbaas+"loadbalancers/"+b.lb+"?cascade=true", nil).want(204)
	w.settle()
	demo.call("GET", neutron+"ports/"+p, nil).want(200)
}

func TestAnExternalNetworkRunsOutOfAddresses(t *testing.T) {
	w := newWorld(t)
	admin := w.as("admin")
	n := admin.call("POST", neutron+"networks", object{"network": object{"router:external": true}}).want(201).id("network.id")
	admin.call("POST", neutron+"subnets", object{"subnet": object{"network_id": n, "ip_version": 4, "cidr": "203.0.113.0/30"}}).want(201)
	demo := w.as("demo")
	only := demo.float(with("floating_network_id", n)).want(201, "203.0.113.2").id("floatingip.id")
	demo.float(with("floating_network_id", n)).want(409, "IpAddressGenerationFailure")
	demo.call("DELETE", neutron+"floatingips/"+only, nil).want(204)
	demo.float(with("floating_network_id", n)).want(201, "203.0.113.2")
}

func TestQuotasOfNeutronAreMet(t *testing.T) {
	w := newWorld(t)
	demo, admin := w.as("demo"), w.as("admin")
	project := demo.float().want(201).id("floatingip.project_id")
	quotas := neutron + "quotas/" + project
	admin.call("PUT", quotas, object{"quota": object{"floatingip": 1, "port": 2}}).want(200)
	demo.float().want(409, "OverQuota", "Quota exceeded for resources: ['floatingip'].")
	demo.port(w.nets.PodNetwork).want(409, "['port']")
	demo.call("POST", lbaas+"loadbalancers", w.balancer()).want(500, "Quota exceeded for resources: ['port'].")
	demo.call("GET", quotas+"/details.json", nil).want(200, `"floatingip":{"limit":1,"reserved":0,"used":1}`, `"port":{"limit":2,"reserved":0,"used":2}`)
	demo.call("PUT", quotas, object{"quota": object{"port": 9}}).want(403)
	admin.call("DELETE", quotas, nil).want(204)
	demo.float().want(201)
}

func TestRoutersKeepWhatIsNeeded(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	b := demo.build()
	f := demo.float(with("port_id", b.port)).want(201).id("floatingip.id")
	router := neutron + "routers/" + w.nets.Router
	service := object{"subnet_id": w.nets.ServiceSubnet}
	demo.call("DELETE", router, nil).want(409, "RouterInUse")
	demo.call("PUT", router+"/remove_router_interface", service).want(409, "RouterInterfaceInUseByFloatingIP")
	demo.call("DELETE", neutron+"floatingips/"+f, nil).want(204)
	demo.call("PUT", router+"/remove_router_interface", service).want(200)
	demo.float(with("port_id", b.port)).want(404, "ExternalGatewayForFloatingIPNotFound")
	demo.call("PUT", router+"/add_router_interface", service).want(200, w.nets.ServiceSubnet)
	demo.float(with("port_id", b.port)).want(201)
}

func TestAUsersFloatingIPWithAChosenAddress(t *testing.T) {
	w := newWorld(t)
	id := w.cloud.AddFloatingIP(w.nets.ExternalNetwork, "172.24.4.99")
	w.as("demo").call("GET", neutron+"floatingips/"+id, nil).want(200, `"floating_ip_address":"172.24.4.99"`)
}

func TestNeutronPages(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	for i := range 5 {
		demo.float(with("description", fmt.Sprint(i))).want(201)
	}
	query := "floatingips?limit=2&fields=id&fields=description&sort_key=description&sort_dir=desc"
	var got []string
	for path := neutron + query; path != ""; {
		a := demo.call("GET", path, nil).want(200)
		for _, f := range a.at("floatingips").([]any) {
			got = append(got, f.(object)["description"].(string))
		}
		path = w.next(a, "floatingips_links")
	}
	if diff := cmp.Diff([]string{"4", "3", "2", "1", "0"}, got); diff != "" {
		t.Error(diff)
	}
	demo.call("GET", neutron+query, nil).want(200, `"rel":"previous"`, "page_reverse=True")
}

// next is the path of the page that follows, "" after the last.
func (w *world) next(a answer, links string) string {
	all, _ := a.at(links).([]any)
	for _, l := range all {
		if l.(object)["rel"] == "next" {
			return l.(object)["href"].(string)[len(w.url)+1:]
		}
	}
	return ""
}

func TestExtensionsThatOctagateLooksFor(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	for _, alias := range []string{"standard-attr-tag", "standard-attr-revisions", "revision-if-match", "router", "external-net", "fip-port-details"} {
		demo.call("GET", neutron+"extensions/"+alias, nil).want(200)
		demo.call("GET", neutron+"extensions", nil).want(200, `"alias":"`+alias+`"`)
	}
	demo.call("GET", neutron+"extensions/magic", nil).want(404)
}

func TestTagsOneByOne(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	for _, path := range []string{"networks/" + w.nets.PodNetwork, "subnets/" + w.nets.PodSubnet, "routers/" + w.nets.Router} {
		tags := neutron + path + "/tags"
		demo.call("PUT", tags+"/b", nil).want(201)
		demo.call("PUT", tags+"/a", nil).want(201)
		demo.call("GET", tags, nil).want(200, `{"tags":["a","b"]}`)
		demo.call("DELETE", tags+"/b", nil).want(204)
		demo.call("DELETE", tags+"/b", nil).want(404, "TagNotFound")
		demo.call("GET", neutron+path, nil).want(200, `"tags":["a"]`)
		demo.call("DELETE", tags, nil).want(204)
		demo.call("GET", tags, nil).want(200, `{"tags":[]}`)
	}
}

func TestOnlyAnAdministratorOpensANetwork(t *testing.T) {
	w := newWorld(t)
	for _, attribute := range []string{"router:external", "shared"} {
		body := object{"network": object{attribute: true}}
		w.as("demo").call("POST", neutron+"networks", body).want(403, "PolicyNotAuthorized", attribute)
		w.as("admin").call("POST", neutron+"networks", body).want(201)
	}
}
