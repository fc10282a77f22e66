package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The owners of the ports that Neutron and Octavia make for themselves.
const (
	ownerInterface = "network:router_interface"
	ownerGateway   = "network:router_gateway"
	ownerFloating  = "network:floatingip"
	ownerOctavia   = "Octavia"
)

// A port is a place on a network, with addresses.
type port struct {
	standard
	Name           string    `json:"name"`
	NetworkID      string    `json:"network_id"`
	MAC            string    `json:"mac_address"`
	AdminStateUp   bool      `json:"admin_state_up"`
	Status         string    `json:"status"`
	DeviceID       string    `json:"device_id"`
	DeviceOwner    string    `json:"device_owner"`
	FixedIPs       []fixedIP `json:"fixed_ips"`
	AddressPairs   []any     `json:"allowed_address_pairs"`
	DHCPOptions    []any     `json:"extra_dhcp_opts"`
	SecurityGroups []string  `json:"security_groups"`
	VNICType       string    `json:"binding:vnic_type"`
	PortSecurity   bool      `json:"port_security_enabled"`
	QoSPolicy      *string   `json:"qos_policy_id"`
	QoSNetwork     *string   `json:"qos_network_policy_id"`

	network  *network
	floating []*floatingIP
}

var portWording = wording{"Port", "Port %s could not be found."}

var portListing = listing[*port]{
	collection: "ports",
	tags:       standardTags[*port],
	view:       (*port).view,
	done:       []string{"fixed_ips"},
	columns: standardColumns(columns[*port]{
		"name":           func(p *port) string { return p.Name },
		"network_id":     func(p *port) string { return p.NetworkID },
		"mac_address":    func(p *port) string { return p.MAC },
		"status":         func(p *port) string { return p.Status },
		"device_id":      func(p *port) string { return p.DeviceID },
		"device_owner":   func(p *port) string { return p.DeviceOwner },
		"admin_state_up": func(p *port) string { return strconv.FormatBool(p.AdminStateUp) },
	}),
}

// visibleTo reports whether a caller sees the port: as its owner, or as the owner
// of its network.
func (p *port) visibleTo(t *token) bool { return t.owns(p.ProjectID) || t.owns(p.network.ProjectID) }

func (p *port) view() any { return *p }

// adminView shows what only administrators see: where the port is bound, which is
// nowhere, for lack of hypervisors.
func (p *port) adminView() any {
	type shown struct {
		port
		Profile   struct{} `json:"binding:profile"`
		Host      string   `json:"binding:host_id"`
		VIF       string   `json:"binding:vif_type"`
		VIFDetail struct{} `json:"binding:vif_details"`
		Resources *string  `json:"resource_request"`
	}
	return shown{port: *p, VIF: "unbound"}
}

func (p *port) viewFor(t *token) any {
	if t.admin() {
		return p.adminView()
	}
	return p.view()
}

// newPort is a port without addresses that is not part of the cloud yet.
func (c *Cloud) newPort(n *network, projectID string) *port {
	p := &port{
		standard: c.newStandard(projectID), NetworkID: n.ID, MAC: c.ids.mac(), AdminStateUp: true, Status: "DOWN",
		FixedIPs: []fixedIP{}, AddressPairs: []any{}, DHCPOptions: []any{}, SecurityGroups: []string{},
		VNICType: "normal", PortSecurity: true, network: n,
	}
	p.Revision = 1
	if projectID != "" {
		p.SecurityGroups = []string{c.defaultGroup(projectID).ID}
	}
	return p
}

// plug gives a port its addresses and makes it part of the cloud. No wish means
// one address of any subnet, if the network has subnets at all.
func (c *Cloud) plug(p *port, wishes ...wish) error {
	if len(wishes) == 0 && len(p.network.subnets) > 0 {
		wishes = []wish{{}}
	}
	for _, w := range wishes {
		ip, err := p.network.grant(w)
		if err != nil {
			c.unplug(p)
			return err
		}
		p.FixedIPs = append(p.FixedIPs, ip)
	}
	c.ports[p.ID] = p
	return nil
}

// unplug removes a port; its floating IPs stay, pointing nowhere.
func (c *Cloud) unplug(p *port) {
	for _, ip := range p.FixedIPs {
		c.release(ip)
	}
	for _, f := range slices.Clone(p.floating) {
		f.dissociate()
		c.touch(f)
	}
	delete(c.ports, p.ID)
}

var portAttributes = []string{
	"name", "description", "network_id", "fixed_ips", "admin_state_up", "device_id", "device_owner", "mac_address",
	"security_groups", "allowed_address_pairs", "port_security_enabled", "binding:vnic_type", "project_id", "tenant_id",
}

func (c *Cloud) createPort(r *request) (any, error) {
	in, err := r.given("port", portAttributes...)
	if err != nil {
		return nil, err
	}
	if err := in.requires("network_id"); err != nil {
		return nil, err
	}
	n, err := c.network(r, in.text("network_id"))
	if err != nil {
		return nil, err
	}
	projectID, err := r.projectFor(in, "create_port")
	if err != nil {
		return nil, err
	}
	if err := c.withinNetworkQuota(projectID, "port"); err != nil {
		return nil, err
	}
	p := c.newPort(n, projectID)
	wishes, err := in.takeWishes()
	if err != nil {
		return nil, err
	}
	if err := in.onto(p); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	if err := c.knownGroups(r, p.SecurityGroups); err != nil {
		return nil, err
	}
	p.ProjectID, p.TenantID = projectID, projectID
	if err := c.plug(p, wishes...); err != nil {
		return nil, err
	}
	return map[string]any{"port": p.viewFor(r.who)}, nil
}

// takeWishes removes fixed_ips from the attributes and reads them.
func (o object) takeWishes() ([]wish, error) {
	var in struct {
		Wishes []wish `json:"fixed_ips"`
	}
	if err := o.onto(&in); err != nil {
		return nil, badNetworkRequest("Invalid input for fixed_ips. Reason: %v.", err)
	}
	delete(o, "fixed_ips")
	return in.Wishes, nil
}

func (c *Cloud) showPort(r *request) (any, error) {
	p := c.ports[r.PathValue("id")]
	if p == nil || !p.visibleTo(r.who) {
		return nil, portWording.notFound(r.PathValue("id"))
	}
	return map[string]any{"port": pick(p.viewFor(r.who), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listPorts(r *request) (any, error) {
	wanted := fixedIPFilter(r.URL.Query())
	rows := keep(slices.Collect(maps.Values(c.ports)), func(p *port) bool { return p.visibleTo(r.who) && wanted(p) })
	l := portListing
	if r.who.admin() {
		l.view = (*port).adminView
	}
	return networkList(r, l, rows)
}

// fixedIPFilter reads fixed_ips=ip_address=X, subnet_id=X and ip_address_substr=X:
// a port has to satisfy each kind of them.
func fixedIPFilter(q url.Values) func(*port) bool {
	wanted := map[string][]string{}
	for _, pair := range q["fixed_ips"] {
		kind, value, _ := strings.Cut(pair, "=")
		wanted[kind] = append(wanted[kind], value)
	}
	return func(p *port) bool {
		for kind, values := range wanted {
			if !slices.ContainsFunc(p.FixedIPs, func(ip fixedIP) bool { return ip.is(kind, values) }) {
				return false
			}
		}
		return true
	}
}

func (ip fixedIP) is(kind string, values []string) bool {
	switch kind {
	case "ip_address":
		return slices.Contains(values, ip.Address.String())
	case "subnet_id":
		return slices.Contains(values, ip.SubnetID)
	case "ip_address_substr":
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(ip.Address.String(), v) })
	}
	return false
}

func (c *Cloud) updatePort(r *request) (any, error) {
	p, err := owned(r, c.ports, r.PathValue("id"), portWording)
	if err != nil {
		return nil, err
	}
	in, err := r.given("port", "name", "description", "admin_state_up", "device_id", "device_owner", "security_groups",
		"allowed_address_pairs", "port_security_enabled", "binding:vnic_type")
	if err != nil {
		return nil, err
	}
	if err := r.revised(&p.standard); err != nil {
		return nil, err
	}
	if err := c.knownGroups(r, in.texts("security_groups")); err != nil {
		return nil, err
	}
	if err := in.onto(p); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	c.touch(p)
	return map[string]any{"port": p.viewFor(r.who)}, nil
}

func (c *Cloud) deletePort(r *request) (any, error) {
	p, err := owned(r, c.ports, r.PathValue("id"), portWording)
	if err != nil {
		return nil, err
	}
	if slices.Contains([]string{ownerInterface, ownerGateway, ownerFloating}, p.DeviceOwner) {
		return nil, networkRefusal(http.StatusConflict, "ServicePortInUse",
			"Port %s cannot be deleted directly via the port API: has device owner %s.", p.ID, p.DeviceOwner)
	}
	if err := r.revised(&p.standard); err != nil {
		return nil, err
	}
	c.unplug(p)
	return nil, nil
}
