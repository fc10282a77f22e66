package plan

import (
	"slices"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A Manner is how a cloud has to be treated. The zero Manner is a cloud that can do
// everything in one call.
type Manner struct {
	Stepwise   bool // a load balancer is made bare, and what is under it one thing at a time
	Memberwise bool // members come and go one at a time
	Leafwise   bool // what is under a load balancer has to be deleted before it
	Curable    bool // a load balancer in ERROR takes changes, and is well again when one succeeds
}

// Plan is the way from observed to desired in a cloud of that manner.
func (m Manner) Plan(desired, observed octavia.Tree) Plan {
	bare := len(observed.Listeners)+len(observed.Pools) == 0
	if !m.Curable || observed.Status != octavia.Failed || bare || !desired.Exists() {
		return Diff(desired, observed).in(m, observed)
	}
	cure := UpdateLoadBalancer{observed.ID, desired, []octavia.Change{octavia.StatusChange}}
	observed.Status = octavia.Active
	return append(Plan{cure}, Diff(desired, observed).in(m, observed)...)
}

// Mends reports whether a step is taken because a load balancer is broken.
func Mends(s Step) bool {
	switch s := s.(type) {
	case DeleteLoadBalancer:
		return s.While != ""
	case UpdateLoadBalancer:
		return slices.Contains(s.Changes, octavia.StatusChange)
	}
	return false
}

// in is p for a cloud of that manner, where observed is what there is.
func (p Plan) in(m Manner, observed octavia.Tree) Plan {
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

// memberwise replaces the members of a pool one at a time: one that is not as it should
// be goes, one that is missing comes, and so on, so that somebody serves meanwhile.
// What identifies a member can be had only once: who comes back changed goes first.
func memberwise(s Step) Plan {
	set, all := s.(SetMembers)
	if !all {
		return Plan{s}
	}
	var gone, missing Plan
	for _, m := range without(set.Have, set.Members, octavia.Member.Like) {
		gone = append(gone, DeleteMember{set.PoolID, set.Name, m})
	}
	for _, m := range without(set.Members, set.Have, func(want, have octavia.Member) bool { return have.Like(want) }) {
		missing = append(missing, CreateMember{set.PoolID, set.Name, m})
	}
	return alternately(gone, missing)
}

// without are the members that have no like among others; first those whose place one of
// the others has.
func without(members, others []octavia.Member, like func(a, b octavia.Member) bool) []octavia.Member {
	var placed, rest []octavia.Member
	for _, m := range members {
		switch {
		case slices.ContainsFunc(others, func(other octavia.Member) bool { return like(m, other) }):
		case slices.ContainsFunc(others, func(other octavia.Member) bool { return m.Compare(other) == 0 }):
			placed = append(placed, m)
		default:
			rest = append(rest, m)
		}
	}
	return append(placed, rest...)
}

// alternately is a step of each plan in turn.
func alternately(p, q Plan) Plan {
	var steps Plan
	for i := range max(len(p), len(q)) {
		steps = append(steps, p[min(i, len(p)):min(i+1, len(p))]...)
		steps = append(steps, q[min(i, len(q)):min(i+1, len(q))]...)
	}
	return steps
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
