package network

import (
	"net/netip"
	"slices"

	"github.com/octagate/octagate/reconcile/ground"
)

// There is what is in the cloud, as far as it matters.
type There struct {
	Networks        []ground.Network // of the project
	Subnets         []ground.Subnet  // of the project, and of the external network as far as they are shown
	Routers         []ground.Router  // of the project, and the one that was asked for
	Ports           []ground.Port    // on networks of ours, and of the router
	External        ground.Network   // zero: there is no such network
	ExternalSubnets []ground.Subnet
	Balancers       []ground.Balancer // of the project
}

// A Laid is what of a site is there. IDs are empty of what is not.
type Laid struct {
	Subnets  []LaidSubnet // as Site.Subnets
	Router   ground.Router
	Balancer ground.Balancer
}

// A LaidSubnet is what is there of a subnet.
type LaidSubnet struct {
	Network ground.Network
	Subnet  ground.Subnet
	Port    ground.Port
}

// Laid finds what is there of a site: what bears its mark, by its name.
func (s Site) Laid(t There) Laid {
	var l Laid
	for _, want := range s.Subnets() {
		var one LaidSubnet
		one.Network, _ = s.mine(t.Networks, want.Network)
		for _, subnet := range t.Subnets {
			if subnet.Network == one.Network.ID && subnet.Name == want.Name && Marked(subnet.Description, s.Cluster) {
				one.Subnet = subnet
			}
		}
		for _, p := range t.Ports {
			if p.Network == one.Network.ID && p.Name == want.Port && Marked(p.Description, s.Cluster) {
				one.Port = p
			}
		}
		l.Subnets = append(l.Subnets, one)
	}
	l.Router, _ = s.router(t)
	for _, b := range t.Balancers {
		if b.Name == Name && Marked(b.Description, s.Cluster) {
			l.Balancer = b
		}
	}
	return l
}

// mine is the network of a name that is ours, and one that is somebody else's.
func (s Site) mine(networks []ground.Network, name string) (ours, foreign ground.Network) {
	for _, n := range networks {
		switch {
		case n.Name != name:
		case Marked(n.Description, s.Cluster):
			ours = n
		default:
			foreign = n
		}
	}
	return ours, foreign
}

// router is the one that is ours, or that was asked for, and somebody else's of our name.
func (s Site) router(t There) (ours, foreign ground.Router) {
	for _, r := range t.Routers {
		switch {
		case s.Router != "" && r.ID == s.Router, s.Router == "" && r.Name == s.named("router") && Marked(r.Description, s.Cluster):
			ours = r
		case s.Router == "" && r.Name == s.named("router"):
			foreign = r
		}
	}
	return ours, foreign
}

// Plan is what is to be done for a site. It is right only where there are no Clashes.
func (s Site) Plan(t There) Plan {
	l := s.Laid(t)
	var p Plan
	for i, want := range s.Subnets() {
		p = append(p, l.Subnets[i].made(want)...)
	}
	p = append(p, s.routed(l)...)
	for i, want := range s.Subnets() {
		p = append(p, l.Subnets[i].joined(want, s.routerName(l), l.Router.ID)...)
	}
	if len(s.APIServers) > 0 {
		p = append(p, s.served(l)...)
	}
	return p
}

// made makes a network and its subnet.
func (l LaidSubnet) made(want Subnet) Plan {
	var p Plan
	if l.Network.ID == "" {
		p = append(p, MakeNetwork{want.Network})
	}
	switch {
	case l.Subnet.ID == "":
		p = append(p, MakeSubnet{l.Network.ID, want})
	case len(l.Subnet.Pools) != 1 || l.Subnet.Pools[0] != want.Pool:
		p = append(p, SetPool{l.Subnet.ID, want.Name, want.Pool})
	}
	return p
}

// routed makes the router.
func (s Site) routed(l Laid) Plan {
	switch {
	case l.Router.ID == "":
		return Plan{MakeRouter{s.named("router"), s.External}}
	case s.External != "" && l.Router.External == "":
		return Plan{SetExternal{l.Router.ID, l.Router.Name, s.External}}
	}
	return nil
}

// routerName is what the router is called, or will be.
func (s Site) routerName(l Laid) string {
	if l.Router.ID != "" {
		return l.Router.Name
	}
	return s.named("router")
}

// joined gives the router its port in a subnet.
func (l LaidSubnet) joined(want Subnet, router, routerID string) Plan {
	var p Plan
	if l.Port.ID == "" {
		p = append(p, MakePort{l.Network.ID, l.Subnet.ID, want})
	}
	if l.Port.Device == "" {
		p = append(p, AddPort{routerID, router, l.Port.ID, want.Port})
	}
	return p
}

// protocol is what the API's listener and pool speak, and how the pool balances: as in the
// reference documents, or as ovn only can.
func (s Site) protocol() (protocol, algorithm string) {
	if s.Provider == "ovn" {
		return "TCP", "SOURCE_IP_PORT"
	}
	return "HTTPS", "LEAST_CONNECTIONS"
}

// served makes the load balancer of the API servers, and what is under it.
func (s Site) served(l Laid) Plan {
	b := l.Balancer
	protocol, algorithm := s.protocol()
	services := l.Subnets[len(l.Subnets)-1].Subnet.ID
	var p Plan
	if b.Status == "ERROR" {
		p = append(p, RemoveBalancer{b.ID})
		b = ground.Balancer{}
	}
	if b.ID == "" {
		p = append(p, MakeBalancer{s.VIP(), services, s.Provider})
	}
	pool, listens := serving(b)
	if pool.ID == "" {
		p = append(p, MakePool{b.ID, protocol, algorithm})
	}
	p = append(p, s.members(pool)...)
	if !listens {
		p = append(p, MakeListener{b.ID, pool.ID, protocol})
	}
	return p
}

// serving is the pool of a load balancer's API servers, and whether its listener is there.
// Before that leads to one it is the first that there is.
func serving(b ground.Balancer) (pool ground.Pool, listens bool) {
	if b.Under == nil {
		return ground.Pool{}, false
	}
	for _, l := range b.Under.Listeners {
		i := slices.IndexFunc(b.Under.Pools, func(p ground.Pool) bool { return p.ID == l.Pool })
		if l.Port == APIPort && i >= 0 {
			return b.Under.Pools[i], true
		}
	}
	if len(b.Under.Pools) > 0 {
		pool = b.Under.Pools[0]
	}
	return pool, false
}

// members makes the API servers a pool's members: those that are missing come before others
// go, so that somebody serves meanwhile.
func (s Site) members(pool ground.Pool) Plan {
	var p Plan
	for _, server := range s.APIServers {
		if !slices.ContainsFunc(pool.Members, func(m ground.Member) bool { return at(m) == server }) {
			p = append(p, MakeMember{pool.ID, server})
		}
	}
	for _, m := range pool.Members {
		if !slices.Contains(s.APIServers, at(m)) {
			p = append(p, RemoveMember{pool.ID, m.ID, at(m)})
		}
	}
	return p
}

// at is where a member serves.
func at(m ground.Member) netip.AddrPort { return netip.AddrPortFrom(m.Address, uint16(m.Port)) }

// Busy is what has to be waited for before the next step; empty: nothing.
func (s Site) Busy(t There) string {
	b := s.Laid(t).Balancer
	if len(s.APIServers) > 0 && b.ID != "" && b.Status != "ACTIVE" && b.Status != "ERROR" {
		return "load balancer " + Name + " is " + b.Status
	}
	return ""
}
