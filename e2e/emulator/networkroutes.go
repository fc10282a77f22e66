package emulator

import (
	"net/http"
	"slices"
)

func networkRoutes() []route {
	return slices.Concat(
		[]route{
			{"GET", "/extensions", http.StatusOK, listExtensions},
			{"GET", "/extensions/{alias}", http.StatusOK, showExtension},
			{"GET", "/quotas/{id}", http.StatusOK, (*Cloud).showNetworkQuota},
			{"GET", "/quotas/{id}/details", http.StatusOK, (*Cloud).showNetworkQuotaDetails},
			{"GET", "/quotas/{id}/details.json", http.StatusOK, (*Cloud).showNetworkQuotaDetails},
			{"PUT", "/quotas/{id}", http.StatusOK, (*Cloud).updateNetworkQuota},
			{"DELETE", "/quotas/{id}", http.StatusNoContent, (*Cloud).deleteNetworkQuota},
			{"PUT", "/routers/{id}/add_router_interface", http.StatusOK, (*Cloud).addInterface},
			{"PUT", "/routers/{id}/remove_router_interface", http.StatusOK, (*Cloud).removeInterface},
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

// An extension is a part of Neutron's API that a cloud may or may not have.
type extension struct {
	Name        string   `json:"name"`
	Alias       string   `json:"alias"`
	Description string   `json:"description"`
	Updated     string   `json:"updated"`
	Links       []string `json:"links"`
}

var extensions = []extension{
	{"Neutron external network", "external-net", "Adds external network attribute to network resource.", "2013-01-14T10:00:00-00:00", []string{}},
	{"Filter parameters validation", "filter-validation", "Provides validation on filter parameters.", "2018-07-04T10:00:00-00:00", []string{}},
	{"Floating IP Port Details Extension", "fip-port-details", "Add port_details attribute to Floating IP resource", "2018-04-09T10:00:00-00:00", []string{}},
	{"IP address substring filtering", "ip-substring-filtering", "Provides IP address substring filtering when listing ports", "2017-11-28T09:00:00-00:00", []string{}},
	{"Neutron L3 Router", "router", "Router abstraction for basic L3 forwarding between L2 Neutron networks and access to external networks via a NAT gateway.", "2012-07-20T10:00:00-00:00", []string{}},
	{"Pagination support", "pagination", "Extension that indicates that pagination is enabled.", "2016-06-12T00:00:00-00:00", []string{}},
	{"project_id field enabled", "project-id", "Extension that indicates that project_id field is enabled.", "2016-09-09T09:09:09-09:09", []string{}},
	{"Quota management support", "quotas", "Expose functions for quotas management per project", "2012-07-29T10:00:00-00:00", []string{}},
	{"Quota details management support", "quota_details", "Expose functions for quotas usage statistics per project", "2017-02-10T10:00:00-00:00", []string{}},
	{"If-Match constraints based on revision_number", "revision-if-match", "Extension indicating that If-Match based on revision_number is supported.", "2016-12-11T00:00:00-00:00", []string{}},
	{"Resource revision numbers", "standard-attr-revisions", "This extension will display the revision number of neutron resources.", "2016-04-11T10:00:00-00:00", []string{}},
	{"Sorting support", "sorting", "Extension that indicates that sorting is enabled.", "2016-06-12T00:00:00-00:00", []string{}},
	{"standard-attr-description", "standard-attr-description", "Extension to add descriptions to standard attributes", "2016-02-10T10:00:00-00:00", []string{}},
	{"Tag support for resources with standard attribute: port, subnet, network, router, floatingip", "standard-attr-tag", "Enables to set tag on resources with standard attribute.", "2017-01-01T00:00:00-00:00", []string{}},
	{"Resource timestamps", "standard-attr-timestamp", "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes.", "2016-09-12T10:00:00-00:00", []string{}},
}

func listExtensions(*Cloud, *request) (any, error) {
	return map[string]any{"extensions": extensions}, nil
}

func showExtension(_ *Cloud, r *request) (any, error) {
	for _, e := range extensions {
		if e.Alias == r.PathValue("alias") {
			return map[string]any{"extension": e}, nil
		}
	}
	return nil, networkRefusal(http.StatusNotFound, "HTTPNotFound", "Extension with alias %s does not exist", r.PathValue("alias"))
}
