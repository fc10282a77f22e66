package preflight

import "github.com/octagate/octagate/policy/annotation"

var podRoom = check{
	name: "pod-room",
	what: "In L2 the pod subnet has an address for each amphora of the Services to come, too",
	why:  "in L2 each amphora has a port among the Pods; what it takes, no Pod can have",
	look: func(g Ground) Result {
		if g.Policy.MemberMode != annotation.L2 {
			return passed("", "members are reached by %s, which takes no address there", annotation.L3)
		}
		return g.each(false, func(p place) Result {
			if p.pod.Network == p.service.Network {
				return passed("", "an amphora needs no second port: Pods are on the network of the VIPs")
			}
			return g.fits(p.pod, "the pod subnet")
		})
	},
}
