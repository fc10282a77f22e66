package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// A pool is the members that traffic is spread over.
type pool struct {
	resource
	Description string       `json:"description"`
	Protocol    string       `json:"protocol"`
	Algorithm   string       `json:"lb_algorithm"`
	Persistence *persistence `json:"session_persistence"`
	TLSRef      *string      `json:"tls_container_ref"`
	CARef       *string      `json:"ca_tls_container_ref"`
	CRLRef      *string      `json:"crl_container_ref"`
	TLSEnabled  bool         `json:"tls_enabled"`
	Ciphers     *string      `json:"tls_ciphers"`
	TLSVersions []string     `json:"tls_versions"`
	ALPN        []string     `json:"alpn_protocols"`

	balancer *loadBalancer
	members  []*member
	monitor  *healthMonitor
}

// persistence keeps a client with its member.
type persistence struct {
	Type        string  `json:"type"`
	Cookie      *string `json:"cookie_name"`
	Timeout     *int    `json:"persistence_timeout"`
	Granularity *string `json:"persistence_granularity"`
}

// UnmarshalJSON forgets what was there before.
func (p *persistence) UnmarshalJSON(b []byte) error {
	type plain persistence
	var fresh plain
	err := json.Unmarshal(b, &fresh)
	*p = persistence(fresh)
	return err
}

const poolKind = "Pool"

var poolListing = listing[*pool]{
	collection: "pools",
	tags:       balancerTags[*pool],
	view:       (*pool).view,
	columns: balancerColumns(columns[*pool]{
		"description":      func(p *pool) string { return p.Description },
		"protocol":         func(p *pool) string { return p.Protocol },
		"lb_algorithm":     func(p *pool) string { return p.Algorithm },
		"loadbalancer_id":  func(p *pool) string { return p.balancer.ID },
		"load_balancer_id": func(p *pool) string { return p.balancer.ID },
	}),
}

var persistenceSchema = schema{
	"type":                    oneOf("SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE").must(),
	"cookie_name":             nullableWords(255),
	"persistence_timeout":     number("null", 0, 1<<31-1),
	"persistence_granularity": address(),
}

var poolPut = schema{
	"name":                 words(255),
	"description":          words(255),
	"admin_state_up":       flag(true),
	"lb_algorithm":         oneOf("SOURCE_IP", "LEAST_CONNECTIONS", "SOURCE_IP_PORT", "ROUND_ROBIN"),
	"session_persistence":  nested(persistenceSchema),
	"tags":                 tagList(),
	"tls_container_ref":    nullableWords(255),
	"ca_tls_container_ref": nullableWords(255),
	"crl_container_ref":    nullableWords(255),
	"tls_enabled":          flag(false),
	"tls_ciphers":          nullableWords(2048),
	"tls_versions":         listOf("null", func(v any) string { return tooLong(v, 32) }),
	"alpn_protocols":       listOf("null", func(v any) string { return tooLong(v, 32) }),
}

// poolInTree requires neither protocol nor algorithm, so that a name alone can
// refer to a pool.
var poolInTree = poolPut.with(schema{
	"protocol":      oneOf("TCP", "UDP", "SCTP", "HTTP", "HTTPS", "PROXY", "PROXYV2"),
	"members":       nestedList(memberInTree).alone(),
	"healthmonitor": nested(monitorInTree).alone(),
})

var poolPost = poolInTree.with(schema{
	"protocol":        poolInTree["protocol"].must(),
	"lb_algorithm":    poolInTree["lb_algorithm"].must(),
	"listener_id":     id(),
	"loadbalancer_id": id(),
	"project_id":      words(36),
	"tenant_id":       words(36),
})

// listeners are those that the pool is the default pool of.
func (p *pool) listeners() []*listener {
	return keep(p.balancer.listeners, func(l *listener) bool { return l.pool == p })
}

// redirects is a policy that leads to the pool, nil if there is none.
func (p *pool) redirects() *l7policy {
	for _, l := range p.balancer.listeners {
		for _, policy := range l.policies {
			if text(policy.RedirectPoolID) == p.ID {
				return policy
			}
		}
	}
	return nil
}

// users are the listeners of a pool as parts of a task that changes it.
func (p *pool) users() []mark {
	var marks []mark
	for _, l := range p.listeners() {
		marks = append(marks, mark{l, pendingUpdate})
	}
	return marks
}

// remove takes members and monitor along, and leaves the listeners without a pool.
func (p *pool) remove(c *Cloud) {
	for _, l := range p.listeners() {
		l.pool = nil
	}
	if p.monitor != nil {
		p.monitor.remove(c)
	}
	p.balancer.pools = keep(p.balancer.pools, func(other *pool) bool { return other != p })
	delete(c.pools, p.ID)
}

func (p *pool) view() any {
	type shown struct {
		pool
		Balancers []ref   `json:"loadbalancers"`
		Listeners []ref   `json:"listeners"`
		Members   []ref   `json:"members"`
		MonitorID *string `json:"healthmonitor_id,omitempty"`
	}
	v := shown{pool: *p, Balancers: []ref{{p.balancer.ID}}, Listeners: refs(p.listeners()), Members: refs(p.members)}
	if p.monitor != nil {
		v.MonitorID = &p.monitor.ID
	}
	return v
}

func (p *pool) treeView() any {
	type shown struct {
		pool
		Listeners []ref   `json:"listeners"`
		Members   []any   `json:"members"`
		Monitor   *string `json:"healthmonitor"`
	}
	v := shown{pool: *p, Listeners: refs(p.listeners()), Members: []any{}}
	for _, m := range p.members {
		v.Members = append(v.Members, m.view())
	}
	return v
}

// newPool is a pool that is not part of the cloud yet.
func (c *Cloud) newPool(lb *loadBalancer, s schema, in object) (*pool, error) {
	p := &pool{resource: c.newResource(lb.ProjectID), balancer: lb}
	s.apply(p, in, creating)
	p.ProjectID, p.TenantID, p.Tags = lb.ProjectID, lb.ProjectID, tagSet(p.Tags)
	return p, p.acceptable()
}

// acceptable refuses what the protocol or the provider does not go with.
func (p *pool) acceptable() error {
	datagrams := p.Protocol == "UDP" || p.Protocol == "SCTP"
	if s := p.Persistence; s != nil && !datagrams && (s.Timeout != nil || s.Granularity != nil) {
		return validation("persistence_timeout and persistence_granularity is only for UDP and SCTP protocol pools.")
	}
	if s := p.Persistence; s != nil && datagrams && s.Type != "SOURCE_IP" {
		return validation("Session persistence of type %s is not supported for %s protocol pools.", s.Type, p.Protocol)
	}
	return p.drives()
}

// poolParent is the load balancer, and maybe the listener, that a new pool is for.
func (c *Cloud) poolParent(r *request, in object) (*loadBalancer, *listener, error) {
	if in["loadbalancer_id"] == nil && in["listener_id"] == nil {
		return nil, nil, validation("Must provide at least one of: loadbalancer_id, listener_id")
	}
	var lb *loadBalancer
	var l *listener
	var err error
	if in["loadbalancer_id"] != nil {
		if lb, err = reachable(r, c.loadBalancers, loadBalancerKind, in.text("loadbalancer_id")); err != nil {
			return nil, nil, err
		}
	}
	if in["listener_id"] != nil {
		if l, err = reachable(r, c.listeners, listenerKind, in.text("listener_id")); err != nil {
			return nil, nil, err
		}
		lb = l.balancer
	}
	return lb, l, nil
}

func (c *Cloud) createPool(r *request) (any, error) {
	in, err := r.argued("pool_", "pool", poolPost)
	if err != nil {
		return nil, err
	}
	lb, l, err := c.poolParent(r, in)
	if err != nil {
		return nil, err
	}
	p, err := c.newPool(lb, poolPost, in)
	if err != nil {
		return nil, err
	}
	marks := []mark{{p, pendingCreate}}
	if l != nil {
		marks = append(marks, mark{l, pendingUpdate})
		asked := listener{Protocol: l.Protocol}
		if err := asked.leadTo(p); err != nil {
			return nil, err
		}
	}
	if err := c.withinBalancerQuota(lb.ProjectID, poolKind, 1); err != nil {
		return nil, err
	}
	if l != nil && l.pool != nil {
		return nil, balancerRefusal(http.StatusConflict, "This listener already has a default pool")
	}
	if err := lb.open(); err != nil {
		return nil, err
	}
	if in.repeated() {
		return nil, entityExists()
	}
	if l != nil {
		l.pool = p
	}
	c.pools[p.ID] = p
	lb.pools = append(lb.pools, p)
	c.start(lb, pendingUpdate, marks...)
	return map[string]any{"pool": p.view()}, nil
}

func (c *Cloud) showPool(r *request) (any, error) {
	p, err := reachable(r, c.pools, poolKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"pool": pick(p.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listPools(r *request) (any, error) {
	rows := slices.Collect(maps.Values(c.pools))
	if lb := c.loadBalancers[r.URL.Query().Get("loadbalancer_id")]; lb != nil {
		rows = slices.Clone(lb.pools)
	}
	return balancerList(r, poolListing, rows)
}

func (c *Cloud) updatePool(r *request) (any, error) {
	in, err := r.argued("pool_", "pool", poolPut)
	if err != nil {
		return nil, err
	}
	p, err := reachable(r, c.pools, poolKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	asked := &pool{Protocol: p.Protocol, balancer: p.balancer}
	poolPut.apply(asked, in, updating)
	if err := asked.acceptable(); err != nil {
		return nil, err
	}
	if err := p.balancer.open(); err != nil {
		return nil, err
	}
	poolPut.apply(p, in, updating)
	p.Tags = tagSet(p.Tags)
	c.start(p.balancer, pendingUpdate, append(p.users(), mark{p, pendingUpdate})...)
	return map[string]any{"pool": p.view()}, nil
}

func (c *Cloud) deletePool(r *request) (any, error) {
	p, err := reachable(r, c.pools, poolKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := r.spares(p); err != nil {
		return nil, err
	}
	if by := p.redirects(); by != nil {
		return nil, balancerRefusal(http.StatusConflict, "Pool %s is in use by L7 policy %s", p.ID, by.ID)
	}
	if err := p.balancer.open(); err != nil {
		return nil, err
	}
	c.start(p.balancer, pendingUpdate, append(p.users(), mark{p, pendingDelete})...)
	return nil, nil
}
