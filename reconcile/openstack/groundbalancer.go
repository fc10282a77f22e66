package openstack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/flavorprofiles"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/providers"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/ground"
)

func (v survey) octavia(ctx context.Context, g *ground.Cloud) error {
	if v.legacy {
		v.withoutOffers(g, "LBaaS v2 does not tell")
		return in(ctx, g, v.balancers)
	}
	return in(ctx, g, v.version, v.providers, v.flavors, v.zones, v.topology, v.balancers, v.balancerQuota)
}

// withoutOctavia says why nothing is known of load balancers.
func (v survey) withoutOctavia(g *ground.Cloud) {
	const why = "the catalogue has no load-balancer service"
	v.withoutOffers(g, why)
	g.Balancers = ground.Unknown[[]ground.Balancer](why)
}

// withoutOffers says why nothing is known of what Octavia offers.
func (v survey) withoutOffers(g *ground.Cloud, why string) {
	none := ground.Unknown[map[string]facts.Offer](why)
	g.Octavia, g.Topology = ground.Unknown[facts.Version](why), ground.Unknown[string](why)
	g.Providers, g.Flavors, g.Zones = none, none, none
	g.BalancerQuota = ground.Unknown[map[string]ground.Quota](why)
}

func (v survey) version(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Octavia, func() (facts.Version, error) {
		minor, err := v.minor(ctx)
		return facts.Version{Major: 2, Minor: minor}, err
	})
}

func (v survey) providers(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Providers, func() (map[string]facts.Offer, error) {
		known := map[string]facts.Offer{}
		found, err := all[providers.Provider](ctx, "providers", "providers", listProviders(v.balance))
		for _, p := range found {
			known[p.Name] = facts.Offer{Name: p.Name}
		}
		return known, err
	})
}

func (v survey) flavors(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Flavors, func() (map[string]facts.Offer, error) {
		known := map[string]facts.Offer{}
		found, err := all[flavors.Flavor](ctx, "flavors", "flavors", listFlavors(v.balance))
		for _, f := range found {
			known[f.ID] = facts.Offer{Name: f.Name, Off: !f.Enabled}
		}
		return known, err
	})
}

func (v survey) zones(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Zones, func() (map[string]facts.Offer, error) {
		known := map[string]facts.Offer{}
		found, err := all[zone](ctx, "availability zones", "availability_zones", listZones(v.balance))
		for _, z := range found {
			known[z.Name] = facts.Offer{Name: z.Name, Off: !z.Enabled}
		}
		return known, err
	})
}

// topology looks at the profile of the flavor, which is an administrator's. Without one it
// is octavia.conf's, which no API tells.
func (v survey) topology(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Topology, func() (string, error) {
		if v.Flavor == "" {
			return "", untold("without a flavor it is loadbalancer_topology of octavia.conf, which no API tells; ask an administrator")
		}
		f, err := flavors.Get(ctx, v.balance, v.Flavor).Extract()
		if err != nil {
			return "", fmt.Errorf("reading the flavor: %w", refusal(err))
		}
		p, err := flavorprofiles.Get(ctx, v.balance, f.FlavorProfileId).Extract()
		if err != nil {
			return "", fmt.Errorf("reading the flavor's profile, which is for administrators only: %w", refusal(err))
		}
		return topologyOf(p.FlavorData)
	})
}

func topologyOf(flavor string) (string, error) {
	var profile struct {
		Topology string `json:"loadbalancer_topology"`
	}
	if err := json.Unmarshal([]byte(flavor), &profile); err != nil || profile.Topology == "" {
		return "", untold("the flavor's profile leaves loadbalancer_topology to octavia.conf, which no API tells; ask an administrator")
	}
	return profile.Topology, nil
}

var balancerFields = []string{"id", "name", "description", "vip_address", "vip_subnet_id", "vip_port_id", "provider", "provisioning_status", "tags"}

func (v survey) balancers(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.Balancers, func() ([]ground.Balancer, error) { return v.balancersOf(ctx, v.APIs) })
}

// balancersOf are the project's, those with certain VIPs with what is under them.
func (s *session) balancersOf(ctx context.Context, whole []netip.Addr) (known []ground.Balancer, err error) {
	filter := query{"fields": balancerFields}
	if s.project != "" {
		filter["project_id"] = []string{s.project}
	}
	found, err := all[loadbalancers.LoadBalancer](ctx, "load balancers", "loadbalancers", loadbalancers.List(s.balance, filter))
	if err != nil {
		return nil, err
	}
	for _, lb := range found {
		b := groundBalancer(lb)
		if slices.Contains(whole, b.VIP) {
			if b.Under, err = s.under(ctx, lb.ID); err != nil {
				return nil, err
			}
		}
		known = append(known, b)
	}
	return known, nil
}

func groundBalancer(lb loadbalancers.LoadBalancer) ground.Balancer {
	vip, _ := netip.ParseAddr(lb.VipAddress)
	owner, _ := markedOwner(lb.Tags, lb.Description)
	return ground.Balancer{
		ID: lb.ID, Name: lb.Name, Description: lb.Description, VIP: vip, Subnet: lb.VipSubnetID, Port: lb.VipPortID,
		Provider: lb.Provider, Status: lb.ProvisioningStatus, Owner: owner,
	}
}

// under is what is under a load balancer. Further pages of a list are not filtered.
func (s *session) under(ctx context.Context, id string) (*ground.Under, error) {
	var u ground.Under
	ls, err := all[listeners.Listener](ctx, "listeners", "listeners", listeners.List(s.balance, listeners.ListOpts{LoadbalancerID: id}))
	if err != nil {
		return nil, err
	}
	for _, l := range ls {
		if slices.Contains(l.Loadbalancers, listeners.LoadBalancerID{ID: id}) {
			u.Listeners = append(u.Listeners, ground.Listener{Protocol: l.Protocol, Port: l.ProtocolPort, Pool: l.DefaultPoolID})
		}
	}
	ps, err := all[pools.Pool](ctx, "pools", "pools", pools.List(s.balance, pools.ListOpts{LoadbalancerID: id}))
	for _, p := range ps {
		if !slices.Contains(p.Loadbalancers, pools.LoadBalancerID{ID: id}) {
			continue
		}
		members, err := s.membersOf(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		u.Pools = append(u.Pools, ground.Pool{ID: p.ID, Members: members})
	}
	return &u, err
}

func (s *session) membersOf(ctx context.Context, pool string) (known []ground.Member, err error) {
	found, err := s.members(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("listing members: %w", refusal(err))
	}
	for _, m := range found {
		a, _ := netip.ParseAddr(m.Address)
		known = append(known, ground.Member{ID: m.ID, Address: a, Port: m.ProtocolPort, Operating: m.OperatingStatus})
	}
	return known, nil
}

// balancerQuota is what Octavia lets the project have, and what it has of it: Octavia tells
// only how much there may be.
func (v survey) balancerQuota(ctx context.Context, g *ground.Cloud) error {
	return learned(&g.BalancerQuota, func() (map[string]ground.Quota, error) {
		if v.project == "" {
			return nil, untold("the login is for no project")
		}
		var body struct {
			Quota map[string]*int `json:"quota"`
		}
		if _, err := v.balance.Get(ctx, v.balance.ServiceURL("lbaas", "quotas", v.project), &body, nil); err != nil {
			return nil, fmt.Errorf("reading the quotas of Octavia: %w", refusal(err))
		}
		used, err := v.used(ctx, g)
		known := map[string]ground.Quota{}
		for resource, most := range body.Quota {
			// Old answers leave out the underscore of load_balancer and health_monitor.
			name := strings.ReplaceAll(resource, "_", "")
			if n, counted := used[name]; counted && most != nil {
				known[name] = ground.Quota{Limit: limit(most), Used: n}
			}
		}
		return known, err
	})
}

// used counts what the project has.
func (v survey) used(ctx context.Context, g *ground.Cloud) (map[string]int, error) {
	balancers, why := g.Balancers.Look()
	if why != "" {
		return nil, untold(why)
	}
	ls, err := all[listeners.Listener](ctx, "listeners", "listeners", listeners.List(v.balance, query{"project_id": {v.project}, "fields": {"id"}}))
	if err != nil {
		return nil, err
	}
	filter := query{"project_id": {v.project}, "fields": {"id", "members", "healthmonitor_id"}}
	ps, err := all[pools.Pool](ctx, "pools", "pools", pools.List(v.balance, filter))
	used := map[string]int{"loadbalancer": len(balancers), "listener": len(ls), "pool": len(ps), "member": 0, "healthmonitor": 0}
	for _, p := range ps {
		used["member"] += len(p.Members)
		if p.MonitorID != "" {
			used["healthmonitor"]++
		}
	}
	return used, err
}
