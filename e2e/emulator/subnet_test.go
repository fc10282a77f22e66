package emulator_test

import (
	"strings"
	"testing"
)

// pool is an allocation pool.
func pool(start, end string) object { return object{"start": start, "end": end} }

func TestWhatNeutronRefusesOfASubnet(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	n := demo.call("POST", neutron+"networks", object{"network": object{}}).want(201).id("network.id")
	for claim, test := range map[string]struct {
		change func(object)
		status int
		says   string
	}{
		"no range":                 {with("cidr", ""), 400, "Invalid input for cidr. Reason: '' is not a valid IP subnet."},
		"a range that is none":     {with("cidr", "10.0.0.0/33"), 400, "'10.0.0.0/33' is not a valid IP subnet."},
		"an empty gateway":         {with("gateway_ip", ""), 400, "Invalid input for gateway_ip. Reason: '' is not a valid IP address."},
		"a pool without addresses": {with("allocation_pools", []any{object{}}), 400, "OutOfBoundsAllocationPool"},
		"a pool outside":           {with("allocation_pools", []any{pool("10.9.0.1", "10.9.0.9")}), 400, "OutOfBoundsAllocationPool"},
		"a pool that runs back":    {with("allocation_pools", []any{pool("10.8.0.9", "10.8.0.1")}), 400, "The allocation pool 10.8.0.9-10.8.0.1 is not valid."},
		"pools that overlap": {with("allocation_pools", []any{pool("10.8.0.1", "10.8.0.9"), pool("10.8.0.9", "10.8.0.20")}), 409,
			"OverlappingAllocationPools"},
	} {
		t.Run(claim, func(t *testing.T) {
			in := object{"network_id": n, "ip_version": 4, "cidr": "10.8.0.0/24"}
			test.change(in)
			a := demo.call("POST", neutron+"subnets", object{"subnet": in})
			a.t = t
			a.want(test.status, test.says)
		})
	}
	id := demo.call("POST", neutron+"subnets", object{"subnet": object{"network_id": n, "ip_version": 4, "cidr": "10.8.0.0/29"}}).
		want(201, `"allocation_pools":[{"start":"10.8.0.2","end":"10.8.0.6"}]`).id("subnet.id")
	back := object{"subnet": object{"allocation_pools": []any{pool("10.8.0.4", "10.8.0.3")}}}
	demo.call("PUT", neutron+"subnets/"+id, back).want(400, "InvalidAllocationPool")
	demo.port(n).want(201, `"ip_address":"10.8.0.2"`)
	narrow := object{"subnet": object{"allocation_pools": []any{pool("10.8.0.4", "10.8.0.4")}}}
	demo.call("PUT", neutron+"subnets/"+id, narrow).want(200)
	demo.port(n).want(201, `"ip_address":"10.8.0.4"`)
	demo.port(n).want(409, "IpAddressGenerationFailure")
}

func TestTheSmallestSubnetsHaveThePoolsThatNeutronGivesThem(t *testing.T) {
	w := newWorld(t)
	demo := w.as("demo")
	n := demo.call("POST", neutron+"networks", object{"network": object{}}).want(201).id("network.id")
	for cidr, pools := range map[string]string{
		"255.255.255.255/32": `[{"start":"255.255.255.255","end":"255.255.255.255"}]`,
		"10.8.0.0/31":        `[]`,
		"10.8.1.0/30":        `[{"start":"10.8.1.2","end":"10.8.1.2"}]`,
		"fd00::/128":         `[{"start":"fd00::","end":"fd00::"}]`,
		"fd01::/127":         `[]`,
	} {
		version := 4
		if strings.Contains(cidr, ":") {
			version = 6
		}
		in := object{"network_id": n, "ip_version": version, "cidr": cidr}
		demo.call("POST", neutron+"subnets", object{"subnet": in}).want(201, `"allocation_pools":`+pools)
	}
}

func TestARouterTakesOnlyAPortThatTheCallerSees(t *testing.T) {
	w := newWorld(t)
	demo, other, admin := w.as("demo"), w.as("other"), w.as("admin")
	foreign := other.call("POST", neutron+"networks", object{"network": object{}}).want(201).id("network.id")
	other.call("POST", neutron+"subnets", object{"subnet": object{"network_id": foreign, "ip_version": 4, "cidr": "10.8.0.0/24"}}).want(201)
	theirs := other.port(foreign).want(201).id("port.id")
	bare := demo.call("POST", neutron+"networks", object{"network": object{}}).want(201).id("network.id")
	without := demo.port(bare).want(201, `"fixed_ips":[]`).id("port.id")
	for _, action := range []string{"/add_router_interface", "/remove_router_interface"} {
		join := func(c client, port string) answer {
			return c.call("PUT", neutron+"routers/"+w.nets.Router+action, object{"port_id": port})
		}
		join(demo, theirs).want(404, "PortNotFound", "Port "+theirs+" could not be found.")
		join(demo, nobody).want(404, "PortNotFound")
		join(demo, without).want(400, "Router port must have at least one fixed IP")
		join(admin, theirs).want(200, theirs)
	}
}
