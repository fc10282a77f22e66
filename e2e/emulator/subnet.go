package emulator

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
)

// A subnet is a range of addresses of a network.
type subnet struct {
	standard
	Name            string      `json:"name"`
	NetworkID       string      `json:"network_id"`
	IPVersion       int         `json:"ip_version"`
	SubnetPool      *string     `json:"subnetpool_id"`
	EnableDHCP      bool        `json:"enable_dhcp"`
	RAMode          *string     `json:"ipv6_ra_mode"`
	AddressMode     *string     `json:"ipv6_address_mode"`
	GatewayIP       *netip.Addr `json:"gateway_ip"`
	CIDR            cidr        `json:"cidr"`
	AllocationPools []span      `json:"allocation_pools"`
	HostRoutes      []any       `json:"host_routes"`
	DNSNameservers  []string    `json:"dns_nameservers"`
	ServiceTypes    []string    `json:"service_types"`

	network   *network
	addresses addresses
}

var subnetWording = wording{"Subnet", "Subnet %s could not be found."}

var subnetListing = listing[*subnet]{
	collection: "subnets",
	tags:       standardTags[*subnet],
	view:       (*subnet).view,
	columns: standardColumns(columns[*subnet]{
		"name":        func(s *subnet) string { return s.Name },
		"network_id":  func(s *subnet) string { return s.NetworkID },
		"ip_version":  func(s *subnet) string { return strconv.Itoa(s.IPVersion) },
		"cidr":        func(s *subnet) string { return s.CIDR.String() },
		"enable_dhcp": func(s *subnet) string { return strconv.FormatBool(s.EnableDHCP) },
		"shared":      func(s *subnet) string { return strconv.FormatBool(s.network.Shared) },
		"gateway_ip":  func(s *subnet) string { return addressText(s.GatewayIP) },
	}),
}

// visibleTo reports whether a caller sees the subnet: the owner, and everybody
// when the network is shared. Being external is not enough.
func (s *subnet) visibleTo(t *token) bool { return t.owns(s.ProjectID) || s.network.Shared }

func (s *subnet) view() any { return *s }

var subnetAttributes = []string{
	"name", "description", "network_id", "ip_version", "cidr", "gateway_ip", "allocation_pools", "enable_dhcp",
	"dns_nameservers", "host_routes", "service_types", "ipv6_ra_mode", "ipv6_address_mode", "project_id", "tenant_id",
}

func (c *Cloud) createSubnet(r *request) (any, error) {
	in, err := r.given("subnet", subnetAttributes...)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"network_id", "cidr", "ip_version"} {
		if err := in.requires(name); err != nil {
			return nil, err
		}
	}
	n, err := owned(r, c.networks, in.text("network_id"), networkWording)
	if err != nil {
		return nil, err
	}
	projectID, err := r.projectFor(in, "create_subnet")
	if err != nil {
		return nil, err
	}
	if err := c.withinNetworkQuota(projectID, "subnet"); err != nil {
		return nil, err
	}
	s := &subnet{
		standard: c.newStandard(projectID), EnableDHCP: true, network: n,
		HostRoutes: []any{}, DNSNameservers: []string{}, ServiceTypes: []string{},
	}
	if err := in.onto(s); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	s.ProjectID, s.TenantID = projectID, projectID
	_, chosen := in["gateway_ip"]
	s.lay(chosen)
	if err := s.fits(n); err != nil {
		return nil, err
	}
	c.addSubnet(s)
	return map[string]any{"subnet": s.view()}, nil
}

// lay completes what the request left to Neutron: gateway and allocation pools.
func (s *subnet) lay(gatewayChosen bool) {
	if !gatewayChosen {
		s.GatewayIP = new(s.CIDR.gateway())
	}
	if s.AllocationPools == nil {
		s.AllocationPools = s.CIDR.pools(s.GatewayIP)
	}
	s.addresses = newAddresses(s.AllocationPools)
}

func (s *subnet) fits(n *network) error {
	for _, other := range n.subnets {
		if other.CIDR.Overlaps(s.CIDR.Prefix) {
			return networkRefusal(http.StatusBadRequest, "InvalidInput",
				"Invalid input for operation: Requested subnet with cidr: %s for network: %s overlaps with another subnet.", s.CIDR, n.ID)
		}
	}
	return s.CIDR.holds(s.AllocationPools)
}

// holds refuses pools that are not ranges of the subnet, each apart from the others.
func (c cidr) holds(pools []span) error {
	for i, p := range pools {
		switch {
		case p.End.Less(p.Start):
			return networkRefusal(http.StatusBadRequest, "InvalidAllocationPool", "The allocation pool %s is not valid.", p)
		case !c.Contains(p.Start) || !c.Contains(p.End):
			return networkRefusal(http.StatusBadRequest, "OutOfBoundsAllocationPool",
				"The allocation pool %s spans beyond the subnet cidr %s.", p, c)
		}
		if at := slices.IndexFunc(pools[:i], p.overlaps); at >= 0 {
			return networkRefusal(http.StatusConflict, "OverlappingAllocationPools",
				"Found overlapping allocation pools: %s %s for subnet %s.", pools[at], p, c)
		}
	}
	return nil
}

func (c *Cloud) addSubnet(s *subnet) {
	c.subnets[s.ID] = s
	s.network.subnets = append(s.network.subnets, s)
	c.touch(s.network)
}

func (c *Cloud) showSubnet(r *request) (any, error) {
	s := c.subnets[r.PathValue("id")]
	if s == nil || !s.visibleTo(r.who) {
		return nil, subnetWording.notFound(r.PathValue("id"))
	}
	return map[string]any{"subnet": pick(s.view(), r.URL.Query()["fields"])}, nil
}

func (c *Cloud) listSubnets(r *request) (any, error) {
	rows := keep(slices.Collect(maps.Values(c.subnets)), func(s *subnet) bool { return s.visibleTo(r.who) })
	return networkList(r, subnetListing, rows)
}

func (c *Cloud) updateSubnet(r *request) (any, error) {
	s, err := owned(r, c.subnets, r.PathValue("id"), subnetWording)
	if err != nil {
		return nil, err
	}
	in, err := r.given("subnet", "name", "description", "gateway_ip", "allocation_pools", "enable_dhcp", "dns_nameservers", "host_routes", "service_types")
	if err != nil {
		return nil, err
	}
	if err := r.revised(&s.standard); err != nil {
		return nil, err
	}
	asked := subnet{}
	if err := in.onto(&asked); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	if err := s.CIDR.holds(asked.AllocationPools); err != nil {
		return nil, err
	}
	if in["allocation_pools"] != nil {
		s.AllocationPools = nil // lest the new ones be written over the old
	}
	if err := in.onto(s); err != nil {
		return nil, badNetworkRequest("Invalid input: %v", err)
	}
	s.addresses.follow(s.AllocationPools)
	c.touch(s)
	return map[string]any{"subnet": s.view()}, nil
}

func (c *Cloud) deleteSubnet(r *request) (any, error) {
	s, err := owned(r, c.subnets, r.PathValue("id"), subnetWording)
	if err != nil {
		return nil, err
	}
	if s.addresses.any() {
		return nil, networkRefusal(http.StatusConflict, "SubnetInUse",
			"Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet.", s.ID)
	}
	s.network.subnets = keep(s.network.subnets, func(other *subnet) bool { return other != s })
	delete(c.subnets, s.ID)
	return nil, nil
}
