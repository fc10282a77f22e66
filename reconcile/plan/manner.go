package plan

import (
	"slices"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A Manner is what a cloud cannot do in one call. The zero Manner is a cloud that can
// do it all.
type Manner struct {
	Stepwise   bool // a load balancer is made bare, and what is under it one thing at a time
	Memberwise bool // members come and go one at a time
	Leafwise   bool // what is under a load balancer has to be deleted before it
}

// In is p for a cloud of that manner, where observed is what there is.
func (p Plan) In(m Manner, observed octavia.Tree) Plan {
	if m.Stepwise {
		p = p.each(stepwise)
	}
	if m.Memberwise {
		p = p.each(memberwise)
	}
	if m.Leafwise {
		p = p.each(func(s Step) Plan { return leafwise(s, observed) })
	}
	return p
}

// each replaces every step by others.
func (p Plan) each(by func(Step) Plan) Plan {
	var steps Plan
	for _, s := range p {
		steps = append(steps, by(s)...)
	}
	return steps
}

// stepwise makes a bare load balancer first; the rest is made as on any that exists.
func stepwise(s Step) Plan {
	create, whole := s.(CreateLoadBalancer)
	if !whole || len(create.Tree.Listeners) == 0 {
		return Plan{s}
	}
	bare := create.Tree
	bare.Listeners, bare.Pools = nil, nil
	return append(Plan{CreateLoadBalancer{bare}}, change{create.Tree, bare}.steps()...)
}

// memberwise deletes the members that are not as they should be, and makes those that
// are missing: address and port, by which a pool knows them, can be had only once.
func memberwise(s Step) Plan {
	set, all := s.(SetMembers)
	if !all {
		return Plan{s}
	}
	var p Plan
	in := func(ms []octavia.Member, m octavia.Member, like func(octavia.Member, octavia.Member) bool) bool {
		return slices.ContainsFunc(ms, func(other octavia.Member) bool { return like(m, other) })
	}
	for _, m := range set.Have {
		if !in(set.Members, m, octavia.Member.Like) {
			p = append(p, DeleteMember{set.PoolID, set.Name, m})
		}
	}
	for _, m := range set.Members {
		if !in(set.Have, m, func(want, have octavia.Member) bool { return have.Like(want) }) {
			p = append(p, CreateMember{set.PoolID, set.Name, m})
		}
	}
	return p
}

// leafwise empties a load balancer before it is deleted, and a pool of its health
// monitor. Members go with their pool.
func leafwise(s Step, observed octavia.Tree) Plan {
	switch remove := s.(type) {
	case DeletePool:
		i := slices.IndexFunc(observed.Pools, func(p octavia.Pool) bool { return p.ID == remove.ID })
		if i < 0 {
			return Plan{s}
		}
		return append(monitored(octavia.Pool{PoolKey: observed.Pools[i].PoolKey}, observed.Pools[i]), s)
	case DeleteLoadBalancer:
		remove.Alone = true
		p := change{octavia.Tree{}, observed}.emptied()
		return append(p.each(func(s Step) Plan { return leafwise(s, observed) }), remove)
	}
	return Plan{s}
}

// emptied deletes everything under a load balancer.
func (c change) emptied() Plan { return append(c.closed(), c.dropped(false)...) }
