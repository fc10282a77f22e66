package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// A spot is where a VIP is to be: a port that is there already, or a network and
// what is wanted on it.
type spot struct {
	port    *port
	network *network
	wishes  []wish
}

// findSpot finds the port, subnet or network that the request names, as far as
// its caller sees them.
func (c *Cloud) findSpot(lb *loadBalancer, in object, r *request) (spot, error) {
	switch {
	case lb.VIPPortID != "":
		p := c.ports[lb.VIPPortID]
		if p == nil || !p.visibleTo(r.who) {
			return spot{}, absent("Port", lb.VIPPortID)
		}
		return spot{port: p}, nil
	case lb.VIPSubnetID != "":
		s := c.subnets[lb.VIPSubnetID]
		if s == nil || !s.visibleTo(r.who) {
			return spot{}, absent("Subnet", lb.VIPSubnetID)
		}
		return spot{network: s.network, wishes: wishesOf(lb)}, nil
	case lb.VIPNetworkID != "":
		n := c.networks[lb.VIPNetworkID]
		if n == nil || !n.visibleTo(r.who) {
			return spot{}, absent("Network", lb.VIPNetworkID)
		}
		return spot{network: n, wishes: wishesOf(lb)}, nil
	}
	return spot{}, validation("VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.")
}

// wishesOf are the addresses that a load balancer asks for, the VIP first.
func wishesOf(lb *loadBalancer) []wish {
	all := []wish{{lb.VIPSubnetID, lb.VIPAddress}}
	for _, v := range lb.AdditionalVIPs {
		all = append(all, wish(v))
	}
	return all
}

// takeVIP uses the port that is there, or has Neutron make one in the project of
// the load balancer.
func (c *Cloud) takeVIP(lb *loadBalancer, s spot) error {
	p := s.port
	lb.ownPort = p != nil
	if p == nil {
		p = c.newPort(s.network, lb.ProjectID)
		c.nameVIP(p, lb)
		if err := c.plugVIP(p, s.wishes); err != nil {
			return c.providerError(lb, err)
		}
	}
	if len(p.FixedIPs) == 0 {
		return validation("VIP port %s has no address.", p.ID)
	}
	first := p.FixedIPs[0]
	lb.VIPPortID, lb.VIPNetworkID = p.ID, p.NetworkID
	lb.VIPSubnetID, lb.VIPAddress = first.SubnetID, first.Address
	lb.AdditionalVIPs = []additionalVIP{}
	for _, ip := range p.FixedIPs[1:] {
		lb.AdditionalVIPs = append(lb.AdditionalVIPs, additionalVIP(ip))
	}
	return nil
}

// nameVIP gives a new VIP port the name and the owner that the provider gives it.
func (c *Cloud) nameVIP(p *port, lb *loadBalancer) {
	switch {
	case c.options.Legacy:
		p.Name, p.DeviceID, p.DeviceOwner = "loadbalancer-"+lb.ID, c.ids.uuid(), "neutron:LOADBALANCERV2"
	case lb.driver().amphorae:
		p.Name, p.DeviceID, p.DeviceOwner, p.AdminStateUp = "octavia-lb-"+lb.ID, "lb-"+lb.ID, ownerOctavia, false
	default:
		p.Name = "ovn-lb-vip-" + lb.ID // of no owner: OVN would bind the port to one
	}
}

// leaveVIP gives the VIP port up: a port that the user made stays, without a
// security group.
func (c *Cloud) leaveVIP(lb *loadBalancer) {
	p := c.ports[lb.VIPPortID]
	switch {
	case p == nil:
	case lb.ownPort && !lb.driver().amphorae:
	case lb.ownPort:
		p.SecurityGroups = []string{}
		c.touch(p)
	default:
		c.unplug(p)
	}
}

func (c *Cloud) plugVIP(p *port, wishes []wish) error {
	if err := c.withinNetworkQuota(p.ProjectID, "port"); err != nil {
		return err
	}
	return c.plug(p, slices.Clone(wishes)...)
}

// providerError wraps what Neutron said into a 500, as Octavia does with whatever
// goes wrong while the VIP port is made.
func (c *Cloud) providerError(lb *loadBalancer, err error) error {
	if c.options.Legacy {
		return err
	}
	var said struct {
		NeutronError struct {
			Message string `json:"message"`
		}
	}
	if no, ok := err.(refusal); ok {
		if json.Unmarshal(encode(no.body), &said) != nil {
			return err
		}
	}
	return balancerRefusal(http.StatusInternalServerError,
		"Provider '%s' reports error: %s\nNeutron server returns request_ids: ['req-%s']",
		lb.Provider, said.NeutronError.Message, c.ids.uuid())
}
