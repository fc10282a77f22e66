package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// quotaKeys are what Octavia's answers call the kinds; requests may leave out the
// underscore.
var quotaKeys = map[string]string{
	loadBalancerKind: "load_balancer",
	listenerKind:     "listener",
	poolKind:         "pool",
	memberKind:       "member",
	monitorKind:      "health_monitor",
	policyKind:       "l7policy",
	ruleKind:         "l7rule",
}

var balancerQuotaDefaults = quota{
	"load_balancer": -1, "listener": -1, "pool": -1, "member": -1, "health_monitor": -1, "l7policy": -1, "l7rule": -1,
}

var balancerQuotaPut = schema{"quota": nested(schema{
	"load_balancer": number("-1", -1, 2e9), "loadbalancer": number("-1", -1, 2e9),
	"health_monitor": number("-1", -1, 2e9), "healthmonitor": number("-1", -1, 2e9),
	"listener": number("-1", -1, 2e9), "pool": number("-1", -1, 2e9), "member": number("-1", -1, 2e9),
	"l7policy": number("-1", -1, 2e9), "l7rule": number("-1", -1, 2e9),
})}

// withinBalancerQuota refuses more of a kind than the project may have.
func (c *Cloud) withinBalancerQuota(projectID, kind string, more int) error {
	limit := c.balancerLimit(projectID, kind)
	if limit < 0 || more <= 0 || c.balancerUsage(projectID, kind)+more <= limit {
		return nil
	}
	return balancerRefusal(http.StatusForbidden, "Quota has been met for resources: %s", kind)
}

// balancerLimit is how many of a kind a project may have; -1 is no limit.
func (c *Cloud) balancerLimit(projectID, kind string) int {
	if !c.options.Legacy {
		return balancerQuotaDefaults.over(c.balancerQuotas[projectID])[quotaKeys[kind]]
	}
	if limit, ok := c.networkLimits(projectID)[legacyQuotaKeys[kind]]; ok {
		return limit
	}
	return -1
}

func (c *Cloud) balancerUsage(projectID, kind string) int {
	switch kind {
	case loadBalancerKind:
		return usageOf(c.loadBalancers, projectID)
	case listenerKind:
		return usageOf(c.listeners, projectID)
	case poolKind:
		return usageOf(c.pools, projectID)
	case monitorKind:
		return usageOf(c.healthMonitors, projectID)
	case policyKind:
		return usageOf(c.l7policies, projectID)
	case ruleKind:
		return c.ruleUsage(projectID)
	}
	members := 0
	for _, p := range c.pools {
		if p.ProjectID == projectID {
			members += len(p.members)
		}
	}
	return members
}

func (c *Cloud) ruleUsage(projectID string) int {
	rules := 0
	for _, p := range c.l7policies {
		if p.ProjectID == projectID {
			rules += len(p.rules)
		}
	}
	return rules
}

func usageOf[T component](all map[string]T, projectID string) int {
	n := 0
	for _, r := range all {
		if r.core().ProjectID == projectID {
			n++
		}
	}
	return n
}

func (c *Cloud) quotaView(projectID string) any {
	return map[string]any{"quota": balancerQuotaDefaults.over(c.balancerQuotas[projectID])}
}

func (c *Cloud) showDefaultQuota(r *request) (any, error) {
	if !r.who.admin() {
		return nil, forbidden()
	}
	return map[string]any{"quota": balancerQuotaDefaults}, nil
}

func (c *Cloud) showBalancerQuota(r *request) (any, error) {
	if !r.who.owns(r.PathValue("id")) {
		return nil, forbidden()
	}
	return c.quotaView(r.PathValue("id")), nil
}

func (c *Cloud) listBalancerQuotas(r *request) (any, error) {
	all := []any{}
	for _, projectID := range slices.Sorted(maps.Keys(c.balancerQuotas)) {
		if r.who.owns(projectID) {
			view := map[string]any{"project_id": projectID, "tenant_id": projectID}
			for kind, limit := range balancerQuotaDefaults.over(c.balancerQuotas[projectID]) {
				view[kind] = limit
			}
			all = append(all, view)
		}
	}
	return map[string]any{"quotas": all, "quotas_links": []link{}}, nil
}

func (c *Cloud) updateBalancerQuota(r *request) (any, error) {
	if !r.who.admin() {
		return nil, forbidden()
	}
	in, err := r.argument("quotas", "quota")
	if err != nil {
		return nil, err
	}
	if err := balancerQuotaPut.check("quotas", object{"quota": in}); err != nil {
		return nil, err
	}
	changes := quota{}
	given := object{"quota": in}.inner("quota")
	for name, limit := range given {
		changes[spelled(name)] = limitOf(limit)
	}
	id := r.PathValue("id")
	c.balancerQuotas[id] = c.balancerQuotas[id].over(changes)
	return c.quotaView(id), nil
}

// limitOf reads a limit that was checked; null is none.
func limitOf(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return -1
	}
	limit, _ := n.Int64()
	return int(limit)
}

// spelled is the key under which a limit reads back.
func spelled(name string) string {
	switch name {
	case "loadbalancer":
		return "load_balancer"
	case "healthmonitor":
		return "health_monitor"
	}
	return name
}

func (c *Cloud) deleteBalancerQuota(r *request) (any, error) {
	if !r.who.admin() {
		return nil, forbidden()
	}
	delete(c.balancerQuotas, r.PathValue("id"))
	return nil, nil
}
