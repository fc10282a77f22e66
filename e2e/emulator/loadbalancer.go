package emulator

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
)

// A loadBalancer is an address and everything that listens on it.
type loadBalancer struct {
	resource
	Description    string          `json:"description"`
	VIPAddress     netip.Addr      `json:"vip_address"`
	VIPPortID      string          `json:"vip_port_id"`
	VIPSubnetID    string          `json:"vip_subnet_id"`
	VIPNetworkID   string          `json:"vip_network_id"`
	AdditionalVIPs []additionalVIP `json:"additional_vips"`
	Provider       string          `json:"provider"`
	FlavorID       *string         `json:"flavor_id"`
	QoSPolicy      *string         `json:"vip_qos_policy_id"`
	Zone           *string         `json:"availability_zone"`

	listeners []*listener
	pools     []*pool
	amphora   amphora
	task      *task // the work in progress, nil when settled
	ownPort   bool  // the user made the VIP port and keeps it
}

// additionalVIP is one more address on the VIP port.
type additionalVIP struct {
	SubnetID string     `json:"subnet_id"`
	Address  netip.Addr `json:"ip_address"`
}

const loadBalancerKind = "Load Balancer"

var loadBalancerListing = listing[*loadBalancer]{
	collection: "loadbalancers",
	tags:       balancerTags[*loadBalancer],
	view:       (*loadBalancer).view,
	columns: balancerColumns(columns[*loadBalancer]{
		"description":       func(lb *loadBalancer) string { return lb.Description },
		"provider":          func(lb *loadBalancer) string { return lb.Provider },
		"flavor_id":         func(lb *loadBalancer) string { return text(lb.FlavorID) },
		"availability_zone": func(lb *loadBalancer) string { return text(lb.Zone) },
		"vip_address":       func(lb *loadBalancer) string { return lb.VIPAddress.String() },
		"vip_port_id":       func(lb *loadBalancer) string { return lb.VIPPortID },
		"vip_subnet_id":     func(lb *loadBalancer) string { return lb.VIPSubnetID },
		"vip_network_id":    func(lb *loadBalancer) string { return lb.VIPNetworkID },
	}),
}

var loadBalancerPut = schema{
	"name":              words(255),
	"description":       words(255),
	"admin_state_up":    flag(true),
	"tags":              tagList(),
	"vip_qos_policy_id": id(),
}

var loadBalancerPost = loadBalancerPut.with(schema{
	"vip_address":       address(),
	"vip_port_id":       id(),
	"vip_subnet_id":     id(),
	"vip_network_id":    id(),
	"additional_vips":   nestedList(schema{"subnet_id": id().must(), "ip_address": address()}),
	"project_id":        words(36),
	"tenant_id":         words(36),
	"provider":          words(64),
	"flavor_id":         id(),
	"availability_zone": nullableWords(255),
	"listeners":         nestedList(listenerInTree).alone(),
	"pools":             nestedList(poolInTree).alone(),
})

// remove deletes the load balancer with all that is in it, and the VIP port unless
// it is the user's own.
func (lb *loadBalancer) remove(c *Cloud) {
	for _, l := range slices.Clone(lb.listeners) {
		l.remove(c)
	}
	for _, p := range slices.Clone(lb.pools) {
		p.remove(c)
	}
	c.leaveVIP(lb)
	c.demolish(lb.amphora)
	delete(c.loadBalancers, lb.ID)
}

func (lb *loadBalancer) view() any {
	type shown struct {
		loadBalancer
		Listeners []ref `json:"listeners"`
		Pools     []ref `json:"pools"`
	}
	return shown{*lb, refs(lb.listeners), refs(lb.pools)}
}

func (c *Cloud) createLoadBalancer(r *request) (any, error) {
	in, err := r.argued("load_balancer", "loadbalancer", loadBalancerPost)
	if err != nil {
		return nil, err
	}
	if err := r.legacyRequires(in, "vip_subnet_id"); err != nil {
		return nil, err
	}
	projectID, err := r.balancerProject(in)
	if err != nil {
		return nil, err
	}
	lb := &loadBalancer{resource: c.newResource(projectID)}
	loadBalancerPost.apply(lb, in, creating)
	lb.Tags = tagSet(lb.Tags)
	lb.ProjectID, lb.TenantID = projectID, projectID
	spot, err := c.findSpot(lb, in, r)
	if err != nil {
		return nil, err
	}
	if err := c.acceptable(lb); err != nil {
		return nil, err
	}
	if err := c.withinBalancerQuota(projectID, loadBalancerKind, 1); err != nil {
		return nil, err
	}
	if in.repeated() {
		return nil, entityExists()
	}
	if err := c.takeVIP(lb, spot); err != nil {
		return nil, err
	}
	marks, err := c.populate(lb, in) // what fails from here on leaks the VIP port
	if err != nil {
		return nil, err
	}
	c.loadBalancers[lb.ID] = lb
	answer := map[string]any{"loadbalancer": lb.treeView()}
	c.start(lb, pendingCreate, marks...)
	return answer, nil
}

// balancerProject is the project a load balancer is for.
func (r *request) balancerProject(in object) (string, error) {
	for _, name := range []string{"project_id", "tenant_id"} {
		if wanted := in.text(name); wanted != "" {
			if !r.who.owns(wanted) {
				return "", forbidden()
			}
			return wanted, nil
		}
	}
	return r.who.project.ID, nil
}

// acceptable refuses providers, flavors and zones that are not there.
func (c *Cloud) acceptable(lb *loadBalancer) error {
	if lb.FlavorID != nil && !slices.ContainsFunc(c.flavors, func(f flavor) bool { return f.ID == *lb.FlavorID }) {
		return balancerRefusal(http.StatusBadRequest, "The selected flavor is not allowed in this deployment: %s", *lb.FlavorID)
	}
	if lb.Zone != nil && !slices.ContainsFunc(c.zones, func(z zone) bool { return z.Name == *lb.Zone }) {
		return balancerRefusal(http.StatusBadRequest, "The selected availability zone is not allowed in this deployment: %s", *lb.Zone)
	}
	if lb.Provider == "" {
		lb.Provider = c.enabled()[0]
	}
	if !slices.Contains(c.enabled(), lb.Provider) {
		return balancerRefusal(http.StatusBadRequest, "Provider '%s' is not enabled.", lb.Provider)
	}
	return nil
}

func (c *Cloud) showLoadBalancer(r *request) (any, error) {
	lb, err := reachable(r, c.loadBalancers, loadBalancerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"loadbalancer": pick(lb.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listLoadBalancers(r *request) (any, error) {
	return balancerList(r, loadBalancerListing, slices.Collect(maps.Values(c.loadBalancers)))
}

func (c *Cloud) updateLoadBalancer(r *request) (any, error) {
	in, err := r.argued("load_balancer", "loadbalancer", loadBalancerPut)
	if err != nil {
		return nil, err
	}
	lb, err := reachable(r, c.loadBalancers, loadBalancerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := lb.may(change); err != nil {
		return nil, err
	}
	if in.repeated() {
		return nil, balancerRefusal(http.StatusInternalServerError, "Duplicate entry '%s' for key 'PRIMARY'", lb.ID)
	}
	loadBalancerPut.apply(lb, in, updating)
	lb.Tags = tagSet(lb.Tags)
	c.start(lb, pendingUpdate)
	return map[string]any{"loadbalancer": lb.view()}, nil
}

func (c *Cloud) deleteLoadBalancer(r *request) (any, error) {
	lb, err := reachable(r, c.loadBalancers, loadBalancerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if len(lb.listeners)+len(lb.pools) > 0 && !r.cascades() {
		return nil, validation("Cannot delete Load Balancer %s - it has children", lb.ID)
	}
	if err := lb.may(removal); err != nil {
		return nil, err
	}
	c.start(lb, pendingDelete)
	return nil, nil
}

func (c *Cloud) failoverLoadBalancer(r *request) (any, error) {
	lb, err := reachable(r, c.loadBalancers, loadBalancerKind, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !r.who.admin() {
		return nil, forbidden()
	}
	if !lb.driver().failover {
		return nil, lb.unsupported("%s provider does not support loadbalancer failover", lb.driver().title)
	}
	if err := lb.may(failover); err != nil {
		return nil, err
	}
	c.start(lb, pendingUpdate)
	lb.task.builds = true
	return nil, nil
}

// stats is what has gone through, which is nothing.
type stats struct {
	BytesIn           int `json:"bytes_in"`
	BytesOut          int `json:"bytes_out"`
	ActiveConnections int `json:"active_connections"`
	TotalConnections  int `json:"total_connections"`
	RequestErrors     int `json:"request_errors"`
}

func (c *Cloud) showLoadBalancerStats(r *request) (any, error) {
	if _, err := reachable(r, c.loadBalancers, loadBalancerKind, r.PathValue("id")); err != nil {
		return nil, err
	}
	return map[string]any{"stats": stats{}}, nil
}
