package plan

import "github.com/octagate/octagate/reconcile/octavia"

// floatingIP puts the steps for the external IP around those of the tree: an
// association comes first, since it waits for nothing but the VIP's port; a
// release comes last, when nothing uses the address any more. A port has room for
// one: what somebody else has put there gives way, unless ours is in use elsewhere.
func floatingIP(desired, observed octavia.Tree, tree Plan) Plan {
	want, have, port := desired.FloatingIP, observed.FloatingIP, observed.VIP.Port
	if serves(want, have) {
		if have.Allocate && want.Keep != have.Keep {
			tree = append(Plan{MarkFloatingIP{have.ID, have.Address, desired.Name, want.Keep}}, tree...)
		}
		if (want.Allocate || want.Address.IsValid()) && have.Port != port && port != "" {
			tree = external(AssociateFloatingIP{have.Address, port}, port, tree)
			if have.Port == "" {
				tree = append(dissociated(observed.Foreign), tree...)
			}
		}
		return tree
	}
	if foreign := observed.Foreign; !want.Address.IsValid() || want.Address != foreign.Address {
		tree = given(want, desired.Name, port, tree)
		if desired.Exists() {
			tree = append(dissociated(foreign), tree...)
		}
	}
	switch {
	case have.Allocate && observed.Exists() && !desired.Exists():
		return append(tree, parted(want, have))
	case have.Allocate:
		return append(Plan{parted(want, have)}, tree...)
	case desired.Exists():
		return append(dissociated(have), tree...)
	}
	return tree
}

// dissociated is the step that takes a user's floating IP off a port, if it is at one.
func dissociated(f octavia.FloatingIP) Plan {
	if f.Port == "" {
		return nil
	}
	return Plan{DissociateFloatingIP{f.ID, f.Address, f.Port}}
}

// parted is the step that ends our use of a floating IP that we allocated.
func parted(want, have octavia.FloatingIP) Step {
	if want.Keep {
		return KeepFloatingIP{have.ID, have.Address, have.Port}
	}
	return ReleaseFloatingIP{have.ID, have.Address}
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
		return external(AllocateFloatingIP{want.Network, want.Subnet, port, service, want.Keep}, port, tree)
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
