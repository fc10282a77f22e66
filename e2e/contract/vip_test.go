package contract

import (
	"net/http"
	"testing"
)

func TestTheAddressHasAPortInTheProject(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.bare()
		found := x.portsAt(b.vip)
		if len(found) != 1 || found[0]["id"] != b.port {
			x.Fatalf("%s is at %v, want port %s", b.vip, found, b.port)
		}
		port := x.neutron(http.MethodGet, "ports/"+b.port, nil).is(http.StatusOK)
		for path, want := range map[string]string{
			"device_owner": `"Octavia"`, "name": `"octavia-lb-` + b.id + `"`, "device_id": `"lb-` + b.id + `"`, "project_id": `"` + x.Project + `"`,
			"fixed_ips": `[{"subnet_id": "` + x.ServiceSubnet + `", "ip_address": "` + b.vip + `"}]`,
		} {
			port.has("port."+path, want)
		}
	})
}

func TestAnAddressThatCannotBeIsToldApartByWords(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.bare()
		gateway := x.Subnets[1].Gateway
		for claim, tt := range map[string]struct{ address, words string }{
			"in use":             {b.vip, "IP address " + b.vip + " already allocated in subnet " + x.ServiceSubnet},
			"the gateway":        {gateway, "IP address " + gateway + " already allocated in subnet " + x.ServiceSubnet},
			"outside the subnet": {"10.99.0.5", "IP address 10.99.0.5 is not a valid IP for the specified subnet."},
		} {
			x.claim(claim, func(x trial) {
				x.create(x.empty(with("vip_address", tt.address))).refused(http.StatusInternalServerError, tt.words)
			})
		}
	})
}

func TestAPortOfOnesOwnOutlivesItsLoadBalancer(t *testing.T) {
	everywhere(t, func(x trial) {
		address := x.address()
		port := x.port(x.ServiceNetwork, address)
		a := x.create(object{"loadbalancer": object{"name": x.named("own"), "vip_port_id": port}}).is(http.StatusCreated)
		a.has("loadbalancer.vip_address", `"`+address+`"`)
		b := balancer{id: a.text("loadbalancer.id")}
		x.settle(b)
		x.delete(b)
		x.neutron(http.MethodGet, "ports/"+port, nil).is(http.StatusOK).has("port.device_owner", `""`)
	})
}

// port makes a port, with an address of its own choice if none is given.
func (x trial) port(network, address string) (id string) {
	x.Helper()
	port := object{"network_id": network, "name": x.named("port")}
	if address != "" {
		port["fixed_ips"] = []object{{"ip_address": address}}
	}
	id = x.neutron(http.MethodPost, "ports", object{"port": port}).is(http.StatusCreated).text("port.id")
	x.Cleanup(func() { x.neutron(http.MethodDelete, "ports/"+id, nil) })
	return id
}
