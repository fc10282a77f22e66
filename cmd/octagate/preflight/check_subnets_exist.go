package preflight

var subnetsExist = check{
	name: "subnets-exist",
	what: "The subnets of Services and of Pods are in the cloud, and shown to us",
	why:  "VIPs are made in the one, and members are reached in the other",
	look: func(g Ground) Result {
		known, why := g.Cloud.Subnets.Look()
		if why != "" {
			return unchecked(why)
		}
		var results []Result
		for _, f := range g.families() {
			for key, id := range sorted(map[string]string{f.serviceKey: f.service, f.podKey: f.pod}) {
				results = append(results, subnetExists(key, id, known[id].CIDR.String(), known[id].ID != ""))
			}
		}
		return all(results)
	},
}

func subnetExists(key, id, cidr string, there bool) Result {
	switch {
	case id == "":
		return found(Failure, key, "it is not set, and its sibling is").or("set %s, or neither of them", key)
	case !there:
		return found(Failure, id, "%s %s is not there", key, id).or("openstack subnet list; then set %s", key)
	}
	return passed("", "%s is %s", key, cidr)
}
