package emulator

import (
	"net/netip"
	"slices"
)

// Networks are the ids of the reference layout.
type Networks struct {
	PodNetwork, PodSubnet           string
	ServiceNetwork, ServiceSubnet   string
	ExternalNetwork, ExternalSubnet string
	Router                          string
}

// LayTwoSubnets lays the reference layout in project demo and tells its ids: a
// network for pods and one for services, a router with ports on both at their
// gateway addresses, and the external network "public" of the administrator.
// Only the upper half of the service network is handed out: VIPs below are chosen
// by the cluster. It must be called once.
func (c *Cloud) LayTwoSubnets() Networks {
	c.begin()
	defer c.mu.Unlock()
	demo := c.projects["demo"].ID
	pod := c.layNetwork(demo, "pod", plan{"10.1.0.0/16", "10.1.255.254", "10.1.0.1", "10.1.255.253"})
	service := c.layNetwork(demo, "service", plan{"10.2.0.0/16", "10.2.255.254", "10.2.128.1", "10.2.255.253"})
	public := c.layNetwork(c.projects["admin"].ID, "public", plan{"172.24.4.0/24", "172.24.4.1", "172.24.4.10", "172.24.4.200"})
	public.network.External, public.network.Default, public.network.MTU = true, new(false), 1500

	rt := c.newRouter(demo)
	rt.Name = "kubernetes"
	c.routers[rt.ID] = rt
	must(c.connect(rt, public.network))
	for _, s := range []*subnet{pod, service} {
		_, err := c.attach(rt, s)
		must(err)
	}
	return Networks{
		PodNetwork: pod.NetworkID, PodSubnet: pod.ID,
		ServiceNetwork: service.NetworkID, ServiceSubnet: service.ID,
		ExternalNetwork: public.NetworkID, ExternalSubnet: public.ID,
		Router: rt.ID,
	}
}

// A plan is a subnet to be: its range, gateway and first and last free address.
type plan struct{ cidr, gateway, first, last string }

// layNetwork makes a network with one subnet, both of one name.
func (c *Cloud) layNetwork(projectID, name string, p plan) *subnet {
	n := c.newNetwork(projectID)
	n.Name, n.Revision = name, 1
	c.networks[n.ID] = n
	s := &subnet{
		standard: c.newStandard(projectID), Name: name, NetworkID: n.ID, network: n, IPVersion: 4,
		CIDR: cidr{netip.MustParsePrefix(p.cidr)}, GatewayIP: new(netip.MustParseAddr(p.gateway)),
		AllocationPools: []span{{netip.MustParseAddr(p.first), netip.MustParseAddr(p.last)}},
		HostRoutes:      []any{}, DNSNameservers: []string{}, ServiceTypes: []string{},
	}
	s.lay(true)
	c.addSubnet(s)
	return s
}

// AddFloatingIP puts a floating IP with a chosen address into project demo, as
// only an administrator can, and tells its id. It panics if the network does not
// have the address to give.
func (c *Cloud) AddFloatingIP(network, address string) (id string) {
	c.begin()
	defer c.mu.Unlock()
	n := c.networks[network]
	held, err := n.grant(wish{Address: netip.MustParseAddr(address)})
	must(err)
	f := c.newFloatingIP(n, held, c.projects["demo"].ID)
	c.floatingIPs[f.ID] = f
	return f.ID
}

// CloudsYAML is a clouds.yaml for the users demo, admin and other of this cloud
// when it is served at baseURL.
func (c *Cloud) CloudsYAML(baseURL string) []byte {
	out := []byte("clouds:\n")
	for _, name := range []string{"demo", "admin", "other"} {
		out = slices.Concat(out, cloudEntry(baseURL, name))
	}
	return out
}

func cloudEntry(baseURL, name string) []byte {
	return []byte("  " + name + `:
    region_name: ` + region + `
    auth:
      auth_url: ` + baseURL + identityPrefix + `
      username: ` + name + `
      password: ` + password + `
      project_name: ` + name + `
      user_domain_name: ` + defaultDomain.Name + `
      project_domain_name: ` + defaultDomain.Name + `
`)
}

// must is for what can only fail if this package is wrong or misused.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
