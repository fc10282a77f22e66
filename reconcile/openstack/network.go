package openstack

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"

	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/network"
)

// Laid looks at what is there of a site, and in its way. Of what was known before, the
// external network is not asked for again.
func (c *Client) Laid(ctx context.Context, site network.Site, known network.There) (there network.There, err error) {
	s, err := c.login(ctx)
	if err != nil {
		return there, err
	}
	ours := query{"project_id": {s.project}}
	found, err := s.networksOf(ctx, ours)
	if err != nil {
		return there, err
	}
	there.Networks = byID(found)
	if there.Subnets, err = s.subnetsOf(ctx, ours); err != nil {
		return there, err
	}
	if there.Routers, err = s.routersFor(ctx, site); err != nil {
		return there, err
	}
	if there.External, there.ExternalSubnets = known.External, known.ExternalSubnets; site.External != "" && known.External.ID == "" {
		if err = s.wayOut(ctx, site, &there); err != nil {
			return there, err
		}
	}
	if there.Ports, err = s.portsInTheWay(ctx, site, there); err != nil {
		return there, err
	}
	return c.Served(ctx, site, there)
}

// Served is what was known, with the load balancers as they are now. They are looked at only
// if one is wanted: networks can be laid before there is Octavia.
func (c *Client) Served(ctx context.Context, site network.Site, known network.There) (network.There, error) {
	if len(site.APIServers) == 0 {
		return known, nil
	}
	s, err := c.meet(ctx)
	if err == nil {
		known.Balancers, err = s.balancersOf(ctx, []netip.Addr{site.VIP()})
	}
	return known, err
}

// byID are the values of a map in the order of their keys.
func byID[T any](m map[string]T) []T {
	var all []T
	for _, id := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[id])
	}
	return all
}

func (s *session) subnetsOf(ctx context.Context, q query) (known []ground.Subnet, err error) {
	found, err := all[subnets.Subnet](ctx, "subnets", "subnets", subnets.List(s.network, q))
	for _, one := range found {
		subnet, err := groundSubnet(one)
		if err != nil {
			return nil, err
		}
		known = append(known, subnet)
	}
	return known, err
}

// routersFor are the project's, and the one that was asked for.
func (s *session) routersFor(ctx context.Context, site network.Site) ([]ground.Router, error) {
	known, err := s.routersOf(ctx, query{"project_id": {s.project}})
	if err == nil && site.Router != "" && known[site.Router].ID == "" {
		var named map[string]ground.Router
		named, err = s.routersOf(ctx, query{"id": {site.Router}})
		maps.Copy(known, named)
	}
	return byID(known), err
}

// wayOut looks at the external network.
func (s *session) wayOut(ctx context.Context, site network.Site, there *network.There) error {
	found, err := s.networksOf(ctx, query{"id": {site.External}})
	if there.External = found[site.External]; err != nil {
		return err
	}
	there.ExternalSubnets, err = s.subnetsOf(ctx, query{"network_id": {site.External}})
	return err
}

// portsInTheWay are those on networks that are the site's, and of its router.
func (s *session) portsInTheWay(ctx context.Context, site network.Site, there network.There) ([]ground.Port, error) {
	laid := site.Laid(there)
	known := map[string]ground.Port{}
	var queries []query
	for _, one := range laid.Subnets {
		if one.Network.ID != "" {
			queries = append(queries, query{"network_id": {one.Network.ID}})
		}
	}
	if laid.Router.ID != "" {
		queries = append(queries, query{"device_id": {laid.Router.ID}})
	}
	for _, q := range queries {
		found, err := s.portsOf(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			known[p.ID] = p
		}
	}
	return byID(known), nil
}

// Lay takes one step for a cluster, in one call.
func (c *Client) Lay(ctx context.Context, cluster string, step network.Step) error {
	s, err := c.login(ctx)
	if err != nil {
		return err
	}
	mark := network.Mark(cluster) + " made by octagate network"
	switch step := step.(type) {
	case network.MakeNetwork:
		err = networks.Create(ctx, s.network, networks.CreateOpts{Name: step.Name, Description: mark}).Err
	case network.MakeSubnet:
		err = subnets.Create(ctx, s.network, newSubnet(step, mark)).Err
	case network.SetPool:
		pools := []subnets.AllocationPool{{Start: step.Pool.First.String(), End: step.Pool.Last.String()}}
		err = subnets.Update(ctx, s.network, step.ID, subnets.UpdateOpts{AllocationPools: pools}).Err
	case network.MakePort:
		fixed := []ports.IP{{SubnetID: step.SubnetID, IPAddress: step.Subnet.Gateway.String()}}
		err = ports.Create(ctx, s.network, ports.CreateOpts{NetworkID: step.NetworkID, Name: step.Subnet.Port, Description: mark, FixedIPs: fixed}).Err
	default:
		err = c.layFurther(ctx, s, mark, step)
	}
	if err != nil {
		return fmt.Errorf("trying to %s: %w", step, refusal(err))
	}
	return nil
}

// layFurther takes the steps on routers, and on load balancers.
func (c *Client) layFurther(ctx context.Context, s *session, mark string, step network.Step) error {
	switch step := step.(type) {
	case network.MakeRouter:
		opts := routers.CreateOpts{Name: step.Name, Description: mark}
		if step.External != "" {
			opts.GatewayInfo = &routers.GatewayInfo{NetworkID: step.External}
		}
		return routers.Create(ctx, s.network, opts).Err
	case network.SetExternal:
		return routers.Update(ctx, s.network, step.ID, routers.UpdateOpts{GatewayInfo: &routers.GatewayInfo{NetworkID: step.External}}).Err
	case network.AddPort:
		return routers.AddInterface(ctx, s.network, step.RouterID, routers.AddInterfaceOpts{PortID: step.PortID}).Err
	}
	s, err := c.meet(ctx)
	if err != nil {
		return err
	}
	return s.layBalancer(ctx, mark, step)
}

func newSubnet(step network.MakeSubnet, mark string) subnets.CreateOpts {
	want, version := step.Subnet, gophercloud.IPv4
	if want.CIDR.Addr().Is6() {
		version = gophercloud.IPv6
	}
	return subnets.CreateOpts{
		NetworkID: step.NetworkID, Name: want.Name, Description: mark, CIDR: want.CIDR.String(), GatewayIP: new(want.Gateway.String()),
		AllocationPools: []subnets.AllocationPool{{Start: want.Pool.First.String(), End: want.Pool.Last.String()}},
		EnableDHCP:      new(false), // Pods have no need of it
		IPVersion:       version,
	}
}

// layBalancer takes a step on the API's load balancer.
func (s *session) layBalancer(ctx context.Context, mark string, step network.Step) error {
	switch step := step.(type) {
	case network.MakeBalancer:
		return loadbalancers.Create(ctx, s.balance, loadbalancers.CreateOpts{
			Name: network.Name, Description: mark, VipAddress: step.VIP.String(), VipSubnetID: step.SubnetID, Provider: step.Provider,
		}).Err
	case network.RemoveBalancer:
		return gone(loadbalancers.Delete(ctx, s.balance, step.ID, loadbalancers.DeleteOpts{Cascade: true}).ExtractErr())
	case network.MakePool:
		return pools.Create(ctx, s.balance, pools.CreateOpts{
			LoadbalancerID: step.BalancerID, Name: network.Under(step.Protocol), Description: mark,
			Protocol: pools.Protocol(step.Protocol), LBMethod: pools.LBMethod(step.Algorithm),
		}).Err
	case network.MakeMember:
		return pools.CreateMember(ctx, s.balance, step.PoolID, pools.CreateMemberOpts{
			Name: step.Server.Addr().String(), Address: step.Server.Addr().String(), ProtocolPort: int(step.Server.Port()),
		}).Err
	case network.RemoveMember:
		return gone(pools.DeleteMember(ctx, s.balance, step.PoolID, step.ID).ExtractErr())
	case network.MakeListener:
		return listeners.Create(ctx, s.balance, listeners.CreateOpts{
			LoadbalancerID: step.BalancerID, DefaultPoolID: step.PoolID, Name: network.Under(step.Protocol), Description: mark,
			Protocol: listeners.Protocol(step.Protocol), ProtocolPort: network.APIPort,
		}).Err
	}
	return fmt.Errorf("%T is no step that this cloud can take", step)
}
