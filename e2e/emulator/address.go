package emulator

import (
	"net/http"
	"net/netip"
	"slices"
)

// A cidr is the range of a subnet.
type cidr struct{ netip.Prefix }

// UnmarshalText reads a CIDR and drops its host bits.
func (c *cidr) UnmarshalText(text []byte) error {
	if err := c.Prefix.UnmarshalText(text); err != nil {
		return err
	}
	c.Prefix = c.Masked()
	return nil
}

// last is the highest address of the range.
func (c cidr) last() netip.Addr {
	b := c.Addr().AsSlice()
	for i := c.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// gateway is where Neutron puts it when nobody says: the first host, in IPv6 and
// where there is one address only the address of the network itself.
func (c cidr) gateway() netip.Addr {
	if c.Addr().Is6() || c.IsSingleIP() {
		return c.Addr()
	}
	return c.Addr().Next()
}

// pools are all addresses but the network's, the broadcast's and the gateway's. A
// single address is a pool, two of them are none.
func (c cidr) pools(gateway *netip.Addr) []span {
	if c.IsSingleIP() {
		return []span{{c.Addr(), c.Addr()}}
	}
	first, last := c.Addr().Next(), c.last()
	if c.Addr().Is4() {
		last = last.Prev()
	}
	if !first.Less(last) {
		return []span{}
	}
	if gateway == nil || gateway.Less(first) || last.Less(*gateway) {
		return []span{{first, last}}
	}
	pools := []span{}
	if first.Less(*gateway) {
		pools = append(pools, span{first, gateway.Prev()})
	}
	if gateway.Less(last) {
		pools = append(pools, span{gateway.Next(), last})
	}
	return pools
}

// A span is a range from which addresses are handed out.
type span struct {
	Start netip.Addr `json:"start"`
	End   netip.Addr `json:"end"`
}

func (p span) String() string { return p.Start.String() + "-" + p.End.String() }

func (p span) overlaps(q span) bool { return !p.End.Less(q.Start) && !q.End.Less(p.Start) }

// addresses knows which of a subnet's addresses are taken and which comes next.
type addresses struct {
	taken map[netip.Addr]bool
	pools []span
	next  netip.Addr
}

func newAddresses(pools []span) addresses {
	a := addresses{taken: map[netip.Addr]bool{}}
	a.follow(pools)
	return a
}

// follow hands out from other pools from now on.
func (a *addresses) follow(pools []span) {
	a.pools, a.next = pools, netip.Addr{}
	if len(pools) > 0 {
		a.next = pools[0].Start
	}
}

func (a *addresses) any() bool { return len(a.taken) > 0 }

// free takes an address of the pools, in turn; false when all are taken.
func (a *addresses) free() (netip.Addr, bool) {
	if !a.next.IsValid() {
		return netip.Addr{}, false
	}
	for first := a.next; ; {
		candidate := a.next
		a.next = a.after(candidate)
		if !a.taken[candidate] {
			a.taken[candidate] = true
			return candidate, true
		}
		if a.next == first {
			return netip.Addr{}, false
		}
	}
}

// after is the address that follows in the pools; after the last comes the first.
func (a *addresses) after(addr netip.Addr) netip.Addr {
	i := slices.IndexFunc(a.pools, func(p span) bool { return p.Start.Compare(addr) <= 0 && addr.Compare(p.End) <= 0 })
	if a.pools[i].End != addr {
		return addr.Next()
	}
	return a.pools[(i+1)%len(a.pools)].Start
}

// A fixedIP is an address of a port.
type fixedIP struct {
	SubnetID string     `json:"subnet_id"`
	Address  netip.Addr `json:"ip_address"`
}

// A wish is a fixed IP as a request asks for it: either part may be missing.
type wish struct {
	SubnetID string     `json:"subnet_id"`
	Address  netip.Addr `json:"ip_address"`
}

// grant takes an address of a network: the wanted one, else one of the wanted
// subnet, else one of any subnet, IPv4 first.
func (n *network) grant(w wish) (fixedIP, error) {
	s, err := n.choose(w)
	if err != nil {
		return fixedIP{}, err
	}
	if w.Address.IsValid() {
		if s.addresses.taken[w.Address] {
			return fixedIP{}, networkRefusal(http.StatusConflict, "IpAddressAlreadyAllocated",
				"IP address %s already allocated in subnet %s", w.Address, s.ID)
		}
		s.addresses.taken[w.Address] = true
		return fixedIP{s.ID, w.Address}, nil
	}
	a, ok := s.addresses.free()
	if !ok {
		return fixedIP{}, networkRefusal(http.StatusConflict, "IpAddressGenerationFailure", "No more IP addresses available on network %s.", n.ID)
	}
	return fixedIP{s.ID, a}, nil
}

// choose is the subnet that a wish is about.
func (n *network) choose(w wish) (*subnet, error) {
	fits := func(s *subnet) bool { return !w.Address.IsValid() || s.CIDR.Contains(w.Address) }
	if w.SubnetID != "" {
		i := slices.IndexFunc(n.subnets, func(s *subnet) bool { return s.ID == w.SubnetID })
		if i < 0 {
			return nil, networkRefusal(http.StatusBadRequest, "InvalidInput",
				"Invalid input for operation: Failed to create port on network %s, because fixed_ips included invalid subnet %s.", n.ID, w.SubnetID)
		}
		if !fits(n.subnets[i]) {
			return nil, networkRefusal(http.StatusBadRequest, "InvalidIpForSubnet", "IP address %s is not a valid IP for the specified subnet.", w.Address)
		}
		return n.subnets[i], nil
	}
	for _, version := range []int{4, 6} {
		i := slices.IndexFunc(n.subnets, func(s *subnet) bool { return s.IPVersion == version && fits(s) })
		if i >= 0 {
			return n.subnets[i], nil
		}
	}
	if w.Address.IsValid() {
		return nil, networkRefusal(http.StatusBadRequest, "InvalidIpForNetwork",
			"IP address %s is not a valid IP for any of the subnets on the specified network.", w.Address)
	}
	return nil, networkRefusal(http.StatusConflict, "IpAddressGenerationFailure", "No more IP addresses available on network %s.", n.ID)
}

// release gives an address back.
func (c *Cloud) release(ip fixedIP) {
	if s := c.subnets[ip.SubnetID]; s != nil {
		delete(s.addresses.taken, ip.Address)
	}
}
