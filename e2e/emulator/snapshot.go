package emulator

import (
	"net/http"
	"slices"
)

// A Snapshot is everything in a cloud, by collection and id, each with the
// attributes that its API shows to an administrator. Encoded as JSON it is stable:
// a cloud that did not change gives the same bytes.
type Snapshot map[string]map[string]map[string]any

// Snapshot takes a picture of the whole cloud, secrets and tokens left out, or only of
// some collections. What is due settles first.
func (c *Cloud) Snapshot(only ...string) Snapshot {
	c.begin()
	defer c.mu.Unlock()
	s := Snapshot{}
	for collection, add := range c.collections() {
		if len(only) == 0 || slices.Contains(only, collection) {
			add(s, collection)
		}
	}
	return s
}

// collections are all that there are, and how each is added to a snapshot.
func (c *Cloud) collections() map[string]func(Snapshot, string) {
	return map[string]func(Snapshot, string){
		"networks":        picture(c.networks, (*network).adminView),
		"subnets":         picture(c.subnets, (*subnet).view),
		"ports":           picture(c.ports, (*port).adminView),
		"routers":         picture(c.routers, (*router).view),
		"floatingips":     picture(c.floatingIPs, (*floatingIP).view),
		"security_groups": picture(c.securityGroups, (*securityGroup).view),
		"loadbalancers":   picture(c.loadBalancers, (*loadBalancer).view),
		"listeners":       picture(c.listeners, (*listener).view),
		"pools":           picture(c.pools, (*pool).view),
		"healthmonitors":  picture(c.healthMonitors, (*healthMonitor).view),
		"l7policies":      picture(c.l7policies, (*l7policy).view),
		"members":         picture(c.members(), (*member).view),
	}
}

// members are those of all pools.
func (c *Cloud) members() map[string]*member {
	all := map[string]*member{}
	for _, p := range c.pools {
		for _, m := range p.members {
			all[m.ID] = m
		}
	}
	return all
}

// picture is how a collection is added to a snapshot.
func picture[T any](all map[string]T, view func(T) any) func(Snapshot, string) {
	return func(s Snapshot, collection string) {
		s[collection] = map[string]map[string]any{}
		for id, one := range all {
			var attributes map[string]any
			must(decode(encode(view(one)), &attributes))
			s[collection][id] = attributes
		}
	}
}

// CallOf names a call as the transcript does: method and path, ids as {id}, neither
// prefix nor version: "PUT lbaas/pools/{id}/members". It is for requests that
// SetFault hands out.
func CallOf(r *http.Request) string { return r.Method + " " + patternPath(r) }
