package emulator

import "net/http"

// A Snapshot is everything in a cloud, by collection and id, each with the
// attributes that its API shows to an administrator. Encoded as JSON it is stable:
// a cloud that did not change gives the same bytes.
type Snapshot map[string]map[string]map[string]any

// Snapshot takes a picture of the whole cloud, secrets and tokens left out. What is
// due settles first.
func (c *Cloud) Snapshot() Snapshot {
	c.begin()
	defer c.mu.Unlock()
	s := Snapshot{}
	picture(s, "networks", c.networks, (*network).adminView)
	picture(s, "subnets", c.subnets, (*subnet).view)
	picture(s, "ports", c.ports, (*port).adminView)
	picture(s, "routers", c.routers, (*router).view)
	picture(s, "floatingips", c.floatingIPs, (*floatingIP).view)
	picture(s, "security_groups", c.securityGroups, (*securityGroup).view)
	picture(s, "loadbalancers", c.loadBalancers, (*loadBalancer).view)
	picture(s, "listeners", c.listeners, (*listener).view)
	picture(s, "pools", c.pools, (*pool).view)
	picture(s, "healthmonitors", c.healthMonitors, (*healthMonitor).view)
	picture(s, "l7policies", c.l7policies, (*l7policy).view)
	members := map[string]*member{}
	for _, p := range c.pools {
		for _, m := range p.members {
			members[m.ID] = m
		}
	}
	picture(s, "members", members, (*member).view)
	return s
}

// picture adds a collection to a snapshot.
func picture[T any](s Snapshot, collection string, all map[string]T, view func(T) any) {
	s[collection] = map[string]map[string]any{}
	for id, one := range all {
		var attributes map[string]any
		must(decode(encode(view(one)), &attributes))
		s[collection][id] = attributes
	}
}

// CallOf names a call as the transcript does: method and path, ids as {id}, neither
// prefix nor version: "PUT lbaas/pools/{id}/members". It is for requests that
// SetFault hands out.
func CallOf(r *http.Request) string { return r.Method + " " + patternPath(r) }
