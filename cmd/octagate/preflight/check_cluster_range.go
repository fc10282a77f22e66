package preflight

import (
	"net/netip"
	"slices"
	"strings"
)

var clusterRange = check{
	name: "cluster-range",
	what: "The service range that is configured is the cluster's own",
	why:  "Services are refused that the cluster gave an address beyond it; and what is checked here would be another range",
	look: func(g Ground) Result {
		has, why := g.Cluster.ServiceCIDRs.Look()
		configured := g.Policy.ServiceCIDRs
		switch {
		case why != "":
			return unchecked(why)
		case len(configured) == 0:
			return passed("", "the cluster's own is taken: %s", list(has))
		case list(configured) != list(has):
			return found(Failure, list(configured), "the cluster has %s", list(has)).
				or("kubernetes.serviceCIDRs: [%s], or leave it out", list(has)).
				or("or start kube-apiserver with --service-cluster-ip-range=%s", list(configured))
		}
		return passed(list(configured), "the cluster has %s", list(has))
	},
}

// list are ranges in words, in order.
func list(ranges []netip.Prefix) string {
	var texts []string
	for _, r := range ranges {
		texts = append(texts, r.Masked().String())
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ",")
}
