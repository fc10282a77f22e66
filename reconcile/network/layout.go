// Package network lays the networks of a cluster the way the reference documents do it by
// hand: what is wanted beside what is there, as ordered steps.
//
// Nothing here asks or changes the cloud. A plan is made anew after each step and remembers
// nothing, so that one that was stopped is resumed by making it again. It deletes nothing but
// a load balancer of its own that is in ERROR, and changes only what bears its mark.
package network

import (
	"fmt"
	"net/netip"

	"github.com/octagate/octagate/policy/facts"
)

// A Layout is one of the two that the reference documents know.
type Layout string

// The layouts.
const (
	TwoSubnets   Layout = "two-subnets"   // Services and Pods apart, and a router between them
	SingleSubnet Layout = "single-subnet" // both in one subnet, which saves the way through the router
)

// Layouts are all layouts, that of the default configuration first.
var Layouts = []Layout{TwoSubnets, SingleSubnet}

// A Site is what somebody wants to have.
type Site struct {
	Cluster    string // its name, which is also in the names of all that is made
	Layout     Layout
	Pods       netip.Prefix // the pod subnet
	Range      netip.Prefix // of ClusterIPs: kube-apiserver's --service-cluster-ip-range
	Router     string       // ID of one that is there; empty: one is made
	External   string       // ID of the external network; empty: the router leads nowhere
	Provider   string       // of the API's load balancer; empty: the cloud's default
	APIServers []netip.AddrPort
}

// Numbers are the pod subnet and the service range of the reference documents.
func (l Layout) Numbers() (pods, services netip.Prefix) {
	if l == SingleSubnet {
		return netip.MustParsePrefix("10.0.0.0/16"), netip.MustParsePrefix("10.0.0.0/18")
	}
	return netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("10.2.0.0/17")
}

// A Subnet is a network with one subnet that a router has a port in.
type Subnet struct {
	Network, Name, Port string // names
	CIDR                netip.Prefix
	Gateway             netip.Addr
	Pool                facts.Span // what Neutron may hand out
}

// Subnets are what a site wants, the one of Pods first. The gateway is the last address, so
// that the beginning can be kept for Services.
func (s Site) Subnets() []Subnet {
	if s.Layout == SingleSubnet {
		one := s.subnet("k8s", "k8s-subnet", s.Pods)
		one.Pool.First = last(s.Range).Next()
		return []Subnet{one}
	}
	pods, services := s.subnet("pod", "pod-subnet", s.Pods), s.subnet("services", "service-subnet", upper(s.Range))
	pods.Pool.First = s.Pods.Addr().Next()
	services.Pool.First = last(s.Range).Next().Next() // the documents leave out the first of the half
	return []Subnet{pods, services}
}

// subnet is one with all but the beginning of its pool.
func (s Site) subnet(network, name string, cidr netip.Prefix) Subnet {
	gateway := last(cidr)
	if cidr.Addr().Is4() {
		gateway = gateway.Prev() // the last is the broadcast address
	}
	named := Subnet{
		Network: s.named(network), Name: s.named(name), Port: s.named(name + "-router"), CIDR: cidr, Gateway: gateway,
	}
	named.Pool.Last = gateway.Prev()
	return named
}

func (s Site) named(what string) string { return s.Cluster + "-" + what }

// VIP is where Pods find the API server: Kubernetes takes the first of the range.
func (s Site) VIP() netip.Addr { return s.Range.Addr().Next() }

// last is the highest address of a range.
func last(r netip.Prefix) netip.Addr {
	bytes := r.Addr().AsSlice()
	for bit := r.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

// upper is the range of which another is one half.
func upper(r netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(r.Addr(), r.Bits()-1).Masked()
}

// The sizes of service ranges, in bits: of the largest that kube-apiserver takes, and of one
// that leaves something for others.
const (
	largest  = 20
	smallest = 3
)

// Fault is what is wrong with a site in itself; nil: nothing.
func (s Site) Fault() error {
	free := s.Range.Addr().BitLen() - s.Range.Bits()
	switch {
	case s.Layout != TwoSubnets && s.Layout != SingleSubnet:
		return fmt.Errorf("layout %q must be %s or %s", s.Layout, TwoSubnets, SingleSubnet)
	case s.Pods.Masked() != s.Pods:
		return fmt.Errorf("pod CIDR %s must be a range, such as %s", s.Pods, s.Pods.Masked())
	case s.Range.Masked() != s.Range:
		return fmt.Errorf("service CIDR %s must be a range, such as %s", s.Range, s.Range.Masked())
	case s.Pods.Addr().Is4() != s.Range.Addr().Is4():
		return fmt.Errorf("pod CIDR %s and service CIDR %s must be of one family", s.Pods, s.Range)
	case free > largest || free < smallest:
		return fmt.Errorf("service CIDR %s must have between %d and %d addresses", s.Range, 1<<smallest, 1<<largest)
	}
	for _, server := range s.APIServers {
		if server.Addr().Is4() != s.Range.Addr().Is4() {
			return fmt.Errorf("API server %s must be of the family of the service CIDR %s", server.Addr(), s.Range)
		}
		if s.Range.Contains(server.Addr()) {
			return fmt.Errorf("API server %s must not be in the service CIDR %s", server.Addr(), s.Range)
		}
	}
	return s.misfit()
}

// misfit is what is wrong between the two ranges.
func (s Site) misfit() error {
	if s.Layout == SingleSubnet {
		if s.Range.Bits() <= s.Pods.Bits() || s.Range.Addr() != s.Pods.Addr() {
			return fmt.Errorf("service CIDR %s must be the beginning of pod CIDR %s in one subnet", s.Range, s.Pods)
		}
		return nil
	}
	whole := upper(s.Range)
	switch {
	case whole.Addr() != s.Range.Addr():
		return fmt.Errorf("service CIDR %s must be the lower half of its subnet: take %s", s.Range, netip.PrefixFrom(whole.Addr(), s.Range.Bits()))
	case s.Pods.Overlaps(whole):
		return fmt.Errorf("pod CIDR %s must not overlap with the service subnet %s, of which the service CIDR is the lower half", s.Pods, whole)
	case s.Pods.Addr().BitLen()-s.Pods.Bits() < smallest:
		return fmt.Errorf("pod CIDR %s must have at least %d addresses", s.Pods, 1<<smallest)
	}
	return nil
}
