package guard

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/octagate/octagate/policy/facts"
)

// A Hold is an address that is kept from Services, and what for.
type Hold struct {
	Address netip.Addr
	For     Claim
}

// A Change is what is to be done, in this order.
type Change struct {
	Release []netip.Addr
	Hold    []Hold
}

// Diff is how what is held comes to be what something claims. Taken are the addresses of
// Services, which are held by nobody else. Of what is not known, nothing changes.
func Diff(g Ground, held map[netip.Addr]Claim, taken map[netip.Addr]bool) Change {
	var c Change
	for _, a := range sorted(held) {
		if by, answer := g.Claim(a); taken[a] || answer == facts.No || answer == facts.Yes && by != held[a] {
			c.Release = append(c.Release, a)
		}
	}
	candidates := maps.Clone(g.kept)
	for a := range g.known.Ports {
		candidates[a] = Claim{}
	}
	for _, a := range sorted(candidates) {
		if by, answer := g.Claim(a); answer == facts.Yes && by != held[a] && !taken[a] {
			c.Hold = append(c.Hold, Hold{a, by})
		}
	}
	return c
}

// sorted are the addresses in order.
func sorted(m map[netip.Addr]Claim) []netip.Addr {
	return slices.SortedFunc(maps.Keys(m), netip.Addr.Compare)
}
