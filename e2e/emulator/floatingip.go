package emulator

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
)

// A floatingIP is an address of an external network that can lead to a port.
type floatingIP struct {
	standard
	Address   netip.Addr   `json:"floating_ip_address"`
	NetworkID string       `json:"floating_network_id"`
	RouterID  *string      `json:"router_id"`
	PortID    *string      `json:"port_id"`
	FixedIP   *netip.Addr  `json:"fixed_ip_address"`
	Status    string       `json:"status"`
	QoSPolicy *string      `json:"qos_policy_id"`
	Details   *portDetails `json:"port_details"`

	outer  *port // has the address on the external network
	port   *port
	subnet *subnet // of FixedIP
}

// portDetails is what a floating IP tells about its port.
type portDetails struct {
	Name         string `json:"name"`
	NetworkID    string `json:"network_id"`
	MAC          string `json:"mac_address"`
	AdminStateUp bool   `json:"admin_state_up"`
	Status       string `json:"status"`
	DeviceID     string `json:"device_id"`
	DeviceOwner  string `json:"device_owner"`
}

var floatingIPWording = wording{"FloatingIP", "Floating IP %s could not be found"}

var floatingIPListing = listing[*floatingIP]{
	collection: "floatingips",
	tags:       standardTags[*floatingIP],
	view:       (*floatingIP).view,
	columns: standardColumns(columns[*floatingIP]{
		"floating_ip_address": func(f *floatingIP) string { return f.Address.String() },
		"floating_network_id": func(f *floatingIP) string { return f.NetworkID },
		"router_id":           func(f *floatingIP) string { return text(f.RouterID) },
		"port_id":             func(f *floatingIP) string { return text(f.PortID) },
		"status":              func(f *floatingIP) string { return f.Status },
		"fixed_ip_address":    func(f *floatingIP) string { return addressText(f.FixedIP) },
	}),
}

func (f *floatingIP) view() any {
	v := *f
	if p := f.port; p != nil {
		v.Details = &portDetails{p.Name, p.NetworkID, p.MAC, p.AdminStateUp, p.Status, p.DeviceID, p.DeviceOwner}
	}
	return v
}

// dissociate lets a floating IP point nowhere.
func (f *floatingIP) dissociate() {
	if f.port != nil {
		f.port.floating = keep(f.port.floating, func(other *floatingIP) bool { return other != f })
	}
	f.port, f.subnet, f.PortID, f.RouterID, f.FixedIP = nil, nil, nil, nil, nil
}

// A target is where a floating IP is to lead.
type target struct {
	port   *port
	ip     fixedIP
	router *router
}

func (f *floatingIP) associate(t target, s *subnet) {
	f.dissociate()
	f.port, f.subnet = t.port, s
	f.PortID, f.RouterID, f.FixedIP = new(t.port.ID), new(t.router.ID), new(t.ip.Address)
	t.port.floating = append(t.port.floating, f)
}

func (c *Cloud) createFloatingIP(r *request) (any, error) {
	in, err := r.given("floatingip", "floating_network_id", "floating_ip_address", "subnet_id", "port_id", "fixed_ip_address",
		"description", "project_id", "tenant_id", "qos_policy_id")
	if err != nil {
		return nil, err
	}
	if err := in.requires("floating_network_id"); err != nil {
		return nil, err
	}
	projectID, err := r.projectFor(in, "create_floatingip")
	if err != nil {
		return nil, err
	}
	if in["floating_ip_address"] != nil && !r.who.admin() {
		return nil, notAuthorized("rule:create_floatingip and rule:create_floatingip:floating_ip_address")
	}
	if err := c.withinNetworkQuota(projectID, "floatingip"); err != nil {
		return nil, err
	}
	n, w, err := c.externalWish(r, in)
	if err != nil {
		return nil, err
	}
	f, err := c.newFloatingIP(n, w, projectID)
	if err != nil {
		return nil, err
	}
	f.Description = in.text("description")
	if in["port_id"] != nil {
		if err := c.point(r, f, in); err != nil {
			c.unplug(f.outer)
			return nil, err
		}
	}
	c.floatingIPs[f.ID] = f
	return map[string]any{"floatingip": f.view()}, nil
}

// externalWish is what a new floating IP wants of which external network.
func (c *Cloud) externalWish(r *request, in object) (*network, wish, error) {
	n, err := c.network(r, in.text("floating_network_id"))
	if err != nil {
		return nil, wish{}, err
	}
	if !n.External {
		return nil, wish{}, badFloatingIP("Network %s is not a valid external network.", n.ID)
	}
	var w struct {
		Address  netip.Addr `json:"floating_ip_address"`
		SubnetID string     `json:"subnet_id"`
	}
	if err := in.onto(&w); err != nil {
		return nil, wish{}, badNetworkRequest("Invalid input for floating_ip_address. Reason: '%v' is not a valid IP address.", in["floating_ip_address"])
	}
	return n, wish{w.SubnetID, w.Address}, nil
}

// newFloatingIP takes an address of an external network, with a port of Neutron's own.
func (c *Cloud) newFloatingIP(n *network, w wish, projectID string) (*floatingIP, error) {
	f := &floatingIP{standard: c.newStandard(projectID), NetworkID: n.ID, Status: "DOWN", outer: c.newPort(n, "")}
	f.outer.DeviceOwner, f.outer.DeviceID, f.outer.Status, f.outer.PortSecurity = ownerFloating, f.ID, "N/A", false
	if err := c.plug(f.outer, w); err != nil {
		return nil, err
	}
	f.Address = f.outer.FixedIPs[0].Address
	return f, nil
}

func badFloatingIP(format string, args ...any) error {
	return networkRefusal(http.StatusBadRequest, "BadRequest", "Bad floatingip request: "+format, args...)
}

// point leads a floating IP to the port that a request names.
func (c *Cloud) point(r *request, f *floatingIP, in object) error {
	t, err := c.targetOf(r, f, in)
	if err != nil {
		return err
	}
	for _, other := range t.port.floating {
		if other != f && other.NetworkID == f.NetworkID && *other.FixedIP == t.ip.Address {
			return networkRefusal(http.StatusConflict, "FloatingIPPortAlreadyAssociated",
				"Cannot associate floating IP %s (%s) with port %s using fixed IP %s, as that fixed IP already has a floating IP on external network %s.",
				f.Address, f.ID, t.port.ID, t.ip.Address, f.NetworkID)
		}
	}
	f.associate(t, c.subnets[t.ip.SubnetID])
	return nil
}

func (c *Cloud) targetOf(r *request, f *floatingIP, in object) (target, error) {
	p := c.ports[in.text("port_id")]
	if p == nil || !p.visibleTo(r.who) {
		return target{}, portWording.notFound(in.text("port_id"))
	}
	wanted := in.text("fixed_ip_address")
	i := slices.IndexFunc(p.FixedIPs, func(ip fixedIP) bool {
		return ip.Address.Is4() && (wanted == "" || wanted == ip.Address.String())
	})
	if i < 0 {
		return target{}, badFloatingIP("Port %s does not have fixed ip %s.", p.ID, wanted)
	}
	for _, rt := range c.routers {
		if rt.reaches(p.FixedIPs[i].SubnetID, f.NetworkID) {
			return target{p, p.FixedIPs[i], rt}, nil
		}
	}
	return target{}, networkRefusal(http.StatusNotFound, "ExternalGatewayForFloatingIPNotFound",
		"External network %s is not reachable from subnet %s.  Therefore, cannot associate Port %s with a Floating IP.",
		f.NetworkID, p.FixedIPs[i].SubnetID, p.ID)
}

func (c *Cloud) showFloatingIP(r *request) (any, error) {
	f, err := owned(r, c.floatingIPs, r.PathValue("id"), floatingIPWording)
	if err != nil {
		return nil, err
	}
	return map[string]any{"floatingip": pick(f.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listFloatingIPs(r *request) (any, error) {
	var wanted []netip.Addr // looked for first: there may be thousands of others
	for _, text := range r.URL.Query()["floating_ip_address"] {
		a, _ := netip.ParseAddr(text)
		wanted = append(wanted, a)
	}
	rows := keep(slices.Collect(maps.Values(c.floatingIPs)), func(f *floatingIP) bool {
		return r.who.owns(f.ProjectID) && (wanted == nil || slices.Contains(wanted, f.Address))
	})
	return networkList(r, floatingIPListing, rows)
}

// updateFloatingIP moves a floating IP without asking where it led before: who
// cares says so with If-Match.
func (c *Cloud) updateFloatingIP(r *request) (any, error) {
	f, err := owned(r, c.floatingIPs, r.PathValue("id"), floatingIPWording)
	if err != nil {
		return nil, err
	}
	in, err := r.given("floatingip", "port_id", "fixed_ip_address", "description", "qos_policy_id")
	if err != nil {
		return nil, err
	}
	if err := r.revised(&f.standard); err != nil {
		return nil, err
	}
	if id, given := in["port_id"]; given && id == nil {
		f.dissociate()
	} else if given {
		if err := c.point(r, f, in); err != nil {
			return nil, err
		}
	}
	if in["description"] != nil {
		f.Description = in.text("description")
	}
	c.touch(f)
	return map[string]any{"floatingip": f.view()}, nil
}

func (c *Cloud) deleteFloatingIP(r *request) (any, error) {
	f, err := owned(r, c.floatingIPs, r.PathValue("id"), floatingIPWording)
	if err != nil {
		return nil, err
	}
	if err := r.revised(&f.standard); err != nil {
		return nil, err
	}
	f.dissociate()
	c.unplug(f.outer)
	delete(c.floatingIPs, f.ID)
	return nil, nil
}
