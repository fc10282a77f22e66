package openstack

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
	"golang.org/x/sync/errgroup"

	"github.com/octagate/octagate/policy/facts"
)

// A kind is one kind of facts, and how the cloud is asked for them.
type kind struct {
	of   facts.Kinds // 0: of none as a whole
	name string      // as logs have it
	ask  func(context.Context, *session, *Facts) (telling, error)
}

// kinds are all that there is to know of the cloud.
var kinds = []kind{
	{facts.FloatingIPs, ofFloatingIPs, askFloatingIPs},
	{facts.Subnets, "subnets", askSubnets},
	{facts.Ports, "ports", askPorts},
	{facts.Balancers, "load balancers", askBalancers},
	{facts.Externals, "external networks", askExternals},
	{facts.Routes, "routers", askRoutes},
	{facts.Octavia, "version of Octavia", askVersion},
	{facts.Providers, "providers", askProviders},
	{facts.Flavors, "flavors", askFlavors},
	{facts.Zones, "availability zones", askZones},
	{facts.BalancerLimits, "quota of load balancers", askBalancerLimits},
	{facts.FloatingIPLimit, "quota of floating IPs", askFloatingIPLimit},
}

// A query is what a list is filtered and cut to. The options of gophercloud know
// neither fields nor several values of one filter.
type query url.Values

func (q query) text() (string, error) { return "?" + url.Values(q).Encode(), nil }

// ToFloatingIPListQuery implements floatingips.ListOptsBuilder.
func (q query) ToFloatingIPListQuery() (string, error) { return q.text() }

// ToSubnetListQuery implements subnets.ListOptsBuilder.
func (q query) ToSubnetListQuery() (string, error) { return q.text() }

// ToPortListQuery implements ports.ListOptsBuilder.
func (q query) ToPortListQuery() (string, error) { return q.text() }

// ToNetworkListQuery implements networks.ListOptsBuilder.
func (q query) ToNetworkListQuery() (string, error) { return q.text() }

// ToRouterListQuery implements routers.ListOptsBuilder.
func (q query) ToRouterListQuery() (string, error) { return q.text() }

// ToLoadBalancerListQuery implements loadbalancers.ListOptsBuilder.
func (q query) ToLoadBalancerListQuery() (string, error) { return q.text() }

// ToListenerListQuery implements listeners.ListOptsBuilder.
func (q query) ToListenerListQuery() (string, error) { return q.text() }

// ToPoolListQuery implements pools.ListOptsBuilder.
func (q query) ToPoolListQuery() (string, error) { return q.text() }

// ToMonitorListQuery implements monitors.ListOptsBuilder.
func (q query) ToMonitorListQuery() (string, error) { return q.text() }

// askSubnets looks for the subnets that are configured.
func askSubnets(ctx context.Context, s *session, f *Facts) (telling, error) {
	ids, known := slices.Concat(f.ServiceSubnets, f.PodSubnets), map[string]facts.Subnet{}
	for _, id := range ids {
		known[id] = facts.Subnet{}
	}
	filter := query{"id": ids, "fields": {"id", "network_id", "cidr", "gateway_ip", "allocation_pools"}}
	found, err := all[subnets.Subnet](ctx, "subnets", "subnets", subnets.List(s.network, filter))
	for _, one := range found {
		if known[one.ID], err = subnetFact(one); err != nil {
			return nil, err
		}
	}
	return func(s *facts.Snapshot) { s.Subnets = known }, err
}

func subnetFact(s subnets.Subnet) (facts.Subnet, error) {
	cidr, err := netip.ParsePrefix(s.CIDR)
	if err != nil {
		return facts.Subnet{}, fmt.Errorf("reading subnet %s: %w", s.ID, err)
	}
	gateway, _ := netip.ParseAddr(s.GatewayIP)
	fact := facts.Subnet{ID: s.ID, Network: s.NetworkID, CIDR: cidr, Gateway: gateway}
	for _, p := range s.AllocationPools {
		first, _ := netip.ParseAddr(p.Start)
		last, _ := netip.ParseAddr(p.End)
		fact.Pools = append(fact.Pools, facts.Span{First: first, Last: last})
	}
	return fact, nil
}

// askPorts lists who has an address in the service subnets.
func askPorts(ctx context.Context, s *session, f *Facts) (telling, error) {
	known := map[netip.Addr]facts.Port{}
	filter := query{"fixed_ips": within(f.ServiceSubnets), "fields": {"id", "name", "device_owner", "fixed_ips"}}
	err := each(ctx, "ports", ports.List(s.network, filter), func(p seenAddresses) {
		for _, ip := range p.FixedIPs {
			if address, err := netip.ParseAddr(ip.IPAddress); err == nil && slices.Contains(f.ServiceSubnets, ip.SubnetID) {
				known[address] = facts.Port{ID: p.ID, Owner: string(p.DeviceOwner), VIP: p.vip()}
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listing ports: %w", refusal(err))
	}
	return func(s *facts.Snapshot) { s.Ports = known }, nil
}

// within filters ports to those with an address in one of the subnets.
func within(subnets []string) []string {
	var filters []string
	for _, id := range subnets {
		filters = append(filters, "subnet_id="+id)
	}
	return filters
}

// askBalancers lists the load balancers of the project, other clusters' and nobody's too.
func askBalancers(ctx context.Context, _ *session, f *Facts) (telling, error) {
	s, err := f.Client.meet(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]facts.Balancer{}
	filter := query{"project_id": {s.project}, "fields": {"id", "name", "vip_port_id", "tags", "description", "provisioning_status", "listeners", "pools"}}
	err = each(ctx, "loadbalancers", loadbalancers.List(s.balance, filter), func(lb seenBalancer) { known[lb.VipPortID] = lb.fact(f.Cluster) })
	if err != nil {
		return nil, fmt.Errorf("listing load balancers: %w", refusal(err))
	}
	index := facts.IndexBalancers(known)
	return func(s *facts.Snapshot) { s.Balancers, s.BalancerIndex = known, index }, nil
}

func askExternals(ctx context.Context, s *session, _ *Facts) (telling, error) {
	known, subnets := map[string]bool{}, map[string][]string{}
	filter := query{"router:external": {"true"}, "fields": {"id", "subnets"}}
	found, err := all[networks.Network](ctx, "external networks", "networks", networks.List(s.network, filter))
	for _, n := range found {
		known[n.ID], subnets[n.ID] = true, n.Subnets
	}
	return func(s *facts.Snapshot) { s.Externals, s.OuterSubnets = known, subnets }, err
}

// askRoutes looks where the routers with a port in the service subnets lead. Those of
// another project are not shown to everybody, and neither are ports in another's subnets:
// then it is not known.
func askRoutes(ctx context.Context, s *session, f *Facts) (telling, error) {
	var own []subnets.Subnet
	var joined []string
	both, asking := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		own, err = all[subnets.Subnet](asking, "subnets", "subnets", subnets.List(s.network, query{"id": f.ServiceSubnets, "project_id": {s.project}, "fields": {"id"}}))
		return err
	})
	both.Go(func() (err error) {
		joined, err = s.routersOn(asking, f.ServiceSubnets)
		return err
	})
	if err := both.Wait(); err != nil || len(own) < len(f.ServiceSubnets) || len(joined) == 0 {
		return func(*facts.Snapshot) {}, err
	}
	found, err := all[routers.Router](ctx, "routers", "routers", routers.List(s.network, query{"id": joined, "fields": {"id", "external_gateway_info"}}))
	if err != nil || len(found) < len(joined) {
		return func(*facts.Snapshot) {}, err
	}
	known := map[string]bool{}
	for _, r := range found {
		if r.GatewayInfo.NetworkID != "" {
			known[r.GatewayInfo.NetworkID] = true
		}
	}
	return func(s *facts.Snapshot) { s.Routes = known }, nil
}

// routersOn are the IDs of the routers that have a port in one of the subnets.
func (s *session) routersOn(ctx context.Context, subnets []string) ([]string, error) {
	found, err := all[ports.Port](ctx, "ports of routers", "ports", ports.List(s.network, query{
		"fixed_ips":    within(subnets),
		"device_owner": {"network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated_interface"},
		"fields":       {"id", "device_id"},
	}))
	var ids []string
	for _, p := range found {
		ids = append(ids, p.DeviceID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// askVersion looks for the newest version of Octavia's API. LBaaS v2 has none.
func askVersion(ctx context.Context, _ *session, f *Facts) (telling, error) {
	s, err := f.Client.meet(ctx)
	if err != nil || s.legacy {
		return func(*facts.Snapshot) {}, err
	}
	minor, err := s.minor(ctx)
	return func(s *facts.Snapshot) { s.Octavia = facts.Version{Major: 2, Minor: minor} }, err
}
