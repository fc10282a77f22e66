package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// clusterIPRange: a ClusterIP becomes a VIP, so it must be in the range that the
// service subnet keeps for VIPs.
//
//	Field:   spec.clusterIP, spec.clusterIPs[1]
//	Denies:  an address outside every service CIDR, or outside the service subnet; an address
//	         that is misspelt
//	Allows:  an address that is not allocated yet, which a dry run shows as a network address
//	Source:  kubernetes.serviceCIDRs of the configuration, else the ServiceCIDR objects; GET
//	         subnets. Octavia answers 500 to a VIP outside its subnet
var clusterIPRange = rule{name: "cluster-ip-range", early: true, check: func(q question) []Finding {
	return append(outsideRange(q), outsideSubnet(q)...)
}}

// outsideRange objects to a ClusterIP that no service range has.
func outsideRange(q question) []Finding {
	asked := q.subject.Service.Spec.ClusterIP
	if asked == "" {
		return nil
	}
	a, err := annotation.ParseAddress(asked)
	if err != nil {
		return one(Deny, clusterIP, asked, err.Error())
	}
	if q.beyond(a) {
		return one(Deny, clusterIP, asked, fmt.Sprintf("is outside the service range %s; choose one inside or leave it empty", words(serviceCIDRs(q.cfg, q.known))))
	}
	return nil
}

// beyond reports whether no service range has an address.
func (q question) beyond(a netip.Addr) bool {
	cidrs := serviceCIDRs(q.cfg, q.known)
	return len(cidrs) > 0 && !slices.ContainsFunc(cidrs, func(p netip.Prefix) bool { return p.Contains(a) })
}

// outsideSubnet objects to addresses of the service range that are not of their subnet.
func outsideSubnet(q question) []Finding {
	var fs []Finding
	for _, p := range q.places() {
		if subnet, answer := q.known.Subnet(p.subnet); answer == facts.Yes && !subnet.CIDR.Contains(p.vip) {
			f := p.denied(fmt.Sprintf("is outside the service subnet %s", subnet.CIDR))
			f.live = facts.Question{Kinds: placeFacts}
			fs = append(fs, f)
		}
	}
	return fs
}

// serviceCIDRs are the ranges that ClusterIPs come from; empty: unknown.
func serviceCIDRs(cfg Config, known facts.Snapshot) []netip.Prefix {
	if len(cfg.ServiceCIDRs) > 0 {
		return cfg.ServiceCIDRs
	}
	return known.ServiceCIDRs
}

// words are the values with commas between them.
func words[T fmt.Stringer](vs []T) string {
	var ss []string
	for _, v := range vs {
		ss = append(ss, v.String())
	}
	return strings.Join(ss, ", ")
}
