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
// existing load balancer, the VIP's address makes it be built anew; the rest (name,
// subnet, provider, flavor) is left as it is. One that Octavia left half made, or
// that is in ERROR, is built anew, too: Octavia changes nothing on it any more.
//
// Members come first: what else is to change, the cloud may refuse.
func Diff(desired, observed octavia.Tree) Plan {
	var p Plan
	switch {
	case desired.Exists() && observed.Exists() && observed.Broken():
		p = anew(desired, observed, observed.Status)
		observed.VIP.Port = "" // it is about to go
	case desired.Exists() && observed.Exists() && desired.VIP.Address != observed.VIP.Address:
		p = anew(desired, observed, "")
		observed.VIP.Port = ""
	case desired.Exists() && observed.Exists():
		rest := append(closed(desired, observed), opened(desired, observed)...)
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
	return Plan{DeleteLoadBalancer{observed.ID, observed.Name, while}, CreateLoadBalancer{desired}}
}

// closed deletes before anything is created, so that a port can change hands.
func closed(desired, observed octavia.Tree) Plan {
	var p Plan
	for _, l := range observed.Listeners {
		if want, wanted := desired.Listener(l.Key); !wanted || outgrown(want, l) {
			p = append(p, DeleteListener{l.ID, l.Key})
			if l.Pool.Name != "" {
				p = append(p, DeletePool{l.Pool.ID, l.Pool.Name})
			}
		}
	}
	for _, pool := range observed.Loose {
		p = append(p, DeletePool{pool.ID, pool.Name})
	}
	return p
}

// outgrown reports whether a listener has a pool that cannot become the one it should
// have: Octavia never changes the protocol of a pool.
func outgrown(want, have octavia.Listener) bool {
	return have.Pool.Name != "" && have.Pool.Protocol != want.Pool.Protocol
}

// opened creates and fills what is missing.
func opened(desired, observed octavia.Tree) Plan {
	var p Plan
	for _, want := range desired.Listeners {
		have, exists := observed.Listener(want.Key)
		if outgrown(want, have) {
			have, exists = octavia.Listener{}, false
		}
		if !exists {
			p = append(p, CreateListener{observed.ID, octavia.Name(desired.Name, want.Key), want})
		} else if changes := have.Settings.Changes(want.Settings); len(changes) > 0 {
			p = append(p, UpdateListener{have.ID, want.Key, want.Settings, changes})
		}
		p = append(p, filled(want, have)...)
	}
	return p
}

// filled makes a listener's pool as it should be.
func filled(want, have octavia.Listener) Plan {
	var p Plan
	if have.Pool.Name == "" {
		p = append(p, CreatePool{have.ID, want.Pool})
	} else if changes := have.Pool.Changes(want.Pool); len(changes) > 0 {
		changed := want.Pool
		changed.ID = have.Pool.ID
		p = append(p, UpdatePool{changed, changes})
	}
	if !slices.Equal(want.Pool.Members, have.Pool.Members) {
		p = append(p, SetMembers{have.Pool.ID, want.Pool.Name, want.Pool.Members})
	}
	return append(p, monitored(want.Pool, have.Pool)...)
}

// monitored makes a pool's health monitor as it should be.
func monitored(want, have octavia.Pool) Plan {
	is, was := want.Monitor, have.Monitor
	switch {
	case is.Like(was):
		return nil
	case was == (octavia.Monitor{}):
		return Plan{CreateMonitor{have.ID, want.Name, want.Protocol, is}}
	case is == (octavia.Monitor{}):
		return Plan{DeleteMonitor{was.ID, want.Name}}
	}
	is.ID = was.ID
	return Plan{UpdateMonitor{want.Name, is}}
}

// floatingIP puts the steps for the external IP around those of the tree: an
// association comes first, since it waits for nothing but the VIP's port; a
// release comes last, when nothing uses the address any more.
func floatingIP(desired, observed octavia.Tree, tree Plan) Plan {
	want, have, port := desired.FloatingIP, observed.FloatingIP, observed.VIP.Port
	if serves(want, have) {
		if want != (octavia.FloatingIP{}) && have.Port != port && port != "" {
			return external(AssociateFloatingIP{have.Address, port}, port, tree)
		}
		return tree
	}
	tree = given(want, desired.Name, port, tree)
	switch {
	case have.Allocate && observed.Exists() && !desired.Exists():
		return append(tree, ReleaseFloatingIP{have.ID, have.Address})
	case have.Allocate:
		return append(Plan{ReleaseFloatingIP{have.ID, have.Address}}, tree...)
	case have.Port != "" && desired.Exists():
		return append(Plan{DissociateFloatingIP{have.ID, have.Address}}, tree...)
	}
	return tree
}

// serves reports whether the floating IP that there is is the one that is wanted.
// An address that is wanted by name is never given up, whoever allocated it.
func serves(want, have octavia.FloatingIP) bool {
	if want.Address.IsValid() || !want.Allocate {
		return want.Address == have.Address
	}
	return have.Allocate
}

// given adds the step that gives the tree the floating IP that it wants.
func given(want octavia.FloatingIP, service, port string, tree Plan) Plan {
	switch {
	case want.Allocate:
		return external(AllocateFloatingIP{want.Network, want.Subnet, port, service}, port, tree)
	case want.Address.IsValid():
		return external(AssociateFloatingIP{want.Address, port}, port, tree)
	}
	return tree
}

// external puts s before the tree's steps when there is a port for it, else after.
func external(s Step, port string, tree Plan) Plan {
	if port == "" {
		return append(tree, s)
	}
	return append(Plan{s}, tree...)
}

// Stepwise is p for a cloud that cannot make a load balancer with everything under
// it in one call: a bare one comes first, the rest is made as on any that exists.
func (p Plan) Stepwise() Plan {
	var steps Plan
	for _, s := range p {
		create, whole := s.(CreateLoadBalancer)
		if !whole {
			steps = append(steps, s)
			continue
		}
		bare := create.Tree
		bare.Listeners = nil
		steps = append(append(steps, CreateLoadBalancer{bare}), opened(create.Tree, bare)...)
	}
	return steps
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
	set, members := s.(SetMembers)
	return !members || set.PoolID == ""
}
