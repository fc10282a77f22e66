// Package ground is what a cluster is built upon, as plain values: what was read of a
// cloud at one moment, part by part.
//
// It is more than policy/facts, and read by people's commands only: Services are judged by
// facts, again and again, the ground is looked at before there are any. It asks nobody.
package ground

import (
	"net/netip"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
)

// A Fact is one part of the ground: what was read of it, or why nothing could be. The zero
// Fact is one that nobody looked for.
type Fact[T any] struct {
	value T
	known bool
	why   string
}

// Known is a fact that was read.
func Known[T any](v T) Fact[T] { return Fact[T]{value: v, known: true} }

// Unknown is a fact that could not be read, and why.
func Unknown[T any](why string) Fact[T] { return Fact[T]{why: why} }

// Look is what is known, or why nothing is; why is empty where it is known.
func (f Fact[T]) Look() (v T, why string) {
	switch {
	case f.known:
		return f.value, ""
	case f.why == "":
		return v, "nobody looked"
	}
	return v, f.why
}

// A Question is what of a cloud is to be looked at.
type Question struct {
	ServiceSubnets, PodSubnets []string     // IDs
	ExternalNetwork            string       // ID; may be empty
	Flavor                     string       // ID; may be empty
	APIs                       []netip.Addr // load balancers with these VIPs are looked into
}

// Subnets are the IDs of all the subnets, each once.
func (q Question) Subnets() []string {
	var all []string
	seen := map[string]bool{"": true}
	for _, ids := range [][]string{q.ServiceSubnets, q.PodSubnets} {
		for _, id := range ids {
			if !seen[id] {
				all, seen[id] = append(all, id), true
			}
		}
	}
	return all
}

// A Cloud is all that was read of it. What is listed by ID has only what is there.
type Cloud struct {
	Services   Fact[map[string]string] // of the catalogue: the endpoint of each type
	Extensions Fact[[]string]          // of Neutron, by their aliases

	Networks     Fact[map[string]Network] // of the subnets, and the external one
	Subnets      Fact[map[string]Subnet]  // that were asked for
	Ports        Fact[[]Port]             // with an address in one of them
	Routers      Fact[map[string]Router]  // with a port in one of them, as far as they are shown
	Groups       Fact[map[string]Group]   // security groups of those ports, as far as they are shown
	FloatingIPs  Fact[[]FloatingIP]       // of the project
	NetworkQuota Fact[map[string]Quota]   // by resource, in Neutron's words

	Octavia       Fact[facts.Version]
	Providers     Fact[map[string]facts.Offer] // by name
	Flavors       Fact[map[string]facts.Offer] // by ID
	Zones         Fact[map[string]facts.Offer] // by name
	Topology      Fact[string]                 // of load balancers of the flavor, in Octavia's words
	Balancers     Fact[[]Balancer]             // of the project
	BalancerQuota Fact[map[string]Quota]       // by resource, in Octavia's words
}

// A Network is a network of the cloud.
type Network struct {
	ID, Name, Description string
	External              bool     // floating IPs come from it
	Subnets               []string // IDs, as far as they are shown
}

// A Subnet is a subnet of the cloud, and what is called by it.
type Subnet struct {
	facts.Subnet
	Name, Description string
}

// A Port is a Neutron port.
type Port struct {
	ID, Name, Description string
	Network               string // ID
	Owner                 string // what has it, in Neutron's words, such as network:router_interface
	Device                string // ID of that
	Status                string
	Addresses             []Address
	Beside                []netip.Addr // it may answer for these, too
	Groups                []string     // IDs of its security groups
	Open                  bool         // nothing that reaches it is filtered
	Ours                  bool         // it is of our project
}

// An Address is one that a port has in a subnet.
type Address struct {
	Subnet string // ID
	IP     netip.Addr
}

// In is the port's address in a subnet, and whether it has one.
func (p Port) In(subnet string) (netip.Addr, bool) {
	for _, a := range p.Addresses {
		if a.Subnet == subnet {
			return a.IP, true
		}
	}
	return netip.Addr{}, false
}

// Routes reports whether the port is a router's in a subnet.
func (p Port) Routes() bool {
	switch p.Owner {
	case "network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated_interface":
		return true
	}
	return false
}

// A Router joins subnets, and leads to an external network.
type Router struct {
	ID, Name, Description string
	Status                string
	Up                    bool         // nobody switched it off
	External              string       // ID of the external network; empty: it leads to none
	Outside               []netip.Addr // its addresses there
}

// A Group is a security group.
type Group struct {
	ID, Name string
	Rules    []Rule // that let something in
}

// A Rule lets something in.
type Rule struct {
	Six         bool         // of IPv6, not of IPv4
	Protocol    string       // empty: any
	First, Last int          // ports; both 0: all
	From        netip.Prefix // the zero prefix: anybody, unless Members is set
	Members     bool         // only ports of some group, or a list of addresses
}

// A FloatingIP is a floating IP of the project.
type FloatingIP struct {
	ID      string
	Address netip.Addr
	Network string        // ID of the external network
	Port    string        // ID of the port that it leads to; empty: none
	FixedIP netip.Addr    // that port's address
	Owner   octavia.Owner // whom octagate allocated it for; zero: it did not
}

// A Quota is how many of something there may be, and how many there are.
type Quota struct {
	Limit facts.Limit
	Used  int
}

// A Balancer is a load balancer of the project.
type Balancer struct {
	ID, Name, Description string
	VIP                   netip.Addr
	Subnet, Port          string // IDs
	Provider              string
	Status                string        // its provisioning status
	Owner                 octavia.Owner // the Service that octagate made it for; zero: it did not
	Under                 *Under        // nil: nobody looked
}

// Under is what is under a load balancer.
type Under struct {
	Listeners []Listener
	Pools     []Pool
}

// A Listener is a port that a load balancer serves.
type Listener struct {
	Protocol string
	Port     int
	Pool     string // ID
}

// A Pool is what a listener leads to.
type Pool struct {
	ID      string
	Members []Member
}

// A Member is one that serves.
type Member struct {
	ID        string
	Address   netip.Addr
	Port      int
	Operating string // its operating status
}
