package emulator

import (
	"maps"
	"net/http"
	"slices"
)

// A quota limits how many of a kind a project may have; -1 is no limit.
type quota map[string]int

var networkQuotaDefaults = quota{
	"network": 100, "subnet": 100, "subnetpool": -1, "port": -1, "router": 10,
	"floatingip": 50, "rbac_policy": 10, "security_group": -1, "security_group_rule": -1,
}

// over is the quota with some limits changed.
func (q quota) over(changes quota) quota {
	all := quota{}
	maps.Copy(all, q)
	maps.Copy(all, changes)
	return all
}

// networkLimits are a project's limits, its own ones and the defaults.
func (c *Cloud) networkLimits(projectID string) quota {
	defaults := networkQuotaDefaults
	if c.options.Legacy {
		defaults = defaults.over(legacyQuotas)
	}
	return defaults.over(c.networkQuotas[projectID])
}

// withinNetworkQuota refuses one more of a kind when the project has enough.
func (c *Cloud) withinNetworkQuota(projectID, kind string) error {
	limit := c.networkLimits(projectID)[kind]
	if limit < 0 || c.networkUsage(projectID)[kind] < limit {
		return nil
	}
	return networkRefusal(http.StatusConflict, "OverQuota", "Quota exceeded for resources: ['%s'].", kind)
}

// networkUsage counts what a project has.
func (c *Cloud) networkUsage(projectID string) quota {
	return quota{
		"network":    countOf(c.networks, projectID),
		"subnet":     countOf(c.subnets, projectID),
		"port":       countOf(c.ports, projectID),
		"router":     countOf(c.routers, projectID),
		"floatingip": countOf(c.floatingIPs, projectID),

		"security_group":      countOf(c.securityGroups, projectID),
		"security_group_rule": countOf(c.securityRules, projectID),
	}
}

func countOf[T networkResource](all map[string]T, projectID string) int {
	n := 0
	for _, r := range all {
		if r.attributes().ProjectID == projectID {
			n++
		}
	}
	return n
}

func (c *Cloud) showNetworkQuota(r *request) (any, error) {
	id := r.PathValue("id")
	if !r.who.owns(id) {
		return nil, notAuthorized("rule:get_quota")
	}
	return map[string]any{"quota": c.networkLimits(id)}, nil
}

func (c *Cloud) showNetworkQuotaDetails(r *request) (any, error) {
	id := r.PathValue("id")
	if !r.who.owns(id) {
		return nil, notAuthorized("rule:get_quota")
	}
	used := c.networkUsage(id)
	for kind, name := range legacyQuotaKeys {
		used[name] = c.balancerUsage(id, kind)
	}
	details := map[string]any{}
	for kind, limit := range c.networkLimits(id) {
		details[kind] = map[string]int{"limit": limit, "used": used[kind], "reserved": 0}
	}
	return map[string]any{"quota": details}, nil
}

func (c *Cloud) updateNetworkQuota(r *request) (any, error) {
	id := r.PathValue("id")
	if !r.who.admin() {
		return nil, notAuthorized("rule:update_quota")
	}
	in, err := r.given("quota", append(slices.Collect(maps.Keys(c.networkLimits(id))), "project_id", "tenant_id", "force")...)
	if err != nil {
		return nil, err
	}
	changes := quota{}
	if err := in.onto(&changes); err != nil {
		return nil, badNetworkRequest("Invalid input for quota. Reason: %v.", err)
	}
	c.networkQuotas[id] = c.networkQuotas[id].over(changes)
	return map[string]any{"quota": c.networkLimits(id)}, nil
}

func (c *Cloud) deleteNetworkQuota(r *request) (any, error) {
	if !r.who.admin() {
		return nil, notAuthorized("rule:delete_quota")
	}
	delete(c.networkQuotas, r.PathValue("id"))
	return nil, nil
}
