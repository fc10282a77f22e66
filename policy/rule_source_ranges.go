package policy

import (
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// sourceRangesRule: who may reach the Service is said in ranges that Octavia takes.
//
//	Field:   spec.loadBalancerSourceRanges, or the annotation that it replaced
//	Denies:  what is no range; ranges of nothing but another family than the ClusterIP's, which
//	         would let nobody in; any with the provider ovn, LBaaS v2, or an Octavia
//	         that is too old: they let everybody in
//	Warns:   that Pods are not let in either: they reach the Service at the same VIP; and of ranges
//	         of the other family beside others
//	Allows:  everybody (0.0.0.0/0 or ::/0), which is no restriction
//	Guards:  the Service, from everybody when its author means few
//	Source:  Octavia answers 400 to a range of the other family, its ovn provider 501 to any;
//	         LBaaS v2 has no such attribute
var sourceRangesRule = rule{name: "source-ranges", check: func(q question) []Finding {
	svc, in := q.subject.Service, q.in.Traffic.Sources
	var fs []Finding
	everybody := slices.ContainsFunc(sourceRanges(svc), sourceRange.everybody)
	for _, r := range sourceRanges(svc) {
		p, err := netip.ParsePrefix(r.text)
		switch {
		case err != nil:
			fs = append(fs, one(Deny, field.NewPath(r.field), r.text, "is not a range of addresses; write one like 203.0.113.0/24")...)
		case p.Bits() == 0 || !foreign(p, q.in):
		case len(in) == 0 && !everybody:
			fs = append(fs, one(Deny, field.NewPath(r.field), r.text, "is of another family than the ClusterIP: it would let nobody in")...)
		default:
			fs = append(fs, one(Warn, field.NewPath(r.field), r.text, "is ignored: it is of another family than the ClusterIP")...)
		}
	}
	if len(in) == 0 {
		return fs
	}
	return append(fs, restricted(q, sourceRanges(svc)[0])...)
}}

// everybody reports whether the range is no restriction.
func (r sourceRange) everybody() bool {
	p, err := netip.ParsePrefix(r.text)
	return err == nil && p.Bits() == 0
}

// restricted is what the author should know of any restriction.
func restricted(q question, r sourceRange) []Finding {
	switch {
	case q.lacking(allowedSources) != "":
		return one(Deny, field.NewPath(r.field), r.text, "cannot be had from "+q.lacking(allowedSources))
	case provides(q.in.Provider, allowedSources) == no:
		return one(Deny, field.NewPath(r.field), r.text, "cannot be had from the provider ovn, which lets everybody in")
	}
	return one(Warn, field.NewPath(r.field), "", "keep Pods out, too; add their range to let them in")
}
