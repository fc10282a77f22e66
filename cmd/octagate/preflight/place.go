package preflight

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
)

// A family is the subnets of one IP family, by their IDs, and the keys that they are
// configured by.
type family struct {
	service, pod       string
	serviceKey, podKey string
	six                bool // it is IPv6, beside IPv4
}

// families are those that are configured; the first may be of either kind.
func (g Ground) families() []family {
	p := g.Policy
	all := []family{{service: p.ServiceSubnet, pod: p.PodSubnet, serviceKey: "neutron.serviceSubnet", podKey: "neutron.podSubnet"}}
	if p.ServiceSubnetV6 != "" || p.PodSubnetV6 != "" {
		all = append(all, family{p.ServiceSubnetV6, p.PodSubnetV6, "neutron.serviceSubnetIPv6", "neutron.podSubnetIPv6", true})
	}
	return all
}

// A place is a family whose subnets are known.
type place struct {
	family
	service, pod ground.Subnet
	ranges       []netip.Prefix // of ClusterIPs of this family
}

// places are where Services and Pods are, or why that is not known.
func (g Ground) places() (all []place, why string) {
	known, why := g.Cloud.Subnets.Look()
	if why != "" {
		return nil, why
	}
	ranges, _ := g.Ranges()
	for _, f := range g.families() {
		p := place{family: f, service: known[f.service], pod: known[f.pod]}
		if p.service.ID == "" || p.pod.ID == "" {
			return nil, "not all of the subnets are there"
		}
		for _, r := range ranges {
			if r.Addr().Is6() == p.service.CIDR.Addr().Is6() {
				p.ranges = append(p.ranges, r)
			}
		}
		all = append(all, p)
	}
	return all, ""
}

// Ranges are where ClusterIPs come from: as configured, else as the cluster has it.
func (g Ground) Ranges() (ranges []netip.Prefix, why string) {
	if len(g.Policy.ServiceCIDRs) > 0 {
		return g.Policy.ServiceCIDRs, ""
	}
	ranges, why = g.Cluster.ServiceCIDRs.Look()
	switch {
	case why != "":
		return nil, "the service range is not known: set kubernetes.serviceCIDRs, or KUBECONFIG (" + why + ")"
	case len(ranges) == 0:
		return nil, "the cluster has no ServiceCIDR: set kubernetes.serviceCIDRs"
	}
	return ranges, ""
}

// each is the result of a check of every place; it needs ranges if it says so.
func (g Ground) each(ranged bool, look func(place) Result) Result {
	places, why := g.places()
	if why != "" {
		return unchecked(why)
	}
	if _, why := g.Ranges(); ranged && why != "" {
		return unchecked(why)
	}
	var results []Result
	for _, p := range places {
		if ranged && len(p.ranges) == 0 {
			results = append(results, unchecked(fmt.Sprintf("no service range is of the family of %s %s", p.serviceKey, p.service.CIDR)))
			continue
		}
		results = append(results, look(p))
	}
	return all(results)
}

// subnets are the place's, each once, by the key of its configuration.
func (p place) subnets() map[string]ground.Subnet {
	if p.service.ID == p.pod.ID {
		return map[string]ground.Subnet{p.serviceKey: p.service}
	}
	return map[string]ground.Subnet{p.serviceKey: p.service, p.podKey: p.pod}
}

// in reports whether an address is in one of the place's ranges.
func (p place) in(a netip.Addr) bool {
	for _, r := range p.ranges {
		if r.Contains(a) {
			return true
		}
	}
	return false
}

// APIs are the addresses at which Pods find the API server: Kubernetes takes the first of
// each range.
func APIs(ranges []netip.Prefix) []netip.Addr {
	var all []netip.Addr
	for _, r := range ranges {
		all = append(all, r.Masked().Addr().Next())
	}
	return all
}

// crowd is a number of addresses that is as good as infinite.
const crowd = 1 << 40

// size is how many addresses a span has, at most a crowd.
func size(s facts.Span) int {
	first, last := s.First.As16(), s.Last.As16()
	n := 0
	for i := range first {
		if n = n<<8 + int(last[i]) - int(first[i]); n >= crowd {
			return crowd
		}
	}
	return n + 1
}

// room is how many addresses Neutron can still hand out in a subnet, and how many there are
// of those, as far as its ports are known.
func (g Ground) room(s ground.Subnet) (free, whole int, why string) {
	ports, why := g.Cloud.Ports.Look()
	if why != "" {
		return 0, 0, why
	}
	for _, pool := range s.Pools {
		whole = min(crowd, whole+size(pool))
	}
	free = whole
	for _, p := range ports {
		for _, a := range p.Addresses {
			if _, pooled := s.Pool(a.IP); a.Subnet == s.ID && pooled {
				free--
			}
		}
	}
	return free, whole, ""
}

// sorted are the entries of a map in the order of their keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
