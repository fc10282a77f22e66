package policy

import (
	"net/netip"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// sourceRangesRule: who may reach the Service is said in ranges that Octavia takes.
//
//	Field:   spec.loadBalancerSourceRanges, or the annotation that it replaced
//	Denies:  what is no range; a range of another family than the ClusterIP
//	Allows:  bits beyond the mask, which mean nothing
//	Source:  Octavia answers 400 to a range of the other family
var sourceRangesRule = rule{name: "source-ranges", check: func(q question) []Finding {
	var fs []Finding
	for _, r := range sourceRanges(q.subject.Service) {
		p, err := netip.ParsePrefix(r.text)
		switch {
		case err != nil:
			fs = append(fs, one(Deny, field.NewPath(r.field), r.text, "is not a range of addresses; write one like 203.0.113.0/24")...)
		case q.in.VIP.IsValid() && p.Addr().Is4() != q.in.VIP.Is4():
			fs = append(fs, one(Deny, field.NewPath(r.field), r.text, "is of another family than the ClusterIP; nobody from there can reach it")...)
		}
	}
	return fs
}}
