package emulator

import "net/netip"

// A batch is what becomes of a pool's members when a whole set replaces them.
type batch struct {
	created []*member
	updated []rewrite
	deleted []*member
	wedges  bool // a member that was there comes twice: Octavia never gets over it
}

// A rewrite is a member that was there before and what the batch says about it.
type rewrite struct {
	member *member
	in     object
}

func (c *Cloud) replaceMembers(r *request) (any, error) {
	p, err := c.memberPool(r)
	if err != nil {
		return nil, err
	}
	given, err := r.batch()
	if err != nil {
		return nil, err
	}
	for _, in := range given {
		if err := c.subnetKnown(r, in); err != nil {
			return nil, err
		}
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	b, err := c.planBatch(p, given, truth(r.URL.Query().Get("additive_only")))
	if err != nil {
		return nil, err
	}
	if err := c.withinBalancerQuota(p.ProjectID, memberKind, len(b.created)-len(b.deleted)); err != nil {
		return nil, err
	}
	c.carryOut(p, b)
	return nil, nil
}

// batch reads the members of a request.
func (r *request) batch() ([]object, error) {
	argument, err := r.argument("members_", "members")
	if err != nil {
		return nil, err
	}
	if err := nestedList(memberPost).check("members_", "members", argument); err != nil {
		return nil, err
	}
	return object{"members": argument}.list("members"), nil
}

// planBatch compares the members there are with those given, by place.
func (c *Cloud) planBatch(p *pool, given []object, additive bool) (batch, error) {
	var b batch
	old := map[place]*member{}
	for _, m := range p.members {
		old[m.place()] = m
	}
	seen := map[place]bool{}
	for _, in := range given {
		where := in.place()
		m := old[where]
		switch {
		case m != nil:
			b.updated = append(b.updated, rewrite{m, in})
			b.wedges = b.wedges || seen[where]
		case seen[where]:
			return batch{}, duplicateMember(where)
		default:
			m = c.newMember(p, memberPost, in)
			b.created = append(b.created, m)
		}
		if err := m.drives(c); err != nil {
			return batch{}, err
		}
		seen[where] = true
	}
	if !additive {
		b.deleted = keep(p.members, func(m *member) bool { return !seen[m.place()] })
	}
	return b, nil
}

func (o object) place() place {
	var w struct {
		Address netip.Addr `json:"address"`
		Port    int        `json:"protocol_port"`
	}
	if err := o.onto(&w); err != nil {
		panic(err) // the schema let it pass
	}
	return place(w)
}

// carryOut applies a batch. Every member listed becomes PENDING_UPDATE, changed or
// not; what a member's entry leaves out goes back to its default, except for the
// name, the tags and the subnet.
func (c *Cloud) carryOut(p *pool, b batch) {
	var marks []mark
	for _, u := range b.updated {
		memberPost.apply(u.member, u.in, replacing)
		u.member.ProjectID, u.member.TenantID = p.ProjectID, p.ProjectID
		u.member.Tags = tagSet(u.member.Tags)
		marks = append(marks, mark{u.member, pendingUpdate})
	}
	for _, m := range b.deleted {
		marks = append(marks, mark{m, pendingDelete})
	}
	for _, m := range b.created {
		p.members = append(p.members, m)
		marks = append(marks, mark{m, pendingCreate})
	}
	c.startInPool(p, marks...)
	if b.wedges {
		c.abandon(p.balancer)
	}
}
