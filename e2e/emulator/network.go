package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// A network is a layer 2 segment; an external one hands out floating IPs.
type network struct {
	standard
	Name         string   `json:"name"`
	AdminStateUp bool     `json:"admin_state_up"`
	MTU          int      `json:"mtu"`
	Status       string   `json:"status"`
	Shared       bool     `json:"shared"`
	External     bool     `json:"router:external"`
	PortSecurity bool     `json:"port_security_enabled"`
	QoSPolicy    *string  `json:"qos_policy_id"`
	Default      *bool    `json:"is_default,omitempty"`
	Hints        []string `json:"availability_zone_hints"`
	Zones        []string `json:"availability_zones"`
	IPv4Scope    *string  `json:"ipv4_address_scope"`
	IPv6Scope    *string  `json:"ipv6_address_scope"`

	segment segment
	subnets []*subnet
}

// A segment is what carries a network; only administrators see it.
type segment struct {
	Type     string  `json:"provider:network_type"`
	Physical *string `json:"provider:physical_network"`
	ID       *int    `json:"provider:segmentation_id"`
}

var networkWording = wording{"Network", "Network %s could not be found."}

var networkListing = listing[*network]{
	collection: "networks",
	tags:       standardTags[*network],
	view:       (*network).view,
	columns: standardColumns(columns[*network]{
		"name":            func(n *network) string { return n.Name },
		"status":          func(n *network) string { return n.Status },
		"admin_state_up":  func(n *network) string { return strconv.FormatBool(n.AdminStateUp) },
		"shared":          func(n *network) string { return strconv.FormatBool(n.Shared) },
		"router:external": func(n *network) string { return strconv.FormatBool(n.External) },
		"is_default":      func(n *network) string { return strconv.FormatBool(n.Default != nil && *n.Default) },
	}),
}

// visibleTo reports whether a caller sees the network. An external network is
// seen by everybody, its subnets are not.
func (n *network) visibleTo(t *token) bool { return t.owns(n.ProjectID) || n.Shared || n.External }

// networkView is a network as its owner sees it.
type networkView struct {
	network
	Subnets []string `json:"subnets"`
}

func (n *network) ownerView() networkView {
	v := networkView{network: *n, Subnets: []string{}}
	for _, s := range n.subnets {
		v.Subnets = append(v.Subnets, s.ID)
	}
	return v
}

func (n *network) view() any { return n.ownerView() }

func (n *network) adminView() any {
	type shown struct {
		networkView
		segment
	}
	return shown{n.ownerView(), n.segment}
}

func (n *network) viewFor(t *token) any {
	if t.admin() {
		return n.adminView()
	}
	return n.view()
}

func (c *Cloud) newNetwork(projectID string) *network {
	c.defaultGroup(projectID)
	c.segments++
	return &network{
		standard: c.newStandard(projectID), AdminStateUp: true, MTU: 1450, Status: "ACTIVE",
		PortSecurity: true, Hints: []string{}, Zones: []string{},
		segment: segment{Type: "vxlan", ID: new(c.segments)},
	}
}

// takeSegment reads what an administrator says about the segment.
func (n *network) takeSegment(in object) error {
	if in["provider:network_type"] != nil {
		n.segment = segment{}
	}
	if err := in.onto(&n.segment); err != nil {
		return badNetworkRequest("Invalid input: %v", err)
	}
	return nil
}

var networkAttributes = []string{
	"name", "description", "admin_state_up", "shared", "router:external", "mtu", "project_id", "tenant_id", "is_default",
	"port_security_enabled", "provider:network_type", "provider:physical_network", "provider:segmentation_id",
}

func (c *Cloud) createNetwork(r *request) (any, error) {
	in, err := r.given("network", networkAttributes...)
	if err != nil {
		return nil, err
	}
	projectID, err := r.projectFor(in, "create_network")
	if err != nil {
		return nil, err
	}
	if err := r.mayOpen(in, "create_network"); err != nil {
		return nil, err
	}
	if err := c.withinNetworkQuota(projectID, "network"); err != nil {
		return nil, err
	}
	n := c.newNetwork(projectID)
	if err := in.onto(n); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	if err := n.takeSegment(in); err != nil {
		return nil, err
	}
	if n.External {
		n.MTU = 1500
	}
	n.ProjectID, n.TenantID, n.Revision = projectID, projectID, 1
	c.networks[n.ID] = n
	n.Default = new(n.Default != nil && *n.Default)
	made := n.viewFor(r.who) // shows is_default of any network, as no later answer does
	if !n.External {
		n.Default = nil
	}
	return map[string]any{"network": made}, nil
}

// openings are what only an administrator may say of a network.
var openings = []string{"router:external", "shared", "is_default", "provider:network_type", "provider:physical_network", "provider:segmentation_id"}

// mayOpen refuses to let a member open a network to others.
func (r *request) mayOpen(in object, action string) error {
	for _, name := range openings {
		if in[name] != nil && in[name] != false && !r.who.admin() {
			return notAuthorized("rule:" + action + " and rule:" + action + ":" + name)
		}
	}
	return nil
}

// network finds a network the caller may see.
func (c *Cloud) network(r *request, id string) (*network, error) {
	n := c.networks[id]
	if n == nil || !n.visibleTo(r.who) {
		return nil, networkWording.notFound(id)
	}
	return n, nil
}

func (c *Cloud) showNetwork(r *request) (any, error) {
	n, err := c.network(r, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"network": pick(n.viewFor(r.who), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listNetworks(r *request) (any, error) {
	rows := keep(slices.Collect(maps.Values(c.networks)), func(n *network) bool { return n.visibleTo(r.who) })
	l := networkListing
	if r.who.admin() {
		l.view = (*network).adminView
	}
	return networkList(r, l, rows)
}

func (c *Cloud) updateNetwork(r *request) (any, error) {
	n, err := owned(r, c.networks, r.PathValue("id"), networkWording)
	if err != nil {
		return nil, err
	}
	in, err := r.given("network", "name", "description", "admin_state_up", "shared", "mtu", "port_security_enabled")
	if err != nil {
		return nil, err
	}
	if err := r.mayOpen(in, "update_network"); err != nil {
		return nil, err
	}
	if err := r.revised(&n.standard); err != nil {
		return nil, err
	}
	if err := in.onto(n); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	c.touch(n)
	return map[string]any{"network": n.viewFor(r.who)}, nil
}

func (c *Cloud) deleteNetwork(r *request) (any, error) {
	n, err := owned(r, c.networks, r.PathValue("id"), networkWording)
	if err != nil {
		return nil, err
	}
	for _, p := range c.ports {
		if p.NetworkID == n.ID {
			return nil, networkRefusal(http.StatusConflict, "NetworkInUse",
				"Unable to complete operation on network %s. There are one or more ports still in use on the network, id for these ports is: %s.", n.ID, p.ID)
		}
	}
	for _, s := range n.subnets {
		delete(c.subnets, s.ID)
	}
	delete(c.networks, n.ID)
	return nil, nil
}
