// Package plan turns the difference between two trees into ordered steps.
//
// Diff asks the cloud nothing and changes nothing that it is given. A plan is
// made anew at every reconcile, and so remembers nothing of the one before it.
package plan

import (
	"slices"

	"github.com/octagate/octagate/reconcile/octavia"
)

// Diff plans the way from observed to desired. Of what cannot be changed on an
// existing load balancer, its addresses make it be built anew; the rest (subnet,
// provider, flavor, zone) is left as it is. One that Octavia left half made, or
// that is in ERROR, is built anew, too: Octavia changes nothing on it any more.
//
// Members come first: what else is to change, the cloud may refuse.
func Diff(desired, observed octavia.Tree) Plan {
	var p Plan
	switch {
	case desired.Exists() && observed.Exists() && observed.Broken():
		p = anew(desired, observed, observed.Status)
		observed.VIP.Port = "" // it is about to go
	case desired.Exists() && observed.Exists() && moved(desired, observed):
		p = anew(desired, observed, "")
		observed.VIP.Port = ""
	case desired.Exists() && observed.Exists():
		rest := change{desired, observed}.steps()
		p = append(rest.Upkeep(), rest.beyondUpkeep()...)
	case desired.Exists():
		p = Plan{CreateLoadBalancer{desired}}
	case observed.Exists():
		p = Plan{DeleteLoadBalancer{ID: observed.ID, Name: observed.Name}}
	}
	return floatingIP(desired, observed, p)
}

// anew deletes a load balancer, while it still has a status, and makes another.
func anew(desired, observed octavia.Tree, while octavia.Status) Plan {
	return Plan{DeleteLoadBalancer{ID: observed.ID, Name: observed.Name, While: while}, CreateLoadBalancer{desired}}
}

// moved reports whether a load balancer has other addresses than it should have. One that
// it has too many may be another Service's soon.
func moved(desired, observed octavia.Tree) bool {
	same := func(a, b octavia.VIP) bool { return a.Address == b.Address }
	return !same(desired.VIP, observed.VIP) || !slices.EqualFunc(desired.More, observed.More, same)
}

// A change is what a load balancer that exists should become, and what it is.
type change struct{ desired, observed octavia.Tree }

// steps change what is under a load balancer, and the load balancer itself. What is
// not wanted goes before anything is created, so that a port and a quota can change
// hands. Only a pool that a listener still leads to stays until that leads elsewhere, and
// a listener that another takes the place of stays until the other's pool is there.
func (c change) steps() Plan {
	var p Plan
	if c.observed.Untagged {
		p = append(p, MarkLoadBalancer{c.observed.ID, c.observed.Name})
	}
	if changes := c.observed.Changes(c.desired); len(changes) > 0 {
		p = append(p, UpdateLoadBalancer{c.observed.ID, c.desired, changes})
	}
	if c.desired.VIP.Open && !c.observed.VIP.Open {
		p = append(p, OpenVIP{c.observed.VIP.Port})
	}
	for _, want := range c.desired.Listeners {
		if _, there := c.observed.Pool(want.Pool); !there && c.succeeds(want) && c.leads(want) {
			p = append(p, c.made(want, "")...)
		}
	}
	p = append(p, c.closed()...)
	p = append(p, c.dropped(false)...)
	for _, want := range c.desired.Listeners {
		p = append(p, c.opened(want)...)
	}
	for _, want := range c.desired.Pools {
		if have, exists := c.observed.Pool(want.PoolKey); exists {
			p = append(p, kept(want, have)...)
		}
	}
	return append(p, c.dropped(true)...)
}

// closed deletes the listeners that are not wanted.
func (c change) closed() Plan {
	var p Plan
	for _, l := range c.observed.Listeners {
		if _, wanted := c.desired.Listener(l.Key); !wanted {
			p = append(p, DeleteListener{l.ID, l.Key})
		}
	}
	return p
}

// dropped deletes the pools that are not wanted: those that a listener leads to which
// stays, or the others.
func (c change) dropped(inUse bool) Plan {
	used := map[octavia.PoolKey]bool{}
	for _, l := range c.observed.Listeners {
		if _, stays := c.desired.Listener(l.Key); stays {
			used[l.Pool] = true
		}
	}
	var p Plan
	for _, pool := range c.observed.Pools {
		if _, wanted := c.desired.Pool(pool.PoolKey); !wanted && used[pool.PoolKey] == inUse {
			p = append(p, DeletePool{pool.ID, pool.Name})
		}
	}
	return p
}

// opened makes one listener as it should be, with a pool that is missing.
func (c change) opened(want octavia.Listener) Plan {
	have, exists := c.observed.Listener(want.Key)
	pool, there := c.observed.Pool(want.Pool)
	first := c.leads(want)
	if !exists {
		p := Plan{CreateListener{c.observed.ID, want, pool.ID}}
		if !there && first && !c.succeeds(want) {
			p = append(p, c.made(want, "")...)
		}
		return p
	}
	changes := have.Settings.Changes(want.Settings)
	var p Plan
	if have.Pool != want.Pool {
		bare := have.Pool == octavia.PoolKey{}
		if !there && first && bare {
			return append(updated(have, want, "", changes), c.made(want, have.ID)...)
		}
		if !there && first {
			p = c.made(want, "")
		}
		changes = append(changes, octavia.PoolChange)
	}
	return append(p, updated(have, want, pool.ID, changes)...)
}

// succeeds reports whether a listener takes the place of another, as when a port begins to
// speak HTTP.
func (c change) succeeds(want octavia.Listener) bool {
	_, exists := c.observed.Listener(want.Key)
	return !exists && slices.ContainsFunc(c.observed.Listeners, func(l octavia.Listener) bool { return l.Place() == want.Place() })
}

// leads reports whether a listener is the first of those that share its pool.
func (c change) leads(l octavia.Listener) bool {
	i := slices.IndexFunc(c.desired.Listeners, func(other octavia.Listener) bool { return other.Pool == l.Pool })
	return i >= 0 && c.desired.Listeners[i].Key == l.Key
}

// updated changes a listener.
func updated(have, want octavia.Listener, pool string, changes []octavia.Change) Plan {
	if len(changes) == 0 {
		return nil
	}
	return Plan{UpdateListener{have.ID, want.Key, want.Settings, have.Settings.Timed, pool, changes}}
}

// made makes the pool of a listener: as that listener's if it exists and has none, or
// else for whichever will lead to it.
func (c change) made(l octavia.Listener, listenerID string) Plan {
	want, _ := c.desired.Pool(l.Pool)
	create := CreatePool{ListenerID: listenerID, Pool: want}
	if _, exists := c.observed.Listener(l.Key); listenerID == "" && (exists || c.succeeds(l)) {
		create.LoadBalancerID = c.observed.ID
	}
	p := Plan{create}
	if len(want.Members) > 0 {
		p = append(p, SetMembers{"", want.Name, nil, want.Members})
	}
	if want.Monitor != (octavia.Monitor{}) {
		p = append(p, CreateMonitor{"", want.PoolKey, want.Monitor})
	}
	return p
}

// kept makes a pool that exists as it should be.
func kept(want, have octavia.Pool) Plan {
	var p Plan
	if changes := have.Changes(want); len(changes) > 0 {
		changed := want
		changed.ID = have.ID
		p = append(p, UpdatePool{changed, changes})
	}
	if !have.Unseen && !want.Unseen && !slices.EqualFunc(have.Members, want.Members, octavia.Member.Like) {
		p = append(p, SetMembers{have.ID, want.Name, have.Members, want.Members})
	}
	return append(p, monitored(want, have)...)
}

// monitored makes a pool's health monitor as it should be.
func monitored(want, have octavia.Pool) Plan {
	is, was := want.Monitor, have.Monitor
	switch {
	case is.Like(was):
		return nil
	case was == (octavia.Monitor{}):
		return Plan{CreateMonitor{have.ID, want.PoolKey, is}}
	case is == (octavia.Monitor{}):
		return Plan{DeleteMonitor{was.ID, want.Name}}
	}
	is.ID = was.ID
	return Plan{UpdateMonitor{want.Name, is}}
}

// WithoutAddresses is p less what is done to floating IPs.
func (p Plan) WithoutAddresses() Plan {
	return slices.DeleteFunc(slices.Clone(p), func(s Step) bool {
		switch s.(type) {
		case AllocateFloatingIP, MarkFloatingIP, AssociateFloatingIP, DissociateFloatingIP, KeepFloatingIP, ReleaseFloatingIP:
			return true
		}
		return false
	})
}

// Partings is the part of p that ends the use of floating IPs.
func (p Plan) Partings() Plan {
	return slices.DeleteFunc(slices.Clone(p), func(s Step) bool {
		switch s.(type) {
		case DissociateFloatingIP, KeepFloatingIP, ReleaseFloatingIP:
			return false
		}
		return true
	})
}

// Upkeep is the part of p that keeps what is built going and changes nothing else:
// the members of pools that exist.
func (p Plan) Upkeep() Plan { return slices.DeleteFunc(slices.Clone(p), changes) }

// beyondUpkeep is the rest of p.
func (p Plan) beyondUpkeep() Plan {
	return slices.DeleteFunc(slices.Clone(p), func(s Step) bool { return !changes(s) })
}

// changes reports whether a step does more than to keep what is built going.
func changes(s Step) bool {
	switch s := s.(type) {
	case SetMembers:
		return s.PoolID == ""
	case CreateMember:
		return s.PoolID == ""
	case DeleteMember:
		return false
	}
	return true
}
