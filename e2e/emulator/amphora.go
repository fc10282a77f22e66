package emulator

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
)

// An amphora is the virtual machine that a load balancer runs on, as far as
// Neutron shows it: its ports, and the security group it shares with the VIP. All
// of it belongs to the service project.
type amphora struct {
	group *securityGroup
	vip   *port            // next to the VIP
	nics  map[string]*port // towards members, by network
}

// ownerCompute is the owner of ports of virtual machines.
const ownerCompute = "compute:nova"

// deploy builds the amphora of a load balancer, or another one when it has failed.
func (c *Cloud) deploy(lb *loadBalancer) error {
	if !lb.driver().amphorae {
		return nil
	}
	vip := c.ports[lb.VIPPortID]
	if vip == nil {
		return portWording.notFound(lb.VIPPortID)
	}
	service := c.projects["service"].ID
	if lb.amphora.group == nil {
		c.defaultGroup(service)
		if err := c.withinNetworkQuota(service, "security_group"); err != nil {
			return err
		}
		lb.amphora.group = c.newGroup(service, "lb-"+lb.ID)
		vip.SecurityGroups = []string{lb.amphora.group.ID}
		c.touch(vip)
	}
	if lb.amphora.vip != nil {
		c.unplug(lb.amphora.vip)
	}
	return c.plugBeside(lb, vip)
}

// plugBeside gives the amphora a port that may answer for the VIP's addresses.
func (c *Cloud) plugBeside(lb *loadBalancer, vip *port) error {
	var wishes []wish
	var pairs []any
	p := c.newAmphoraPort(vip.network)
	for _, ip := range vip.FixedIPs {
		wishes = append(wishes, wish{SubnetID: ip.SubnetID})
		pairs = append(pairs, map[string]any{"mac_address": p.MAC, "ip_address": ip.Address})
	}
	p.Name, p.SecurityGroups, p.AddressPairs, p.Revision = "octavia-lb-vrrp-"+c.ids.uuid(), vip.SecurityGroups, pairs, 4
	lb.amphora.vip = p
	return c.plug(p, wishes...)
}

func (c *Cloud) newAmphoraPort(n *network) *port {
	p := c.newPort(n, c.projects["service"].ID)
	p.DeviceOwner, p.DeviceID = ownerCompute, c.ids.uuid()
	return p
}

// follow lets the amphora and its security group follow what the load balancer has
// become.
func (c *Cloud) follow(lb *loadBalancer) {
	if lb.amphora.group == nil {
		return
	}
	c.followListeners(lb.amphora.group, lb.passages())
	c.followMembers(lb)
}

// passages are what the security group of a load balancer lets in: every listener's
// port, and the ports over which a pair of amphorae shares what it knows.
func (lb *loadBalancer) passages() map[passage]*securityRule {
	all := map[passage]*securityRule{}
	add := func(protocol string, port int, prefix *netip.Prefix) {
		r := &securityRule{
			Ethertype: "IPv4", Direction: "ingress", Protocol: &protocol, Least: &port, Most: &port,
			RemotePrefix: prefix, Description: new(""),
		}
		if lb.VIPAddress.Is6() {
			r.Ethertype = "IPv6"
		}
		all[r.passage()] = r
	}
	for _, l := range lb.listeners {
		for _, prefix := range l.sources() {
			add(ruleProtocols[l.Protocol], l.Port, prefix)
		}
		add("tcp", l.peerPort, nil)
	}
	return all
}

// ruleProtocols are the listeners' protocols as security group rules know them.
var ruleProtocols = map[string]string{
	"TCP": "tcp", "HTTP": "tcp", "HTTPS": "tcp", "TERMINATED_HTTPS": "tcp", "PROMETHEUS": "tcp", "UDP": "udp", "SCTP": "sctp",
}

// compare orders passages as people would.
func (p passage) compare(q passage) int {
	return cmp.Or(rankOf(p.least).compare(rankOf(q.least)), cmp.Compare(p.protocol, q.protocol), cmp.Compare(p.prefix, q.prefix))
}

// sources are the ranges that a listener serves; one nil is everybody.
func (l *listener) sources() []*netip.Prefix {
	if len(l.AllowedCIDRs) == 0 {
		return []*netip.Prefix{nil}
	}
	var all []*netip.Prefix
	for _, s := range l.AllowedCIDRs {
		all = append(all, new(netip.MustParsePrefix(s)))
	}
	return all
}

// followListeners changes the group's rules for incoming traffic to the wanted ones.
func (c *Cloud) followListeners(g *securityGroup, wanted map[passage]*securityRule) {
	for _, r := range slices.Clone(g.rules) {
		switch {
		case r.Direction != "ingress":
		case wanted[r.passage()] == nil:
			c.dropRule(g, r)
		default:
			delete(wanted, r.passage())
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(wanted), passage.compare) {
		c.addRule(g, wanted[p])
	}
}

// followMembers gives the amphora a port on every network that members name, and
// takes away those that are not needed any more.
func (c *Cloud) followMembers(lb *loadBalancer) {
	wanted := c.memberSubnets(lb)
	for id, p := range lb.amphora.nics {
		if wanted[id] == "" {
			c.unplug(p)
			delete(lb.amphora.nics, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if lb.amphora.nics[id] != nil {
			continue
		}
		if p := c.newAmphoraPort(c.networks[id]); c.plug(p, wish{SubnetID: wanted[id]}) == nil {
			if lb.amphora.nics == nil {
				lb.amphora.nics = map[string]*port{}
			}
			lb.amphora.nics[id] = p
		}
	}
}

// memberSubnets are the subnets of members on networks other than the VIP's, one
// of each network.
func (c *Cloud) memberSubnets(lb *loadBalancer) map[string]string {
	all := map[string]string{}
	for _, p := range lb.pools {
		for _, m := range p.members {
			if m.SubnetID == nil {
				continue
			}
			if s := c.subnets[*m.SubnetID]; s != nil && s.NetworkID != lb.VIPNetworkID {
				all[s.NetworkID] = s.ID
			}
		}
	}
	return all
}

// demolish removes the amphora with all that came with it.
func (c *Cloud) demolish(a amphora) {
	if a.vip != nil {
		c.unplug(a.vip)
	}
	for _, p := range a.nics {
		c.unplug(p)
	}
	if a.group != nil {
		c.dropGroup(a.group)
	}
}
