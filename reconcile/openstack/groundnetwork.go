package openstack

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/octavia"
)

func (v survey) neutron(ctx context.Context, g *ground.Cloud) error {
	return in(ctx, g, v.extensions, v.subnets, v.networks, v.ports, v.routers, v.groups, v.floating, v.networkQuota)
}

func (v survey) extensions(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Extensions, func() (aliases []string, err error) {
		found, err := all[extensions.Extension](ctx, "extensions", "extensions", extensions.List(v.network))
		for _, e := range found {
			aliases = append(aliases, e.Alias)
		}
		return aliases, err
	})
}

func (v survey) subnets(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Subnets, func() (map[string]ground.Subnet, error) {
		known := map[string]ground.Subnet{}
		found, err := all[subnets.Subnet](ctx, "subnets", "subnets", subnets.List(v.network, query{"id": v.Subnets()}))
		for _, one := range found {
			if known[one.ID], err = groundSubnet(one); err != nil {
				return nil, err
			}
		}
		return known, err
	})
}

func groundSubnet(s subnets.Subnet) (ground.Subnet, error) {
	fact, err := subnetFact(s)
	return ground.Subnet{Subnet: fact, Name: s.Name, Description: s.Description}, err
}

// A shownNetwork is a network as Neutron shows it, with what gophercloud has apart.
type shownNetwork struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	External    bool     `json:"router:external"`
	Subnets     []string `json:"subnets"`
}

func (v survey) networks(ctx context.Context, g *ground.Cloud) error {
	var ids []string
	if v.ExternalNetwork != "" {
		ids = append(ids, v.ExternalNetwork)
	}
	known, _ := g.Subnets.Look()
	for _, s := range known {
		ids = append(ids, s.Network)
	}
	slices.Sort(ids)
	return learned(&g.Networks, func() (map[string]ground.Network, error) {
		return v.networksOf(ctx, query{"id": slices.Compact(ids)})
	})
}

// networksOf are those that a query finds, by their IDs.
func (s *session) networksOf(ctx context.Context, q query) (map[string]ground.Network, error) {
	known := map[string]ground.Network{}
	if ids, asked := q["id"]; asked && len(ids) == 0 {
		return known, nil
	}
	found, err := all[shownNetwork](ctx, "networks", "networks", networks.List(s.network, q))
	for _, n := range found {
		known[n.ID] = ground.Network(n)
	}
	return known, err
}

// A shownPort is a port as Neutron shows it, with what gophercloud has apart.
type shownPort struct {
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	Network     string              `json:"network_id"`
	Project     string              `json:"project_id"`
	Owner       string              `json:"device_owner"`
	Device      string              `json:"device_id"`
	Status      string              `json:"status"`
	FixedIPs    []ports.IP          `json:"fixed_ips"`
	Groups      []string            `json:"security_groups"`
	Pairs       []ports.AddressPair `json:"allowed_address_pairs"`
	Filtered    *bool               `json:"port_security_enabled"` // nil: it is
}

var portFields = []string{"id", "name", "description", "network_id", "project_id", "device_owner", "device_id", "status", "fixed_ips",
	"security_groups", "allowed_address_pairs", "port_security_enabled"}

func (v survey) ports(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Ports, func() ([]ground.Port, error) {
		return v.portsOf(ctx, query{"fixed_ips": within(v.Subnets())})
	})
}

// portsOf are those that a query finds, in no order.
func (s *session) portsOf(ctx context.Context, q query) ([]ground.Port, error) {
	q["fields"] = portFields
	found, err := all[shownPort](ctx, "ports", "ports", ports.List(s.network, q))
	var known []ground.Port
	for _, p := range found {
		known = append(known, s.port(p))
	}
	return known, err
}

func (s *session) port(p shownPort) ground.Port {
	port := ground.Port{
		ID: p.ID, Name: p.Name, Description: p.Description, Network: p.Network, Owner: p.Owner, Device: p.Device, Status: p.Status,
		Groups: p.Groups, Open: p.Filtered != nil && !*p.Filtered, Ours: p.Project == s.project,
	}
	for _, ip := range p.FixedIPs {
		if a, err := netip.ParseAddr(ip.IPAddress); err == nil {
			port.Addresses = append(port.Addresses, ground.Address{Subnet: ip.SubnetID, IP: a})
		}
	}
	for _, pair := range p.Pairs {
		if a, err := netip.ParseAddr(pair.IPAddress); err == nil {
			port.Beside = append(port.Beside, a)
		}
	}
	return port
}

// routers looks at those with a port in one of the subnets.
func (v survey) routers(ctx context.Context, g *ground.Cloud) error {
	var ids []string
	known, why := g.Ports.Look()
	if why != "" {
		g.Routers = ground.Unknown[map[string]ground.Router](why)
		return nil
	}
	for _, p := range known {
		if p.Routes() {
			ids = append(ids, p.Device)
		}
	}
	slices.Sort(ids)
	return learned(&g.Routers, func() (map[string]ground.Router, error) {
		if len(ids) == 0 {
			return map[string]ground.Router{}, nil
		}
		return v.routersOf(ctx, query{"id": slices.Compact(ids)})
	})
}

// routersOf are those that a query finds, by their IDs.
func (s *session) routersOf(ctx context.Context, q query) (map[string]ground.Router, error) {
	known := map[string]ground.Router{}
	found, err := all[routers.Router](ctx, "routers", "routers", routers.List(s.network, q))
	for _, r := range found {
		one := ground.Router{
			ID: r.ID, Name: r.Name, Description: r.Description, Status: r.Status, Up: r.AdminStateUp, External: r.GatewayInfo.NetworkID,
		}
		for _, ip := range r.GatewayInfo.ExternalFixedIPs {
			if a, err := netip.ParseAddr(ip.IPAddress); err == nil {
				one.Outside = append(one.Outside, a)
			}
		}
		known[r.ID] = one
	}
	return known, err
}

func (v survey) floating(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.FloatingIPs, func() (known []ground.FloatingIP, err error) {
		found, err := v.floatingIPs(ctx, nil)
		for _, f := range found {
			owner, _ := octavia.DescribedOwner(f.Description)
			known = append(known, ground.FloatingIP{ID: f.ID, Address: f.Address, Network: string(f.NetworkID), Port: f.PortID, FixedIP: f.FixedIP, Owner: owner})
		}
		return known, err
	})
}

// networkQuota is what Neutron lets the project have. gophercloud knows some resources only.
func (v survey) networkQuota(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.NetworkQuota, func() (map[string]ground.Quota, error) {
		var body struct {
			Quota map[string]struct{ Limit, Used int } `json:"quota"`
		}
		_, err := v.network.Get(ctx, v.network.ServiceURL("quotas", v.project, "details.json"), &body, nil)
		if err != nil {
			return nil, fmt.Errorf("reading the quotas of Neutron: %w", refusal(err))
		}
		known := map[string]ground.Quota{}
		for resource, q := range body.Quota {
			known[resource] = ground.Quota{Limit: facts.Limit{Known: true, Most: q.Limit}, Used: q.Used}
		}
		return known, nil
	})
}

// mostIDs is how many IDs one query names, so that its URL does not become too long.
const mostIDs = 50

// groups looks at the security groups of our ports. Those of others are not shown to us.
func (v survey) groups(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Groups, func() (map[string]ground.Group, error) {
		var ids []string
		known, _ := g.Ports.Look()
		for _, p := range known {
			if p.Ours {
				ids = append(ids, p.Groups...)
			}
		}
		slices.Sort(ids)
		shown := map[string]ground.Group{}
		for some := range slices.Chunk(slices.Compact(ids), mostIDs) {
			found, err := all[groups.SecGroup](ctx, "security groups", "security_groups", v.groupsOf(some))
			if err != nil {
				return nil, err
			}
			for _, one := range found {
				shown[one.ID] = group(one)
			}
		}
		return shown, nil
	})
}

// groupsOf lists groups by their IDs, as gophercloud cannot.
func (s *session) groupsOf(ids []string) pagination.Pager {
	text, _ := query{"id": ids}.text()
	return pagination.NewPager(s.network, s.network.ServiceURL("security-groups")+text, nil)
}

// group is what a security group lets in.
func group(g groups.SecGroup) ground.Group {
	known := ground.Group{ID: g.ID, Name: g.Name}
	for _, r := range g.Rules {
		if r.Direction != "ingress" {
			continue
		}
		from, _ := netip.ParsePrefix(r.RemoteIPPrefix)
		known.Rules = append(known.Rules, ground.Rule{
			Six: r.EtherType == "IPv6", Protocol: r.Protocol, First: r.PortRangeMin, Last: r.PortRangeMax, From: from,
			Members: r.RemoteGroupID != "" || r.RemoteAddressGroupID != "",
		})
	}
	return known
}
