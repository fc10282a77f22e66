package contract

import (
	"net/http"
	"slices"
)

// A balancer is a load balancer of a test: an ordinary one has a listener with a
// pool of one member and a health monitor, an empty one has nothing.
type balancer struct{ id, vip, port, listener, pool, monitor string }

func (b balancer) path() string    { return "loadbalancers/" + b.id }
func (b balancer) members() string { return "pools/" + b.pool + "/members" }

// parts are the paths of everything in an ordinary one.
func (b balancer) parts() []string {
	return []string{"listeners/" + b.listener, "pools/" + b.pool, "healthmonitors/" + b.monitor}
}

// with sets a field of a request.
func with(key string, value any) func(object) { return func(o object) { o[key] = value } }

// empty is a request for a load balancer, changed a little.
func (x trial) empty(edits ...func(object)) object {
	lb := object{"name": x.named("balancer"), "vip_subnet_id": x.ServiceSubnet, "vip_address": x.address()}
	for _, edit := range edits {
		edit(lb)
	}
	return object{"loadbalancer": lb}
}

// tree is a request for an ordinary load balancer in one call.
func (x trial) tree(edits ...func(object)) object {
	web := x.pool("web")
	web["members"] = []object{x.member("10.1.0.9")}
	web["healthmonitor"] = check()
	listeners := []object{{"name": "web", "protocol": "TCP", "protocol_port": 80, "default_pool": web}}
	return x.empty(append([]func(object){with("listeners", listeners)}, edits...)...)
}

func (x trial) pool(name string) object {
	return object{"name": name, "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}
}

func (x trial) member(address string) object {
	return object{"address": address, "protocol_port": 8080, "subnet_id": x.PodSubnet}
}

// check is a health monitor, changed a little.
func check(edits ...func(object)) object {
	monitor := object{"type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3}
	for _, edit := range edits {
		edit(monitor)
	}
	return monitor
}

// create asks for a load balancer, which goes when the test ends.
func (x trial) create(request object) answer {
	x.Helper()
	return x.createBy(x.client, request)
}

func (x trial) createBy(who client, request object) answer {
	x.Helper()
	a := who.octavia(http.MethodPost, "loadbalancers", request)
	if a.Status == http.StatusCreated {
		id := a.text("loadbalancer.id")
		x.Cleanup(func() { x.remove(who, id) })
	}
	return a
}

// remove takes a load balancer away, whatever state it is in.
func (x trial) remove(who client, id string) {
	x.await("load balancer "+id+" to be gone", func() bool {
		switch who.status("loadbalancers/" + id) {
		case "":
			return true
		case "ACTIVE", "ERROR":
			who.octavia(http.MethodDelete, "loadbalancers/"+id+"?cascade=true", nil)
		}
		return false
	})
}

// bare makes a load balancer with nothing in it, and waits for it.
func (x trial) bare(edits ...func(object)) balancer {
	x.Helper()
	a := x.create(x.empty(edits...)).is(http.StatusCreated)
	b := balancer{id: a.text("loadbalancer.id"), vip: a.text("loadbalancer.vip_address"), port: a.text("loadbalancer.vip_port_id")}
	x.settle(b)
	return b
}

// ordinary makes an ordinary load balancer, and waits for it. Where whole trees are
// forgotten it takes one step after the other.
func (x trial) ordinary(edits ...func(object)) balancer {
	x.Helper()
	if x.faults[treesForgotten] {
		return x.stepwise(edits...)
	}
	b := x.whole(x.create(x.tree(edits...)).is(http.StatusCreated))
	x.settle(b)
	return b
}

// whole reads an ordinary load balancer out of the answer to the one call that made
// it. The health monitor is not in there.
func (x trial) whole(a answer) balancer {
	x.Helper()
	b := balancer{
		id: a.text("loadbalancer.id"), vip: a.text("loadbalancer.vip_address"), port: a.text("loadbalancer.vip_port_id"),
		listener: a.text("loadbalancer.listeners.0.id"), pool: a.text("loadbalancer.pools.0.id"),
	}
	b.monitor = x.see("pools/" + b.pool).text("pool.healthmonitor_id")
	return b
}

func (x trial) stepwise(edits ...func(object)) balancer {
	x.Helper()
	b := x.bare(edits...)
	b.listener = x.add(b, "listener", object{"name": "web", "loadbalancer_id": b.id, "protocol": "TCP", "protocol_port": 80})
	pool := x.pool("web")
	pool["listener_id"] = b.listener
	b.pool = x.add(b, "pool", pool)
	x.batch(b, x.member("10.1.0.9")).is(http.StatusAccepted)
	x.settle(b)
	b.monitor = x.add(b, "healthmonitor", check(with("pool_id", b.pool)))
	return b
}

// add makes a part of a load balancer, and waits for it.
func (x trial) add(b balancer, kind string, body object) (id string) {
	x.Helper()
	id = x.octavia(http.MethodPost, kind+"s", object{kind: body}).is(http.StatusCreated).text(kind + ".id")
	x.settle(b)
	return id
}

// batch says which members the pool is to have.
func (x trial) batch(b balancer, members ...object) answer {
	x.Helper()
	return x.octavia(http.MethodPut, b.members(), object{"members": append([]object{}, members...)})
}

// settle waits until the load balancer is ACTIVE.
func (x trial) settle(b balancer) {
	x.Helper()
	x.becomes(b, "ACTIVE")
}

// becomes waits until the load balancer has a status; empty: is gone.
func (x trial) becomes(b balancer, status string) {
	x.Helper()
	x.await("load balancer "+b.id+" to be "+status, func() bool {
		got := x.status(b.path())
		if got != status && slices.Contains([]string{"ACTIVE", "ERROR", ""}, got) {
			x.Fatalf("load balancer %s became %q instead of %q", b.id, got, status)
		}
		return got == status
	})
}
