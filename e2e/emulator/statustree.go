package emulator

// The status tree of a load balancer, level by level.
type (
	statusNode struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		Operating    string `json:"operating_status"`
		Provisioning status `json:"provisioning_status"`
	}
	balancerNode struct {
		statusNode
		Listeners []listenerNode `json:"listeners"`
	}
	listenerNode struct {
		statusNode
		Pools []poolNode `json:"pools"`
	}
	poolNode struct {
		statusNode
		Monitor *monitorNode `json:"health_monitor,omitempty"`
		Legacy  *monitorNode `json:"healthmonitor,omitempty"` // the same by its old name
		Members []memberNode `json:"members"`
	}
	monitorNode struct {
		statusNode
		Type string `json:"type"`
	}
	memberNode struct {
		statusNode
		place
	}
)

func (c *Cloud) showStatusTree(r *request) (any, error) {
	lb, err := reachable(r, c.loadBalancers, loadBalancerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	n := balancerNode{lb.node(), []listenerNode{}}
	for _, l := range byID(lb.listeners) {
		n.Listeners = append(n.Listeners, l.status())
	}
	if r.generation == lbaasV2 {
		n.useOldNames()
	}
	return map[string]any{"statuses": map[string]any{"loadbalancer": n}}, nil
}

func (n balancerNode) useOldNames() {
	for _, l := range n.Listeners {
		for i := range l.Pools {
			l.Pools[i].Monitor, l.Pools[i].Legacy = nil, l.Pools[i].Monitor
		}
	}
}

func (r *resource) node() statusNode {
	return statusNode{r.ID, r.Name, r.Operating, r.Provisioning}
}

// status shows the default pool; a pool without a listener is not in the tree.
func (l *listener) status() listenerNode {
	n := listenerNode{l.node(), []poolNode{}}
	if l.pool != nil {
		n.Pools = append(n.Pools, l.pool.status())
	}
	return n
}

func (p *pool) status() poolNode {
	n := poolNode{statusNode: p.node(), Members: []memberNode{}}
	if p.monitor != nil {
		n.Monitor = &monitorNode{p.monitor.node(), p.monitor.Type}
	}
	for _, m := range p.members {
		n.Members = append(n.Members, memberNode{m.node(), m.place()})
	}
	return n
}
