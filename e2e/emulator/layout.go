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
	return c.joinNetworks(pod, service)
}

// LayOneSubnet lays the reference's other layout instead: one network k8s for pods
// and services, of which the first quarter, 10.0.0.0/18, is for VIPs that the
// cluster chooses, and the rest is handed out. PodSubnet and ServiceSubnet are the
// same then, and so are their networks. Like LayTwoSubnets it must be called once,
// and not beside it.
func (c *Cloud) LayOneSubnet() Networks {
	c.begin()
	defer c.mu.Unlock()
	k8s := c.layNetwork(c.projects["demo"].ID, "k8s", plan{"10.0.0.0/16", "10.0.255.254", "10.0.64.0", "10.0.255.253"})
	return c.joinNetworks(k8s, k8s)
}

// joinNetworks adds the external network, and the router that joins all of them.
func (c *Cloud) joinNetworks(pod, service *subnet) Networks {
	public := c.layNetwork(c.projects["admin"].ID, "public", plan{"172.24.4.0/24", "172.24.4.1", "172.24.4.10", "172.24.4.200"})
	public.network.External, public.network.Default, public.network.MTU = true, new(false), 1500

	rt := c.newRouter(pod.ProjectID)
	rt.Name = "kubernetes"
	c.routers[rt.ID] = rt
	must(c.connect(rt, public.network))
	for _, s := range slices.Compact([]*subnet{pod, service}) {
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
	f, err := c.newFloatingIP(n, wish{Address: netip.MustParseAddr(address)}, c.projects["demo"].ID)
	must(err)
	c.floatingIPs[f.ID] = f
	return f.ID
}

// CloudsYAML is a clouds.yaml for the users demo, admin, other and reader of this cloud
// when it is served at baseURL.
func (c *Cloud) CloudsYAML(baseURL string) []byte {
	out := []byte("clouds:\n")
	for _, name := range []string{"demo", "admin", "other", "reader"} {
		out = slices.Concat(out, cloudEntry(baseURL, name, c.users[name].homes[0].Name))
	}
	return out
}

func cloudEntry(baseURL, user, project string) []byte {
	return []byte("  " + user + `:
    region_name: ` + region + `
    auth:
      auth_url: ` + baseURL + identityPrefix + `
      username: ` + user + `
      password: ` + password + `
      project_name: ` + project + `
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
