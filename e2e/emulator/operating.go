package emulator

import (
	"fmt"
	"slices"
	"strings"
)

// The operating statuses. The first three are all that there is without traffic,
// the others have to be set.
const (
	offline   = "OFFLINE"
	online    = "ONLINE"
	noMonitor = "NO_MONITOR"
	degraded  = "DEGRADED"
	unwell    = "ERROR"
	draining  = "DRAINING"
)

var operatingStatuses = []string{online, offline, degraded, unwell, draining, noMonitor}

// SetOperatingStatus says how a load balancer, listener, pool, member or health
// monitor works: ONLINE, OFFLINE, DEGRADED, ERROR, DRAINING or NO_MONITOR. The
// emulator never looks at any backend, so the status stays until it is set again.
// It fails for another status, and when there is no such resource.
func (c *Cloud) SetOperatingStatus(id, status string) error {
	if !slices.Contains(operatingStatuses, status) {
		return fmt.Errorf("operating status %q is none of %s", status, strings.Join(operatingStatuses, ", "))
	}
	c.begin()
	defer c.mu.Unlock()
	part := c.component(id)
	if part == nil {
		return fmt.Errorf("there is no load balancer, listener, pool, member or health monitor %s", id)
	}
	part.core().Operating = status
	return nil
}

// component finds any Octavia resource by its id, nil if there is none.
func (c *Cloud) component(id string) component {
	if lb := c.loadBalancers[id]; lb != nil {
		return lb
	}
	if l := c.listeners[id]; l != nil {
		return l
	}
	if p := c.pools[id]; p != nil {
		return p
	}
	if hm := c.healthMonitors[id]; hm != nil {
		return hm
	}
	if p := c.l7policies[id]; p != nil {
		return p
	}
	for _, p := range c.pools {
		for _, m := range p.members {
			if m.ID == id {
				return m
			}
		}
	}
	return nil
}
