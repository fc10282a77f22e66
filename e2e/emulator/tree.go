package emulator

import (
	"maps"
	"slices"
)

// populate builds everything below a new load balancer from one request: pools
// first, then the listeners that lead to them. Nothing becomes part of the cloud
// unless everything can.
func (c *Cloud) populate(lb *loadBalancer, in object) ([]mark, error) {
	pools, err := poolsOf(in)
	if err != nil {
		return nil, err
	}
	listeners := in.list("listeners")
	if err := c.withinTreeQuota(lb.ProjectID, pools, listeners); err != nil {
		return nil, err
	}
	for _, in := range pools {
		if err := c.growPool(lb, in); err != nil {
			return nil, err
		}
	}
	for _, in := range listeners {
		if err := c.growListener(lb, in); err != nil {
			return nil, err
		}
	}
	return c.adopt(lb), nil
}

func (c *Cloud) withinTreeQuota(projectID string, pools, listeners []object) error {
	more := map[string]int{poolKind: len(pools), listenerKind: len(listeners)}
	for _, p := range pools {
		more[memberKind] += len(p.list("members"))
		if p.inner("healthmonitor") != nil {
			more[monitorKind]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(more)) {
		if err := c.withinBalancerQuota(projectID, kind, more[kind]); err != nil {
			return err
		}
	}
	return nil
}

// list is an attribute that is a list of objects.
func (o object) list(name string) []object {
	var all []object
	given, _ := o[name].([]any)
	for _, one := range given {
		all = append(all, one.(map[string]any))
	}
	return all
}

// inner is an attribute that is an object, nil if there is none.
func (o object) inner(name string) object {
	given, _ := o[name].(map[string]any)
	return given
}

// poolsOf are the pools of a request: its own, and those written in full as a
// listener's default pool. A default pool with nothing but a name refers to one.
func poolsOf(in object) ([]object, error) {
	pools := in.list("pools")
	var referred []string
	for _, p := range targets(in) {
		if len(p) > 1 {
			pools = append(pools, p)
		} else {
			referred = append(referred, p.text("name"))
		}
	}
	known := map[string]bool{}
	for _, p := range pools {
		known[p.text("name")] = true
	}
	if known[""] || slices.Contains(referred, "") {
		return nil, validation("Pools must be named when creating a fully populated loadbalancer.")
	}
	if len(known) != len(pools) {
		return nil, validation("Pool names must be unique when creating a fully populated loadbalancer.")
	}
	for _, name := range referred {
		if !known[name] {
			return nil, validation("Pool '%s' was referenced but no full definition was found.", name)
		}
	}
	return pools, nil
}

// targets are the pools that the listeners of a request lead to, by themselves or
// by their policies.
func targets(in object) []object {
	var all []object
	for _, l := range in.list("listeners") {
		all = append(all, l.inner("default_pool"))
		for _, p := range l.list("l7policies") {
			all = append(all, p.inner("redirect_pool"))
		}
	}
	return keep(all, func(p object) bool { return p != nil })
}

func (c *Cloud) growPool(lb *loadBalancer, in object) error {
	for _, name := range []string{"protocol", "lb_algorithm"} {
		if in[name] == nil {
			return validation("Pool definition for '%s' missing required attribute: %s", in.text("name"), name)
		}
	}
	p, err := c.newPool(lb, poolInTree, in)
	if err != nil {
		return err
	}
	if in.repeated() {
		return entityExists()
	}
	lb.pools = append(lb.pools, p)
	if hm := in.inner("healthmonitor"); hm != nil {
		if err := c.growMonitor(p, hm); err != nil {
			return err
		}
	}
	for _, in := range in.list("members") {
		m := c.newMember(p, memberInTree, in)
		if m.SubnetID == nil && lb.driver().subnets {
			m.SubnetID = &lb.VIPSubnetID // as the driver assumes of whole trees
		}
		if err := m.drives(c); err != nil {
			return err
		}
		if p.memberAt(m.place()) != nil {
			return duplicateMember(m.place())
		}
		p.members = append(p.members, m)
	}
	return nil
}

func (c *Cloud) growMonitor(p *pool, in object) error {
	hm, err := c.newHealthMonitor(p, monitorInTree, in)
	if err != nil {
		return err
	}
	hm.populated = true
	p.monitor = hm
	return nil
}

func (c *Cloud) growListener(lb *loadBalancer, in object) error {
	l, err := c.newListener(lb, listenerInTree, in)
	if err != nil {
		return err
	}
	l.UpdatedAt = new(c.balancerTime())
	if p := in.inner("default_pool"); p != nil {
		if err := l.leadTo(lb.poolNamed(p.text("name"))); err != nil {
			return err
		}
	}
	for _, in := range in.list("l7policies") {
		if err := c.growPolicy(l, in); err != nil {
			return err
		}
	}
	lb.listeners = append(lb.listeners, l)
	return nil
}

func (c *Cloud) growPolicy(l *listener, in object) error {
	if p := in.inner("redirect_pool"); p != nil {
		target := l.balancer.poolNamed(p.text("name"))
		in = object(maps.Clone(in))
		in["redirect_pool_id"] = target.ID
		asked := listener{Protocol: l.Protocol}
		if err := asked.leadTo(target); err != nil {
			return err
		}
	}
	p, err := c.newPolicy(l, policyInTree, in)
	if err != nil {
		return err
	}
	l.insert(p)
	return nil
}

func (lb *loadBalancer) poolNamed(name string) *pool {
	i := slices.IndexFunc(lb.pools, func(p *pool) bool { return p.Name == name })
	return lb.pools[i]
}

// adopt makes the tree below a load balancer part of the cloud, and marks what its
// creation is going to build.
func (c *Cloud) adopt(lb *loadBalancer) []mark {
	var marks []mark
	for _, l := range lb.listeners {
		c.listeners[l.ID] = l
		marks = append(marks, mark{l, pendingCreate})
		for _, p := range l.policies {
			marks = append(marks, c.adoptPolicy(p)...)
		}
	}
	for _, p := range lb.pools {
		c.pools[p.ID] = p
		if p.monitor != nil {
			c.healthMonitors[p.monitor.ID] = p.monitor
		}
		if !c.options.ForgetsLoosePools || len(p.listeners()) > 0 {
			marks = append(marks, p.creation()...)
		}
	}
	if c.options.AsPackaged {
		return nil
	}
	return marks
}

// creation marks the pool and all that is in it as new.
func (p *pool) creation() []mark {
	marks := []mark{{p, pendingCreate}}
	for _, m := range p.members {
		marks = append(marks, mark{m, pendingCreate})
	}
	if p.monitor != nil {
		marks = append(marks, mark{p.monitor, pendingCreate})
	}
	return marks
}

// treeView is the answer to a create: everything in full, except that health
// monitors are left out and nothing refers upwards.
func (lb *loadBalancer) treeView() any {
	type shown struct {
		loadBalancer
		Listeners []any `json:"listeners"`
		Pools     []any `json:"pools"`
	}
	v := shown{*lb, []any{}, []any{}}
	for _, l := range byID(lb.listeners) {
		v.Listeners = append(v.Listeners, l.treeView())
	}
	for _, p := range byID(lb.pools) {
		v.Pools = append(v.Pools, p.treeView())
	}
	return v
}

// byID are the resources in the order of their ids.
func byID[T component](all []T) []T {
	index := map[string]T{}
	for _, r := range all {
		index[r.core().ID] = r
	}
	out := make([]T, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(index)) {
		out = append(out, index[id])
	}
	return out
}
