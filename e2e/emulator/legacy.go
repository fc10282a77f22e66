package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// LBaaS v2 is load balancing as Neutron had it before Octavia took over. It is the
// same resources with fewer attributes (since.go), below another path, behind
// Neutron's manners: its refusals (legacywords.go), lists, quotas and tokens.

// legacyRoutes are the calls of LBaaS v2: no trees in one call, no batches of
// members, no cascade.
func legacyRoutes() []route {
	gone := map[string]bool{
		"PUT /lbaas/pools/{pool}/members": true, "GET /lbaas/loadbalancers/{id}/status": true, "PUT /lbaas/loadbalancers/{id}/failover": true,
		"GET /lbaas/listeners/{id}/stats": true, "GET /lbaas/providers": true,
	}
	kept := keep(loadBalancerRoutes(), func(r route) bool {
		return !strings.HasPrefix(r.path, "/lbaas/quotas") && !gone[r.method+" "+r.path]
	})
	return append(kept, route{"GET", "/service-providers", http.StatusOK, listServiceProviders})
}

func listServiceProviders(*Cloud, *request) (any, error) {
	return map[string]any{"service_providers": []any{
		map[string]any{"service_type": "LOADBALANCERV2", "name": "haproxy", "default": true},
	}}, nil
}

// legacyExtensions are what Neutron has in addition.
var legacyExtensions = []extension{
	{"LoadBalancing service v2", "lbaasv2", "Provides load balancing as a service.", "2014-06-18T10:00:00-00:00", []string{}},
	{"Neutron Service Type Management", "service-type", "API for retrieving service providers for Neutron advanced services", "2013-01-20T00:00:00-00:00", []string{}},
	{"Shared pools for LBaaSv2", "shared_pools", "Allow pools to be shared by listeners.", "2016-01-20T10:00:00-00:00", []string{}},
	{"L7 capabilities for LBaaSv2", "l7", "Policies and rules of layer 7.", "2016-01-24T10:00:00-00:00", []string{}},
}

// legacyQuotas are the limits that Neutron's quotas have in addition.
var legacyQuotas = quota{
	"loadbalancer": 10, "listener": -1, "pool": 10, "member": -1, "healthmonitor": -1, "l7policy": -1,
}

// legacyQuotaKeys are what Neutron calls the kinds in its quotas.
var legacyQuotaKeys = map[string]string{
	loadBalancerKind: "loadbalancer", listenerKind: "listener", poolKind: "pool",
	memberKind: "member", monitorKind: "healthmonitor", policyKind: "l7policy",
}

// legacyRequires demands what Octavia can do without: the subnet of a VIP and of a
// member.
func (r *request) legacyRequires(in object, name string) error {
	if r.generation != lbaasV2 {
		return nil
	}
	return in.requires(name)
}

// spares refuses to remove a pool while something is in it.
func (r *request) spares(p *pool) error {
	if r.generation != lbaasV2 || p.monitor == nil {
		return nil
	}
	return networkRefusal(http.StatusConflict, "EntityInUse", "healthmonitor %s is using this pool", p.monitor.ID)
}

// cascades reports whether a delete takes all along that is in a load balancer.
func (r *request) cascades() bool {
	return r.generation != lbaasV2 && truth(r.URL.Query().Get("cascade"))
}

// extensions are those of this cloud.
func (c *Cloud) extensions() []extension {
	if c.options.Legacy {
		return slices.Concat(extensions, legacyExtensions)
	}
	return extensions
}
