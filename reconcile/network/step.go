package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/facts"
)

// A Step is one call that changes the cloud. Its text is what people read of it. Only steps
// whose IDs are known can be taken; the others say what follows.
type Step interface{ fmt.Stringer }

// The steps.
type (
	// MakeNetwork makes a network without a subnet.
	MakeNetwork struct{ Name string }
	// MakeSubnet makes the subnet of a network, without DHCP.
	MakeSubnet struct {
		NetworkID string
		Subnet    Subnet
	}
	// SetPool changes what Neutron may hand out in a subnet.
	SetPool struct {
		ID, Name string
		Pool     facts.Span
	}
	// MakeRouter makes a router, which may lead to an external network.
	MakeRouter struct{ Name, External string }
	// SetExternal has a router that leads nowhere lead to an external network.
	SetExternal struct{ ID, Name, External string }
	// MakePort makes the port that a router will have at the gateway of a subnet.
	MakePort struct {
		NetworkID, SubnetID string
		Subnet              Subnet
	}
	// AddPort gives a router a port.
	AddPort struct {
		RouterID, Router string
		PortID, Port     string
	}
	// MakeBalancer makes the API's load balancer, with nothing under it.
	MakeBalancer struct {
		VIP      netip.Addr
		SubnetID string
		Provider string
	}
	// RemoveBalancer deletes a load balancer of ours that is in ERROR.
	RemoveBalancer struct{ ID string }
	// MakePool makes the pool of the API servers.
	MakePool struct {
		BalancerID          string
		Protocol, Algorithm string
	}
	// MakeMember makes an API server a member of the pool.
	MakeMember struct {
		PoolID string
		Server netip.AddrPort
	}
	// RemoveMember takes one that is none any more out of it.
	RemoveMember struct {
		PoolID, ID string
		Server     netip.AddrPort
	}
	// MakeListener leads from the API's port to the pool.
	MakeListener struct {
		BalancerID, PoolID string
		Protocol           string
	}
)

// Serves reports whether a step is one on the API's load balancer, and changes nothing else.
func Serves(s Step) bool {
	switch s.(type) {
	case MakeBalancer, RemoveBalancer, MakePool, MakeMember, RemoveMember, MakeListener:
		return true
	}
	return false
}

// Plan is steps in the order in which they are taken.
type Plan []Step

// String is one step a line.
func (p Plan) String() string {
	var b strings.Builder
	for _, s := range p {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// Name is what the API's load balancer is called.
const Name = "default/kubernetes"

// APIPort is where it listens.
const APIPort = 443

// Under is what is called under the API's load balancer what speaks a protocol.
func Under(protocol string) string { return fmt.Sprintf("%s:%s:%d", Name, protocol, APIPort) }

func (s MakeNetwork) String() string { return "make network " + s.Name }
func (s MakeSubnet) String() string {
	return fmt.Sprintf("make subnet %s %s on network %s, gateway %s, pool %s, no DHCP", s.Subnet.Name, s.Subnet.CIDR, s.Subnet.Network, s.Subnet.Gateway, s.Subnet.Pool)
}
func (s SetPool) String() string {
	return fmt.Sprintf("set the pool of subnet %s to %s", s.Name, s.Pool)
}
func (s MakeRouter) String() string {
	if s.External == "" {
		return "make router " + s.Name
	}
	return fmt.Sprintf("make router %s to external network %s", s.Name, s.External)
}
func (s SetExternal) String() string {
	return fmt.Sprintf("have router %s lead to external network %s", s.Name, s.External)
}
func (s MakePort) String() string {
	return fmt.Sprintf("make port %s at %s, the gateway of subnet %s", s.Subnet.Port, s.Subnet.Gateway, s.Subnet.Name)
}
func (s AddPort) String() string { return fmt.Sprintf("give router %s port %s", s.Router, s.Port) }
func (s MakeBalancer) String() string {
	return fmt.Sprintf("make load balancer %s at %s", Name, s.VIP)
}
func (s RemoveBalancer) String() string {
	return fmt.Sprintf("delete load balancer %s %s, which is in ERROR", Name, s.ID)
}
func (s MakePool) String() string {
	return fmt.Sprintf("make its pool %s, %s", Under(s.Protocol), s.Algorithm)
}
func (s MakeMember) String() string   { return fmt.Sprintf("make member %s", s.Server) }
func (s RemoveMember) String() string { return fmt.Sprintf("remove member %s", s.Server) }
func (s MakeListener) String() string {
	return fmt.Sprintf("make its listener %s, port %d", Under(s.Protocol), APIPort)
}

// markPrefix begins the word that marks what is ours.
const markPrefix = "octagate:network="

// Mark is the word that is in the description of all that is made for a cluster. It is
// written in the call that makes the thing: Neutron takes tags in a second call only.
func Mark(cluster string) string { return markPrefix + cluster }

// Marked reports whether a description says that a thing is a cluster's.
func Marked(description, cluster string) bool {
	return slices.Contains(strings.Fields(description), Mark(cluster))
}
