package preflight

import "fmt"

var podsInSubnet = check{
	name: "pods-in-subnet",
	what: "Pods have their addresses in the pod subnet",
	why:  "a load balancer sends to the address of a Pod; one that Neutron does not know is not reached",
	look: func(g Ground) Result {
		pods, why := g.Cluster.Pods.Look()
		if why != "" {
			return unchecked(why)
		}
		all, why := g.places()
		switch {
		case why != "":
			return unchecked(why)
		case len(pods) == 0:
			return unchecked("no Pod has an address of its own yet")
		}
		var outside []string
		for _, pod := range pods {
			if !inSome(all, pod) {
				outside = append(outside, fmt.Sprintf("%s at %s", pod.Name, pod.Address))
			}
		}
		expected := "addresses in " + all[0].pod.CIDR.String()
		if len(outside) > 0 {
			return found(Failure, expected, "%d of %d Pods are elsewhere: %s", len(outside), len(pods), some(outside)).
				or("set neutron.podSubnet to the subnet that Pods get their addresses from; a network that is not Neutron's cannot be reached")
		}
		return passed(expected, "all %d that were looked at have one", len(pods))
	},
}

// inSome reports whether a Pod is in the pod subnet of one of the places.
func inSome(all []place, pod Pod) bool {
	for _, p := range all {
		if p.pod.CIDR.Contains(pod.Address) {
			return true
		}
	}
	return false
}
