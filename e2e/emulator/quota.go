package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Quotas are the limits of every project, by its name and by the resource as
// Octavia and Neutron call it: "load_balancer", "floatingip". -1 is no limit.
func (c *Cloud) Quotas() map[string]map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]map[string]int{}
	for name, p := range c.projects {
		all[name] = c.limits(p.ID)
	}
	return all
}

// limits are those of both services.
func (c *Cloud) limits(projectID string) quota {
	limits := c.networkLimits(projectID)
	if !c.options.Legacy {
		limits = limits.over(balancerQuotaDefaults).over(c.balancerQuotas[projectID])
	}
	return limits
}

// SetQuota limits how many of a resource a project may have, -1 for any number. It
// fails when there is no such project or resource.
func (c *Cloud) SetQuota(project, resource string, limit int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.projects[project]
	if p == nil {
		return fmt.Errorf("project %q is none of %s", project, strings.Join(slices.Sorted(maps.Keys(c.projects)), ", "))
	}
	if _, ok := c.limits(p.ID)[resource]; !ok {
		return fmt.Errorf("resource %q is none of %s", resource, strings.Join(slices.Sorted(maps.Keys(c.limits(p.ID))), ", "))
	}
	if limit < -1 {
		return fmt.Errorf("%s: %d is no limit; -1 is for any number", resource, limit)
	}
	quotas := c.networkQuotas
	if _, ok := balancerQuotaDefaults[resource]; ok && !c.options.Legacy {
		quotas = c.balancerQuotas
	}
	quotas[p.ID] = quotas[p.ID].over(quota{resource: limit})
	return nil
}
