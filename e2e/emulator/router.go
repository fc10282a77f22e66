package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// A router joins subnets with each other and with an external network.
type router struct {
	standard
	Name         string   `json:"name"`
	AdminStateUp bool     `json:"admin_state_up"`
	Status       string   `json:"status"`
	Gateway      *gateway `json:"external_gateway_info"`
	Zones        []string `json:"availability_zones"`
	Hints        []string `json:"availability_zone_hints"`
	Routes       []any    `json:"routes"`
	FlavorID     *string  `json:"flavor_id"`

	interfaces  []*port
	gatewayPort *port
}

// A gateway is a router's way out.
type gateway struct {
	NetworkID  string    `json:"network_id"`
	FixedIPs   []fixedIP `json:"external_fixed_ips"`
	EnableSNAT bool      `json:"enable_snat"`
}

var routerWording = wording{"Router", "Router %s could not be found"}

var routerListing = listing[*router]{
	collection: "routers",
	tags:       standardTags[*router],
	view:       (*router).view,
	columns: standardColumns(columns[*router]{
		"name":           func(r *router) string { return r.Name },
		"status":         func(r *router) string { return r.Status },
		"admin_state_up": func(r *router) string { return strconv.FormatBool(r.AdminStateUp) },
	}),
}

func (r *router) view() any { return *r }

// reaches reports whether the router leads from a subnet to an external network.
func (r *router) reaches(subnetID, externalID string) bool {
	return r.Gateway != nil && r.Gateway.NetworkID == externalID && r.on(subnetID) != nil
}

// on is the router's port on a subnet, nil if it has none.
func (r *router) on(subnetID string) *port {
	for _, p := range r.interfaces {
		if slices.ContainsFunc(p.FixedIPs, func(ip fixedIP) bool { return ip.SubnetID == subnetID }) {
			return p
		}
	}
	return nil
}

func (c *Cloud) newRouter(projectID string) *router {
	rt := &router{
		standard: c.newStandard(projectID), AdminStateUp: true, Status: "ACTIVE",
		Zones: []string{}, Hints: []string{}, Routes: []any{},
	}
	rt.Revision = 1
	return rt
}

// newRouterPort is a port that nothing filters; a gateway's belongs to nobody.
func (c *Cloud) newRouterPort(rt *router, n *network, owner string) *port {
	projectID := rt.ProjectID
	if owner == ownerGateway {
		projectID = ""
	}
	p := c.newPort(n, projectID)
	p.DeviceOwner, p.DeviceID, p.SecurityGroups, p.PortSecurity = owner, rt.ID, []string{}, false
	return p
}

// connect gives a router its way out.
func (c *Cloud) connect(rt *router, external *network) error {
	p := c.newRouterPort(rt, external, ownerGateway)
	if err := c.plug(p); err != nil {
		return err
	}
	rt.gatewayPort = p
	rt.Gateway = &gateway{external.ID, p.FixedIPs, true}
	c.touch(rt) // Neutron counts the port and the gateway
	c.touch(rt)
	return nil
}

// attach gives a router a port on a subnet, at the subnet's gateway address.
func (c *Cloud) attach(rt *router, s *subnet) (*port, error) {
	if s.GatewayIP == nil {
		return nil, networkRefusal(http.StatusBadRequest, "BadRequest", "Bad router request: Subnet for router interface must have a gateway IP.")
	}
	p := c.newRouterPort(rt, s.network, ownerInterface)
	if err := c.plug(p, wish{s.ID, *s.GatewayIP}); err != nil {
		return nil, err
	}
	rt.interfaces = append(rt.interfaces, p)
	p.Revision = 2
	c.touch(rt)
	return p, nil
}

// join makes the interface of a router.
func (c *Cloud) join(j joint) (*port, error) {
	if j.port == nil {
		return c.attach(j.router, j.subnet)
	}
	if j.port.DeviceID != "" {
		return nil, networkRefusal(http.StatusConflict, "PortInUse",
			"Unable to complete operation on port %s for network %s. Port already has an attached device %s.",
			j.port.ID, j.port.NetworkID, j.port.DeviceID)
	}
	j.port.DeviceID, j.port.DeviceOwner = j.router.ID, ownerInterface
	j.interfaces = append(j.interfaces, j.port)
	c.touch(j.port)
	c.touch(j.router)
	return j.port, nil
}

func (c *Cloud) createRouter(r *request) (any, error) {
	in, err := r.given("router", "name", "description", "admin_state_up", "external_gateway_info", "project_id", "tenant_id")
	if err != nil {
		return nil, err
	}
	projectID, err := r.projectFor(in, "create_router")
	if err != nil {
		return nil, err
	}
	if err := c.withinNetworkQuota(projectID, "router"); err != nil {
		return nil, err
	}
	rt := c.newRouter(projectID)
	external, err := c.externalGateway(r, in)
	if err != nil {
		return nil, err
	}
	if err := in.onto(rt); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	rt.ProjectID, rt.TenantID = projectID, projectID
	if external != nil {
		if err := c.connect(rt, external); err != nil {
			return nil, err
		}
	}
	c.routers[rt.ID] = rt
	return map[string]any{"router": rt.view()}, nil
}

// externalGateway removes external_gateway_info from the attributes and finds the
// network it names; nil is none.
func (c *Cloud) externalGateway(r *request, in object) (*network, error) {
	info, _ := in["external_gateway_info"].(map[string]any)
	delete(in, "external_gateway_info")
	if info == nil {
		return nil, nil
	}
	n, err := c.network(r, object(info).text("network_id"))
	if err != nil {
		return nil, err
	}
	if !n.External {
		return nil, networkRefusal(http.StatusBadRequest, "BadRequest", "Bad router request: Network %s is not an external network.", n.ID)
	}
	return n, nil
}

func (c *Cloud) showRouter(r *request) (any, error) {
	rt, err := owned(r, c.routers, r.PathValue("id"), routerWording)
	if err != nil {
		return nil, err
	}
	return map[string]any{"router": pick(rt.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listRouters(r *request) (any, error) {
	rows := keep(slices.Collect(maps.Values(c.routers)), func(rt *router) bool { return r.who.owns(rt.ProjectID) })
	return networkList(r, routerListing, rows)
}

func (c *Cloud) updateRouter(r *request) (any, error) {
	rt, err := owned(r, c.routers, r.PathValue("id"), routerWording)
	if err != nil {
		return nil, err
	}
	in, err := r.given("router", "name", "description", "admin_state_up", "external_gateway_info")
	if err != nil {
		return nil, err
	}
	if err := r.revised(&rt.standard); err != nil {
		return nil, err
	}
	_, moves := in["external_gateway_info"]
	external, err := c.externalGateway(r, in)
	if err != nil {
		return nil, err
	}
	if moves {
		c.disconnect(rt)
	}
	if external != nil {
		if err := c.connect(rt, external); err != nil {
			return nil, err
		}
	}
	if err := in.onto(rt); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	c.touch(rt)
	return map[string]any{"router": rt.view()}, nil
}

// disconnect takes a router's way out away.
func (c *Cloud) disconnect(rt *router) {
	if rt.gatewayPort != nil {
		c.unplug(rt.gatewayPort)
	}
	rt.Gateway, rt.gatewayPort = nil, nil
}

func (c *Cloud) deleteRouter(r *request) (any, error) {
	rt, err := owned(r, c.routers, r.PathValue("id"), routerWording)
	if err != nil {
		return nil, err
	}
	if len(rt.interfaces) > 0 {
		return nil, networkRefusal(http.StatusConflict, "RouterInUse", "Router %s still has ports", rt.ID)
	}
	c.disconnect(rt)
	delete(c.routers, rt.ID)
	return nil, nil
}

// A joint is where a router meets a subnet.
type joint struct {
	*router
	subnet *subnet
	port   *port // the user's own; nil: one at the gateway address
}

// joint is what a call about an interface means.
func (c *Cloud) joint(r *request) (joint, error) {
	rt, err := owned(r, c.routers, r.PathValue("id"), routerWording)
	if err != nil {
		return joint{}, err
	}
	var in struct {
		SubnetID string `json:"subnet_id"`
		PortID   string `json:"port_id"`
	}
	if err := decode(r.body, &in); err != nil || in.SubnetID == "" && in.PortID == "" {
		return joint{}, networkRefusal(http.StatusBadRequest, "BadRequest", "Bad router request: Either subnet_id or port_id must be specified.")
	}
	if in.PortID != "" {
		return c.jointAt(r, rt, in.PortID)
	}
	s := c.subnets[in.SubnetID]
	if s == nil || !s.visibleTo(r.who) {
		return joint{}, subnetWording.notFound(in.SubnetID)
	}
	return joint{rt, s, nil}, nil
}

// jointAt is a router's joint at a port that the caller sees.
func (c *Cloud) jointAt(r *request, rt *router, portID string) (joint, error) {
	p := c.ports[portID]
	if p == nil || !p.visibleTo(r.who) {
		return joint{}, portWording.notFound(portID)
	}
	if len(p.FixedIPs) == 0 {
		return joint{}, networkRefusal(http.StatusBadRequest, "BadRequest", "Bad router request: Router port must have at least one fixed IP")
	}
	return joint{rt, c.subnets[p.FixedIPs[0].SubnetID], p}, nil
}

// fits refuses a subnet with addresses of another that the router is on, outside too.
func (j joint) fits(c *Cloud) error {
	ports := slices.Clone(j.interfaces)
	if j.gatewayPort != nil {
		ports = append(ports, j.gatewayPort)
	}
	for _, p := range ports {
		for _, ip := range p.FixedIPs {
			if other := c.subnets[ip.SubnetID]; other != j.subnet && other.CIDR.Overlaps(j.subnet.CIDR.Prefix) {
				return networkRefusal(http.StatusBadRequest, "BadRequest", "Bad router request: Cidr %s of subnet %s overlaps with cidr %s of subnet %s.",
					j.subnet.CIDR, j.subnet.ID, other.CIDR, other.ID)
			}
		}
	}
	return nil
}

func (c *Cloud) addInterface(r *request) (any, error) {
	j, err := c.joint(r)
	if err != nil {
		return nil, err
	}
	if err := j.fits(c); err != nil {
		return nil, err
	}
	p, err := c.join(j)
	if err != nil {
		return nil, err
	}
	return interfaceView(j.router, p, j.subnet), nil
}

func (c *Cloud) removeInterface(r *request) (any, error) {
	j, err := c.joint(r)
	if err != nil {
		return nil, err
	}
	rt, s := j.router, j.subnet
	p := rt.on(s.ID)
	if p == nil {
		return nil, networkRefusal(http.StatusNotFound, "RouterInterfaceNotFoundForSubnet",
			"Router %s has no interface on subnet %s", rt.ID, s.ID)
	}
	for _, f := range c.floatingIPs {
		if f.RouterID != nil && *f.RouterID == rt.ID && f.subnet == s {
			return nil, networkRefusal(http.StatusConflict, "RouterInterfaceInUseByFloatingIP",
				"Router interface for subnet %s on router %s cannot be deleted, as it is required by one or more floating IPs.", s.ID, rt.ID)
		}
	}
	c.unplug(p)
	rt.interfaces = keep(rt.interfaces, func(other *port) bool { return other != p })
	c.touch(rt)
	return interfaceView(rt, p, s), nil
}

func interfaceView(rt *router, p *port, s *subnet) any {
	return map[string]any{
		"id": rt.ID, "tenant_id": rt.ProjectID, "port_id": p.ID, "network_id": s.NetworkID,
		"subnet_id": s.ID, "subnet_ids": []string{s.ID},
	}
}
