package contract

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneCallCreatesAWholeTree(t *testing.T) {
	everywhere(t, func(x trial) {
		address := x.address()
		a := x.create(x.tree(with("vip_address", address), with("tags", []string{"b", "a"}))).is(http.StatusCreated)
		b := x.whole(a)
		for path, want := range map[string]string{
			"vip_address": `"` + address + `"`, "vip_subnet_id": `"` + x.ServiceSubnet + `"`, "vip_network_id": `"` + x.ServiceNetwork + `"`,
			"project_id": `"` + x.Project + `"`, "listeners.0.protocol_port": "80", "listeners.0.default_pool_id": `"` + b.pool + `"`,
			"pools.0.lb_algorithm": `"ROUND_ROBIN"`, "pools.0.members.0.address": `"10.1.0.9"`,
		} {
			a.has("loadbalancer."+path, want)
		}
		x.settle(b)
		there := x.see(b.path())
		there.has("loadbalancer.listeners", `[{"id": "`+b.listener+`"}]`)
		there.has("loadbalancer.pools", `[{"id": "`+b.pool+`"}]`)
		if diff := cmp.Diff(map[string]bool{"a": true, "b": true}, set(there.at("loadbalancer.tags"))); diff != "" {
			x.Error(diff)
		}
		x.usable(b)
	})
}

// set is a list without its order.
func set(list any) map[string]bool {
	all := map[string]bool{}
	for _, one := range list.([]any) {
		all[one.(string)] = true
	}
	return all
}

// usable fails the test unless all of a tree is ACTIVE with its load balancer, or
// forgotten with it, as is known of the cloud. Either way it can be deleted.
func (x trial) usable(b balancer) {
	x.Helper()
	forgotten := x.status("pools/"+b.pool) == "PENDING_CREATE"
	x.shows(treesForgotten, forgotten)
	if forgotten {
		x.all("PENDING_CREATE", b.parts()...)
		x.batch(b).refused(http.StatusConflict, "Pool "+b.pool+" is immutable and cannot be updated.")
	} else {
		x.all("ACTIVE", b.parts()...)
		x.see(b.members()).has("members.0.provisioning_status", `"ACTIVE"`)
	}
	x.delete(b)
}

// delete takes a load balancer and all that is in it away.
func (x trial) delete(b balancer) {
	x.Helper()
	if a := x.octavia(http.MethodDelete, b.path()+"?cascade=true", nil).is(http.StatusNoContent); a.Text != "" {
		x.Errorf("a deletion was answered with a body: %s", a)
	}
	x.becomes(b, "")
}

func TestListenersMayShareAPoolByItsName(t *testing.T) {
	everywhere(t, func(x trial) {
		shared := x.pool("shared")
		shared["members"] = []object{x.member("10.1.0.9")}
		listener := func(name string, port int) object {
			return object{"name": name, "protocol": "TCP", "protocol_port": port, "default_pool": object{"name": "shared"}}
		}
		a := x.create(x.empty(with("pools", []object{shared}), with("listeners", []object{listener("a", 80), listener("b", 81)}))).is(http.StatusCreated)
		pool := a.text("loadbalancer.pools.0.id")
		if pools := a.rows("loadbalancer.pools"); len(pools) != 1 {
			x.Errorf("%d pools", len(pools))
		}
		for _, l := range a.rows("loadbalancer.listeners") {
			if l["default_pool_id"] != pool {
				x.Errorf("listener %v leads to pool %v instead of %s", l["name"], l["default_pool_id"], pool)
			}
		}
		x.settle(balancer{id: a.text("loadbalancer.id")})
	})
}

func TestAPoolThatNoListenerLeadsToMayBeForgotten(t *testing.T) {
	everywhere(t, func(x trial) {
		a := x.create(x.empty(with("pools", []object{x.pool("loose")}))).is(http.StatusCreated)
		b := balancer{id: a.text("loadbalancer.id"), pool: a.text("loadbalancer.pools.0.id")}
		x.settle(b)
		forgotten := x.status("pools/"+b.pool) == "PENDING_CREATE"
		x.shows(loosePoolsForgotten, forgotten)
		if forgotten {
			x.batch(b).refused(http.StatusConflict, "Pool "+b.pool+" is immutable and cannot be updated.")
		}
		x.delete(b)
	})
}

func TestTheStatusTreeShowsTheShape(t *testing.T) {
	everywhere(t, func(x trial) {
		b := x.ordinary()
		a := x.see(b.path() + "/status")
		for path, want := range map[string]string{
			"id": b.id, "listeners.0.id": b.listener, "listeners.0.pools.0.id": b.pool,
			"listeners.0.pools.0.health_monitor.id": b.monitor, "listeners.0.pools.0.members.0.address": "10.1.0.9",
		} {
			a.has("statuses.loadbalancer."+path, `"`+want+`"`)
		}
	})
}

func TestACreateThatIsRefusedMayLeaveItsPort(t *testing.T) {
	everywhere(t, func(x trial) {
		address := x.address()
		twice := object{"name": "web", "protocol": "TCP", "protocol_port": 80}
		x.create(x.empty(with("vip_address", address), with("listeners", []object{twice, twice}))).
			refused(http.StatusConflict, "Another Listener on this Load Balancer is already using protocol TCP and protocol_port 80")
		left := x.portsAt(address)
		x.shows(portsLeak, len(left) > 0)
		for _, port := range left {
			x.heal(address, port)
		}
		x.settle(balancer{id: x.create(x.tree(with("vip_address", address))).is(http.StatusCreated).text("loadbalancer.id")})
	})
}

// portsAt are the ports of the service network that have an address.
func (x trial) portsAt(address string) []object {
	x.Helper()
	return x.neutron(http.MethodGet, "ports?network_id="+x.ServiceNetwork+"&fixed_ips=ip_address%3D"+address, nil).is(http.StatusOK).rows("ports")
}

// heal deletes a port of a load balancer that never was, as its project may.
func (x trial) heal(address string, port object) {
	x.Helper()
	id, name := port["id"].(string), port["name"].(string)
	x.Cleanup(func() { x.neutron(http.MethodDelete, "ports/"+id, nil) })
	if port["device_owner"] != "Octavia" || port["project_id"] != x.Project || len(name) != len("octavia-lb-"+nobody) {
		x.Errorf("the port that was left is not one of Octavia in our project: %v", port)
	}
	x.octavia(http.MethodGet, "loadbalancers/"+name[len("octavia-lb-"):], nil).is(http.StatusNotFound)
	x.create(x.tree(with("vip_address", address))).refused(http.StatusInternalServerError, "IP address "+address+" already allocated in subnet "+x.ServiceSubnet)
	x.neutron(http.MethodDelete, "ports/"+id, nil).is(http.StatusNoContent)
}
