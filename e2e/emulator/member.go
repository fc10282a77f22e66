package emulator

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
)

// A member is one place that traffic goes to.
type member struct {
	resource
	Address        netip.Addr  `json:"address"`
	Port           int         `json:"protocol_port"`
	Weight         int         `json:"weight"`
	Backup         bool        `json:"backup"`
	SubnetID       *string     `json:"subnet_id"`
	MonitorAddress *netip.Addr `json:"monitor_address"`
	MonitorPort    *int        `json:"monitor_port"`

	pool *pool
}

// A place is what tells the members of a pool apart.
type place struct {
	Address netip.Addr `json:"address"`
	Port    int        `json:"protocol_port"`
}

const memberKind = "Member"

var memberListing = listing[*member]{
	collection: "members",
	tags:       balancerTags[*member],
	view:       (*member).view,
	columns: balancerColumns(columns[*member]{
		"address":         func(m *member) string { return m.Address.String() },
		"protocol_port":   func(m *member) string { return strconv.Itoa(m.Port) },
		"weight":          func(m *member) string { return strconv.Itoa(m.Weight) },
		"backup":          func(m *member) string { return strconv.FormatBool(m.Backup) },
		"subnet_id":       func(m *member) string { return text(m.SubnetID) },
		"monitor_address": func(m *member) string { return addressText(m.MonitorAddress) },
	}),
}

var memberPut = schema{
	"name":            words(255),
	"admin_state_up":  flag(true).filled(),
	"weight":          number("1", 0, 256).filled(),
	"backup":          flag(false).filled(),
	"monitor_port":    number("null", 1, 65535).filled(),
	"monitor_address": address().filled(),
	"tags":            tagList(),
}

var memberInTree = memberPut.with(schema{
	"address":       address().must(),
	"protocol_port": number("null", 1, 65535).must(),
	"subnet_id":     id(),
})

var memberPost = memberInTree.with(schema{
	"project_id": words(36),
	"tenant_id":  words(36),
})

func (m *member) place() place { return place{m.Address, m.Port} }

func (m *member) remove(*Cloud) {
	m.pool.members = keep(m.pool.members, func(other *member) bool { return other != m })
}

func (m *member) view() any { return *m }

// memberAt is the pool's member at a place, nil if there is none.
func (p *pool) memberAt(where place) *member {
	for _, m := range p.members {
		if m.place() == where {
			return m
		}
	}
	return nil
}

func duplicateMember(where place) error {
	return balancerRefusal(http.StatusConflict,
		"Another member on this pool is already using ip %s on protocol_port %d", where.Address, where.Port)
}

// newMember is a member that is not in the pool yet.
func (c *Cloud) newMember(p *pool, s schema, in object) *member {
	m := &member{resource: c.newResource(p.ProjectID), pool: p}
	s.apply(m, in, creating)
	m.ProjectID, m.TenantID, m.Tags = p.ProjectID, p.ProjectID, tagSet(m.Tags)
	if p.monitor == nil {
		m.Operating = noMonitor
	}
	return m
}

// memberPool is the pool in the path.
func (c *Cloud) memberPool(r *request) (*pool, error) {
	return reachable(r, c.pools, poolKind, r.PathValue("pool"))
}

// member is the pool and the member in the path.
func (c *Cloud) member(r *request) (*pool, *member, error) {
	p, err := c.memberPool(r)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(p.members, func(m *member) bool { return m.ID == r.PathValue("id") })
	if i < 0 {
		return nil, nil, missing(memberKind, r.PathValue("id"))
	}
	return p, p.members[i], nil
}

// subnetKnown refuses a member's subnet that the caller does not see.
func (c *Cloud) subnetKnown(r *request, in object) error {
	if in["subnet_id"] == nil {
		return nil
	}
	if s := c.subnets[in.text("subnet_id")]; s == nil || !s.visibleTo(r.who) {
		return absent("Subnet", in.text("subnet_id"))
	}
	return nil
}

func (c *Cloud) createMember(r *request) (any, error) {
	p, err := c.memberPool(r)
	if err != nil {
		return nil, err
	}
	in, err := r.argued("member_", "member", memberPost)
	if err != nil {
		return nil, err
	}
	if err := r.legacyRequires(in, "subnet_id"); err != nil {
		return nil, err
	}
	if err := c.subnetKnown(r, in); err != nil {
		return nil, err
	}
	if err := c.withinBalancerQuota(p.ProjectID, memberKind, 1); err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	m := c.newMember(p, memberPost, in)
	if err := m.drives(c); err != nil {
		return nil, err
	}
	if p.memberAt(m.place()) != nil {
		return nil, duplicateMember(m.place())
	}
	p.members = append(p.members, m)
	c.startInPool(p, mark{m, pendingCreate})
	return map[string]any{"member": m.view()}, nil
}

// startInPool begins work in a pool, which all that lead to it wait for.
func (c *Cloud) startInPool(p *pool, marks ...mark) {
	c.start(p.balancer, pendingUpdate, append(append(p.users(), mark{p, pendingUpdate}), marks...)...)
}

func (c *Cloud) showMember(r *request) (any, error) {
	_, m, err := c.member(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{"member": pick(m.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listMembers(r *request) (any, error) {
	p, err := c.memberPool(r)
	if err != nil {
		return nil, err
	}
	return balancerList(r, memberListing, slices.Clone(p.members))
}

func (c *Cloud) updateMember(r *request) (any, error) {
	in, err := r.argued("member_", "member", memberPut)
	if err != nil {
		return nil, err
	}
	p, m, err := c.member(r)
	if err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	asked := &member{Address: m.Address, SubnetID: m.SubnetID, pool: p}
	memberPut.apply(asked, in, updating)
	if err := asked.drives(c); err != nil {
		return nil, err
	}
	memberPut.apply(m, in, updating)
	m.Tags = tagSet(m.Tags)
	c.startInPool(p, mark{m, pendingUpdate})
	return map[string]any{"member": m.view()}, nil
}

func (c *Cloud) deleteMember(r *request) (any, error) {
	p, m, err := c.member(r)
	if err != nil {
		return nil, err
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	c.startInPool(p, mark{m, pendingDelete})
	return nil, nil
}
