package emulator

import (
	"net/http"
	"slices"
)

func networkRoutes() []route {
	return slices.Concat(
		[]route{
			{"GET", "/extensions", http.StatusOK, (*Cloud).listExtensions},
			{"GET", "/extensions/{alias}", http.StatusOK, (*Cloud).showExtension},
			{"GET", "/quotas/{id}", http.StatusOK, (*Cloud).showNetworkQuota},
			{"GET", "/quotas/{id}/details", http.StatusOK, (*Cloud).showNetworkQuotaDetails},
			{"GET", "/quotas/{id}/details.json", http.StatusOK, (*Cloud).showNetworkQuotaDetails},
			{"PUT", "/quotas/{id}", http.StatusOK, (*Cloud).updateNetworkQuota},
			{"DELETE", "/quotas/{id}", http.StatusNoContent, (*Cloud).deleteNetworkQuota},
			{"PUT", "/routers/{id}/add_router_interface", http.StatusOK, (*Cloud).addInterface},
			{"PUT", "/routers/{id}/remove_router_interface", http.StatusOK, (*Cloud).removeInterface},
		},
		collection{"/security-groups", (*Cloud).listSecurityGroups, (*Cloud).createSecurityGroup, (*Cloud).showSecurityGroup, (*Cloud).updateSecurityGroup, (*Cloud).deleteSecurityGroup}.routes(),
		[]route{
			{"GET", "/security-group-rules", http.StatusOK, (*Cloud).listSecurityRules},
			{"POST", "/security-group-rules", http.StatusCreated, (*Cloud).createSecurityRule},
			{"GET", "/security-group-rules/{id}", http.StatusOK, (*Cloud).showSecurityRule},
			{"DELETE", "/security-group-rules/{id}", http.StatusNoContent, (*Cloud).deleteSecurityRule},
		},
		collection{"/networks", (*Cloud).listNetworks, (*Cloud).createNetwork, (*Cloud).showNetwork, (*Cloud).updateNetwork, (*Cloud).deleteNetwork}.routes(),
		collection{"/subnets", (*Cloud).listSubnets, (*Cloud).createSubnet, (*Cloud).showSubnet, (*Cloud).updateSubnet, (*Cloud).deleteSubnet}.routes(),
		collection{"/ports", (*Cloud).listPorts, (*Cloud).createPort, (*Cloud).showPort, (*Cloud).updatePort, (*Cloud).deletePort}.routes(),
		collection{"/routers", (*Cloud).listRouters, (*Cloud).createRouter, (*Cloud).showRouter, (*Cloud).updateRouter, (*Cloud).deleteRouter}.routes(),
		collection{"/floatingips", (*Cloud).listFloatingIPs, (*Cloud).createFloatingIP, (*Cloud).showFloatingIP, (*Cloud).updateFloatingIP, (*Cloud).deleteFloatingIP}.routes(),
		tagRoutes("networks", tagged(func(c *Cloud) map[string]*network { return c.networks }, networkWording)),
		tagRoutes("subnets", tagged(func(c *Cloud) map[string]*subnet { return c.subnets }, subnetWording)),
		tagRoutes("ports", tagged(func(c *Cloud) map[string]*port { return c.ports }, portWording)),
		tagRoutes("routers", tagged(func(c *Cloud) map[string]*router { return c.routers }, routerWording)),
		tagRoutes("security-groups", tagged(func(c *Cloud) map[string]*securityGroup { return c.securityGroups }, securityGroupWording)),
		tagRoutes("floatingips", tagged(func(c *Cloud) map[string]*floatingIP { return c.floatingIPs }, floatingIPWording)),
	)
}

// A collection has the five calls that all of them have.
type collection struct {
	path                               string
	list, create, show, update, remove handler
}

func (c collection) routes() []route {
	return []route{
		{"GET", c.path, http.StatusOK, c.list},
		{"POST", c.path, http.StatusCreated, c.create},
		{"GET", c.path + "/{id}", http.StatusOK, c.show},
		{"PUT", c.path + "/{id}", http.StatusOK, c.update},
		{"DELETE", c.path + "/{id}", http.StatusNoContent, c.remove},
	}
}
