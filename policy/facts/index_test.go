package facts

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

// anything is a small world, in which much has the same name, owner or address.
func anything(r *rand.Rand) Snapshot {
	s := Snapshot{FloatingIPs: map[netip.Addr]FloatingIP{}, Balancers: map[string]Balancer{}}
	some := func(word string) string { // or nothing
		if n := r.IntN(4); n > 0 {
			return fmt.Sprint(word, n)
		}
		return ""
	}
	for n := range r.IntN(6) {
		a := netip.AddrFrom4([4]byte{172, 24, 4, byte(r.IntN(9))})
		f := FloatingIP{ID: fmt.Sprint(n), Address: a, Port: some("port"), Pool: r.IntN(2) == 0}
		if f.Port != "" {
			f.FixedIP = netip.AddrFrom4([4]byte{10, 2, 0, byte(r.IntN(3))})
		}
		s.FloatingIPs[a] = f
	}
	for n := range r.IntN(6) {
		s.Balancers[some("port")] = Balancer{
			ID: fmt.Sprint(r.IntN(100), "-", n), Service: types.UID(some("service")), Name: some("name"), Leaving: r.IntN(3) == 0, Listeners: r.IntN(3), Pools: r.IntN(3),
		}
	}
	return s
}

// What an index finds is what is found by going through everything.
func TestIndexesFindWhatThereIs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		s := anything(r)
		indexed := s
		indexed.FloatingIPIndex, indexed.BalancerIndex = IndexFloatingIPs(s.FloatingIPs), IndexBalancers(s.Balancers)
		for claim, known := range map[string]Snapshot{"with an index": indexed, "without": s} {
			if got, want := found(known), walked(s); got != want {
				t.Fatalf("%s, of %+v:\ngot\n%s\nwant\n%s", claim, s, got, want)
			}
		}
	}
}

// found is all that can be asked.
func found(s Snapshot) string {
	text := fmt.Sprintln(s.Staying(), s.Idle(), s.FreeFloatingIPs("", "shop", 9))
	for n := range 4 {
		text += fmt.Sprintln(s.Leads(fmt.Sprint("port", n), netip.Addr{}), s.Leads("", netip.AddrFrom4([4]byte{10, 2, 0, byte(n)})))
		named, is := s.BalancerNamed(fmt.Sprint("name", n))
		text += fmt.Sprintln(named, is)
		for _, port := range s.PortsOf(types.UID(fmt.Sprint("service", n))) {
			text += fmt.Sprintln(port, s.Balancers[port])
		}
	}
	_, nameless := s.BalancerNamed("")
	return text + fmt.Sprintln(nameless || len(s.PortsOf("")) > 0, s.Leads("", netip.Addr{}))
}

// walked is the same, found by going through everything.
func walked(s Snapshot) string {
	var size Size
	var idle bool
	var free []netip.Addr
	for _, b := range s.Balancers {
		if !b.Leaving {
			size.Balancers, size.Listeners, size.Pools = size.Balancers+1, size.Listeners+b.Listeners, size.Pools+b.Pools
		}
	}
	for a, f := range s.FloatingIPs {
		idle = idle || f.Pool && f.Port == ""
		if f.Free() {
			free = append(free, a)
		}
	}
	slices.SortFunc(free, netip.Addr.Compare)
	text := fmt.Sprintln(size, idle, free)
	for n := range 4 {
		port, address := false, false
		for _, f := range s.FloatingIPs {
			port = port || f.Port == fmt.Sprint("port", n)
			address = address || f.FixedIP == netip.AddrFrom4([4]byte{10, 2, 0, byte(n)})
		}
		text += fmt.Sprintln(port, address)
		named := those(s, func(b Balancer) bool { return b.Name == fmt.Sprint("name", n) })
		text += fmt.Sprintln(append(named, one{})[0].balancer, len(named) > 0)
		for _, o := range those(s, func(b Balancer) bool { return b.Service == types.UID(fmt.Sprint("service", n)) }) {
			text += fmt.Sprintln(o.port, o.balancer)
		}
	}
	return text + fmt.Sprintln(false, false)
}

// A one is a load balancer and the port of its VIP.
type one struct {
	port     string
	balancer Balancer
}

// those are the load balancers that are such, in the order of their IDs.
func those(s Snapshot, such func(Balancer) bool) []one {
	var all []one
	for port, b := range s.Balancers {
		if such(b) {
			all = append(all, one{port, b})
		}
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(a.balancer.ID, b.balancer.ID) })
	return all
}
