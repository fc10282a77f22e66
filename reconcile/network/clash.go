package network

import (
	"fmt"
	"slices"

	"github.com/octagate/octagate/reconcile/ground"
)

// Clashes are what stands in the way of a site, each with what can be done about it. Nothing
// may be made while there are any: what is another's is not changed, and what cannot be
// changed is not made beside it.
func (s Site) Clashes(t There) []string {
	l := s.Laid(t)
	all := s.outward(l, t)
	for i, want := range s.Subnets() {
		all = append(all, s.nameTaken(want, t)...)
		all = append(all, l.Subnets[i].differs(want)...)
		all = append(all, s.crowded(want, l.Subnets[i], t)...)
		all = append(all, s.overlaps(want, l, t)...)
		all = append(all, s.outside(want, t)...)
	}
	return append(all, s.addressTaken(l, t)...)
}

// outward is what is wrong with the router and the external network.
func (s Site) outward(l Laid, t There) []string {
	var all []string
	_, foreign := s.router(t)
	switch {
	case s.Router != "" && l.Router.ID == "":
		all = append(all, fmt.Sprintf("router %s is not there, or not shown to this project", s.Router))
	case foreign.ID != "" && l.Router.ID == "":
		all = append(all, fmt.Sprintf("router %s (%s) has the name and was not made by octagate: use it with --router, or take another --cluster-name", foreign.Name, foreign.ID))
	}
	switch {
	case s.External == "":
	case t.External.ID == "":
		all = append(all, fmt.Sprintf("external network %s is not there", s.External))
	case !t.External.External:
		all = append(all, fmt.Sprintf("network %s is not external", t.External.Name))
	case l.Router.External != "" && l.Router.External != s.External:
		all = append(all, fmt.Sprintf("router %s leads to external network %s already: name that one, or another router", l.Router.Name, l.Router.External))
	}
	return all
}

// nameTaken is who has the name of a network that is to be made.
func (s Site) nameTaken(want Subnet, t There) []string {
	ours, foreign := s.mine(t.Networks, want.Network)
	if ours.ID == "" && foreign.ID != "" {
		return []string{fmt.Sprintf("network %s (%s) has the name and was not made by octagate: take another --cluster-name, or rename it", foreign.Name, foreign.ID)}
	}
	return nil
}

// differs is what of a subnet that is there is otherwise, and cannot be changed.
func (l LaidSubnet) differs(want Subnet) []string {
	const others = ": say what it was made with, or take another --cluster-name"
	switch {
	case l.Subnet.ID == "":
		return nil
	case l.Subnet.CIDR != want.CIDR:
		return []string{fmt.Sprintf("subnet %s is %s, not %s%s", want.Name, l.Subnet.CIDR, want.CIDR, others)}
	case l.Subnet.Gateway != want.Gateway:
		return []string{fmt.Sprintf("the gateway of subnet %s is %s, not %s%s", want.Name, l.Subnet.Gateway, want.Gateway, others)}
	}
	return nil
}

// crowded is who has something on a network of ours that we need.
func (s Site) crowded(want Subnet, l LaidSubnet, t There) []string {
	if l.Network.ID == "" {
		return nil
	}
	var all []string
	for _, subnet := range t.Subnets {
		if subnet.Network == l.Network.ID && subnet.ID != l.Subnet.ID && subnet.CIDR.Overlaps(want.CIDR) {
			all = append(all, fmt.Sprintf("subnet %s %s on network %s overlaps with %s, and was not made by octagate: remove it", subnet.ID, subnet.CIDR, want.Network, want.CIDR))
		}
	}
	for _, p := range t.Ports {
		at, here := p.In(l.Subnet.ID)
		if here && p.ID != l.Port.ID && at == want.Gateway {
			all = append(all, fmt.Sprintf("port %s has %s, the gateway of subnet %s, and was not made by octagate: remove it", p.ID, at, want.Name))
		}
	}
	return all
}

// overlaps is which subnets of the router have addresses that a subnet is to have.
func (s Site) overlaps(want Subnet, l Laid, t There) []string {
	joined := map[string]bool{}
	for _, p := range t.Ports {
		for _, a := range p.Addresses {
			if p.Device == l.Router.ID && l.Router.ID != "" {
				joined[a.Subnet] = true
			}
		}
	}
	for _, ours := range l.Subnets {
		delete(joined, ours.Subnet.ID)
	}
	var all []string
	for _, subnet := range slices.Concat(t.Subnets, t.ExternalSubnets) {
		external := slices.ContainsFunc(t.ExternalSubnets, func(e ground.Subnet) bool { return e.ID == subnet.ID })
		if (joined[subnet.ID] || external) && subnet.CIDR.Overlaps(want.CIDR) {
			all = append(all, fmt.Sprintf("%s of subnet %s overlaps with %s of %s, which the router is to join as well: take another CIDR", subnet.CIDR, subnet.ID, want.CIDR, want.Name))
		}
	}
	for i, ours := range l.Subnets {
		if ours.Port.Device != "" && ours.Port.Device != l.Router.ID && s.Subnets()[i].Name == want.Name {
			all = append(all, fmt.Sprintf("port %s is another router's, %s: take that with --router", ours.Port.Name, ours.Port.Device))
		}
	}
	return all
}

// outside is which routers have an address in the external network that a subnet is to have.
// The subnets of that network are not shown to members of a project.
func (s Site) outside(want Subnet, t There) []string {
	for _, r := range t.Routers {
		for _, a := range r.Outside {
			if s.External != "" && r.External == s.External && want.CIDR.Contains(a) {
				return []string{fmt.Sprintf("%s of router %s is in the external network, and in %s of %s: take another CIDR", a, r.Name, want.CIDR, want.Name)}
			}
		}
	}
	return nil
}

// addressTaken is who has the address of the API's load balancer.
func (s Site) addressTaken(l Laid, t There) []string {
	services := l.Subnets[len(l.Subnets)-1].Subnet.ID
	if len(s.APIServers) == 0 || services == "" {
		return nil
	}
	if b := l.Balancer; b.ID != "" && (b.VIP != s.VIP() || b.Subnet != services) {
		return []string{fmt.Sprintf("load balancer %s (%s) is at %s, not %s: delete it", Name, b.ID, b.VIP, s.VIP())}
	}
	for _, b := range t.Balancers {
		if b.ID != l.Balancer.ID && b.VIP == s.VIP() && b.Subnet == services {
			return []string{fmt.Sprintf("load balancer %s (%s) has %s, and was not made by octagate network: leave out --api-server, or delete it", b.Name, b.ID, b.VIP)}
		}
	}
	for _, p := range t.Ports {
		if at, here := p.In(services); here && at == s.VIP() && p.ID != l.Balancer.Port {
			return []string{fmt.Sprintf("port %s has %s, the address of the API: remove it", p.ID, at)}
		}
	}
	return nil
}
