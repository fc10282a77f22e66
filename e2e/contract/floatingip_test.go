package contract

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A floatingIP is one of a test.
type floatingIP struct{ id, address string }

func (f floatingIP) path() string { return "floatingips/" + f.id }

// ask asks for a floating IP, changed a little; it goes when the test ends.
func (x trial) ask(edits ...func(object)) answer {
	x.Helper()
	wanted := object{"floating_network_id": x.ExternalNetwork, "description": x.named("floating")}
	for _, edit := range edits {
		edit(wanted)
	}
	a := x.neutron(http.MethodPost, "floatingips", object{"floatingip": wanted})
	if a.Status == http.StatusCreated {
		id := a.text("floatingip.id")
		x.Cleanup(func() { x.neutron(http.MethodDelete, "floatingips/"+id, nil) })
	}
	return a
}

func (x trial) floatingIP(edits ...func(object)) floatingIP {
	x.Helper()
	a := x.ask(edits...).is(http.StatusCreated)
	return floatingIP{a.text("floatingip.id"), a.text("floatingip.floating_ip_address")}
}

// lead lets a floating IP lead to a port; nil: nowhere.
func (x trial) lead(f floatingIP, port any, headers ...string) answer {
	x.Helper()
	return x.neutron(http.MethodPut, f.path(), object{"floatingip": object{"port_id": port}}, headers...)
}

func (x trial) revision(f floatingIP) int {
	x.Helper()
	return int(x.neutron(http.MethodGet, f.path(), nil).is(http.StatusOK).at("floatingip.revision_number").(float64))
}

func TestOneCallMakesAFloatingIPThatLeadsSomewhere(t *testing.T) {
	everywhere(t, func(x trial) {
		address := x.address()
		port := x.port(x.ServiceNetwork, address)
		a := x.ask(with("port_id", port), with("description", x.named("described: default/web"))).is(http.StatusCreated)
		for path, want := range map[string]string{
			"port_id": port, "fixed_ip_address": address, "router_id": x.Router, "floating_network_id": x.ExternalNetwork,
			"description": x.named("described: default/web"), "project_id": x.Project,
		} {
			a.has("floatingip."+path, `"`+want+`"`)
		}
		f := floatingIP{a.text("floatingip.id"), a.text("floatingip.floating_ip_address")}
		x.lead(f, nil).is(http.StatusOK).has("floatingip.port_id", "null")
	})
}

func TestFloatingIPsAreFoundExactly(t *testing.T) {
	everywhere(t, func(x trial) {
		port := x.port(x.ServiceNetwork, x.address())
		f := x.floatingIP(with("description", x.named("exactly this")), with("port_id", port))
		for query, want := range map[string]int{
			"description=" + url.QueryEscape(x.named("exactly this")): 1,
			"description=" + url.QueryEscape(x.named("exactly")):      0,
			"floating_ip_address=" + f.address:                        1,
			"port_id=" + port:                                         1,
			"id=" + f.id + "&project_id=" + x.Project:                 1,
			"id=" + f.id + "&project_id=" + nobody:                    0,
		} {
			if rows := x.neutron(http.MethodGet, "floatingips?"+query, nil).is(http.StatusOK).rows("floatingips"); len(rows) != want {
				x.Errorf("%s: %d found, want %d", query, len(rows), want)
			}
		}
	})
}

// A filter that is there more than once finds what has any of the values.
func TestFloatingIPsAreFoundByManyAddresses(t *testing.T) {
	everywhere(t, func(x trial) {
		one, two, address := x.floatingIP(), x.floatingIP(), x.address()
		used := x.floatingIP(with("port_id", x.port(x.ServiceNetwork, address)))
		query := url.Values{"project_id": {x.Project}, "fields": {"id", "floating_ip_address", "port_id", "fixed_ip_address", "tags"}}
		for _, a := range []string{one.address, used.address, "192.0.2.1", two.address, "2001:db8::1"} {
			query.Add("floating_ip_address", a)
		}
		got := map[string]any{}
		for _, f := range x.neutron(http.MethodGet, "floatingips?"+query.Encode(), nil).is(http.StatusOK).rows("floatingips") {
			if got[f["floating_ip_address"].(string)] = f["fixed_ip_address"]; len(f) != 5 {
				x.Errorf("five fields were asked for: %v", f)
			}
		}
		if diff := cmp.Diff(map[string]any{one.address: nil, two.address: nil, used.address: address}, got); diff != "" {
			x.Error(diff)
		}
		query.Set("project_id", nobody)
		x.neutron(http.MethodGet, "floatingips?"+query.Encode(), nil).is(http.StatusOK).has("floatingips", "[]")
	})
}

func TestTagsOfAFloatingIPTakeASecondCall(t *testing.T) {
	everywhere(t, func(x trial) {
		f, tags := x.floatingIP(), []string{"octagate/owner:" + x.run, "b"}
		x.neutron(http.MethodPut, f.path()+"/tags", object{"tags": tags}).is(http.StatusOK)
		found := x.neutron(http.MethodGet, "floatingips?tags="+url.QueryEscape(tags[0]), nil).is(http.StatusOK)
		found.has("floatingips.0.id", `"`+f.id+`"`)
		if diff := cmp.Diff(map[string]bool{tags[0]: true, "b": true}, set(found.at("floatingips.0.tags"))); diff != "" {
			x.Error(diff)
		}
	})
}

func TestOnlyARevisionKeepsAFloatingIPWhereItLeads(t *testing.T) {
	everywhere(t, func(x trial) {
		one, two := x.port(x.ServiceNetwork, x.address()), x.port(x.ServiceNetwork, x.address())
		f := x.floatingIP()
		old := "revision_number=" + strconv.Itoa(x.revision(f))
		x.lead(f, one).is(http.StatusOK)
		if now := "revision_number=" + strconv.Itoa(x.revision(f)); now == old {
			x.Errorf("the revision did not grow from %s", old)
		}
		x.lead(f, two, "If-Match", old).denied(http.StatusPreconditionFailed, "RevisionNumberConstraintFailed", "current revision is")
		x.neutron(http.MethodGet, f.path(), nil).is(http.StatusOK).has("floatingip.port_id", `"`+one+`"`)
		x.lead(f, two, "If-Match", "revision_number="+strconv.Itoa(x.revision(f))).is(http.StatusOK).has("floatingip.port_id", `"`+two+`"`)
		x.lead(f, one).is(http.StatusOK).has("floatingip.port_id", `"`+one+`"`) // silently
	})
}

func TestAPortHasOneFloatingIP(t *testing.T) {
	everywhere(t, func(x trial) {
		port := x.port(x.ServiceNetwork, x.address())
		x.floatingIP(with("port_id", port))
		refused := x.named("refused")
		x.ask(with("port_id", port), with("description", refused)).denied(http.StatusConflict, "FloatingIPPortAlreadyAssociated", port)
		x.neutron(http.MethodGet, "floatingips?description="+refused, nil).is(http.StatusOK).has("floatingips", "[]")
		x.lead(x.floatingIP(), port).denied(http.StatusConflict, "FloatingIPPortAlreadyAssociated", port)
	})
}

func TestAFloatingIPCannotLeadWhereNoRouterGoes(t *testing.T) {
	everywhere(t, func(x trial) {
		network, _ := x.lay(x.client)
		port := x.port(network, "")
		x.lead(x.floatingIP(), port).denied(http.StatusNotFound, "ExternalGatewayForFloatingIPNotFound", x.ExternalNetwork)
	})
}

// lay makes a network with a subnet that no router knows.
func (x trial) lay(who client) (network, subnet string) {
	x.Helper()
	network = who.neutron(http.MethodPost, "networks", object{"network": object{"name": x.named("aside")}}).is(http.StatusCreated).text("network.id")
	x.Cleanup(func() { who.neutron(http.MethodDelete, "networks/"+network, nil).is(http.StatusNoContent) })
	subnet = who.neutron(http.MethodPost, "subnets", object{"subnet": object{
		"name": x.named("aside"), "network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24", "enable_dhcp": false,
	}}).is(http.StatusCreated).text("subnet.id")
	return network, subnet
}

func TestAMemberOfAProjectGetsAnyAddressButChoosesNone(t *testing.T) {
	everywhere(t, func(x trial) {
		x.ask(with("floating_ip_address", "172.24.4.77")).
			denied(http.StatusForbidden, "PolicyNotAuthorized", "create_floatingip:floating_ip_address")
		x.ask(with("floating_network_id", x.ServiceNetwork)).denied(http.StatusBadRequest, "BadRequest", "is not a valid external network.")
		x.ask(with("floating_network_id", nobody)).denied(http.StatusNotFound, "NetworkNotFound", nobody)
		x.ask(with("port_id", nobody)).denied(http.StatusNotFound, "PortNotFound", nobody)
		x.ask(with("colour", "red")).denied(http.StatusBadRequest, "HTTPBadRequest", "colour")
	})
}

func TestAFloatingIPThatWasReleasedIsGone(t *testing.T) {
	everywhere(t, func(x trial) {
		f := x.floatingIP(with("port_id", x.port(x.ServiceNetwork, x.address())))
		x.neutron(http.MethodDelete, f.path(), nil).is(http.StatusNoContent)
		x.neutron(http.MethodDelete, f.path(), nil).denied(http.StatusNotFound, "FloatingIPNotFound", f.id)
		x.lead(f, nil).denied(http.StatusNotFound, "FloatingIPNotFound", f.id)
	})
}
