// Package networks lays the networks of a cluster in an OpenStack cloud, the way an
// operator does it by hand: in one of two layouts, pods and Services in two subnets
// with a router in between, or both in one subnet. What it made it can remove.
package networks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/octagate/octagate/e2e/session"
)

// A Layout is how the networks of a cluster are to be.
type Layout struct {
	Name         string
	ServiceRange string // the API server's --service-cluster-ip-range
	Subnets      []Subnet
	External     Subnet // where floating IPs come from
}

// A Subnet is a network with one range of addresses.
type Subnet struct {
	Network, Name string
	Range         string
	Gateway       string // where the router has its port
	First, Last   string // what Neutron hands out
}

// TwoSubnets keeps pods and Services apart. Neutron hands out the upper half of the
// Services' subnet only; the lower half is the API server's.
var TwoSubnets = Layout{
	Name:         "two subnets",
	ServiceRange: "10.2.0.0/17",
	Subnets: []Subnet{
		{"pod", "pod_subnet", "10.1.0.0/16", "10.1.255.254", "10.1.0.1", "10.1.255.253"},
		{"services", "service_subnet", "10.2.0.0/16", "10.2.255.254", "10.2.128.1", "10.2.255.253"},
	},
	External: Subnet{"public", "public_subnet", "172.24.4.0/24", "172.24.4.1", "172.24.4.10", "172.24.4.200"},
}

// OneSubnet saves the way through the router: its first quarter is the API server's.
var OneSubnet = Layout{
	Name:         "one subnet",
	ServiceRange: "10.0.0.0/18",
	Subnets:      []Subnet{{"k8s", "k8s_subnet", "10.0.0.0/16", "10.0.255.254", "10.0.64.0", "10.0.255.253"}},
	External:     Subnet{"public", "public_subnet", "172.24.5.0/24", "172.24.5.1", "172.24.5.10", "172.24.5.200"},
}

// Networks are networks that were laid.
type Networks struct {
	Layout

	PodNetwork, PodSubnet           string
	ServiceNetwork, ServiceSubnet   string
	ExternalNetwork, ExternalSubnet string
	Router                          string

	owner, admin *session.Session
	undo         []func(context.Context) error
}

// Lay makes the networks of a layout in the owner's project, and a router that has
// the gateway addresses and leads to an external network. The administrator makes
// the external network; without one (nil) the first external network that the owner
// sees is used. When it fails, what it made is removed.
func Lay(ctx context.Context, layout Layout, owner, admin *session.Session) (*Networks, error) {
	n := &Networks{Layout: layout, owner: owner, admin: admin}
	err := n.external(ctx)
	if err == nil {
		err = n.internal(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("laying networks in %s: %w", layout.Name, err), n.Remove(ctx))
	}
	return n, nil
}

// Remove takes away what Lay made, the last first. What stands in the way is in the
// error; the rest is removed nevertheless.
func (n *Networks) Remove(ctx context.Context) error {
	var errs []error
	for _, undo := range slices.Backward(n.undo) {
		errs = append(errs, undo(ctx))
	}
	n.undo = nil
	return errors.Join(errs...)
}

type object = map[string]any

// external makes the network that floating IPs come from, or finds it.
func (n *Networks) external(ctx context.Context) error {
	if n.admin == nil {
		return n.findExternal(ctx)
	}
	network, err := n.make(ctx, n.admin, "network", object{"name": n.External.Network, "router:external": true})
	if err != nil {
		return err
	}
	n.ExternalNetwork = network
	n.ExternalSubnet, err = n.make(ctx, n.admin, "subnet", n.External.in(network))
	return err
}

func (n *Networks) findExternal(ctx context.Context) error {
	var found struct {
		Networks []struct {
			ID      string
			Subnets []string
		}
	}
	if err := n.owner.Do(ctx, http.MethodGet, n.owner.Network+"networks?router:external=true", nil, &found); err != nil {
		return err
	}
	for _, e := range found.Networks {
		if len(e.Subnets) > 0 {
			n.ExternalNetwork, n.ExternalSubnet = e.ID, e.Subnets[0]
			return nil
		}
	}
	return errors.New("this cloud has no external network with a subnet, and no administrator was named who could make one")
}

// internal makes the router and the subnets of the layout.
func (n *Networks) internal(ctx context.Context) error {
	router, err := n.make(ctx, n.owner, "router", object{
		"name": "kubernetes", "external_gateway_info": object{"network_id": n.ExternalNetwork},
	})
	if err != nil {
		return err
	}
	n.Router = router
	for _, s := range n.Subnets {
		network, subnet, err := n.subnet(ctx, s)
		if err != nil {
			return err
		}
		if n.PodNetwork == "" {
			n.PodNetwork, n.PodSubnet = network, subnet
		}
		n.ServiceNetwork, n.ServiceSubnet = network, subnet
	}
	return nil
}

// subnet makes a network, its subnet, and the router's port there.
func (n *Networks) subnet(ctx context.Context, s Subnet) (network, subnet string, err error) {
	network, err = n.make(ctx, n.owner, "network", object{"name": s.Network})
	if err != nil {
		return "", "", err
	}
	subnet, err = n.make(ctx, n.owner, "subnet", s.in(network))
	if err != nil {
		return "", "", err
	}
	return network, subnet, n.connect(ctx, network, s)
}

// in is what Neutron has to hear about a subnet of a network.
func (s Subnet) in(network string) object {
	return object{
		"name": s.Name, "network_id": network, "ip_version": 4, "cidr": s.Range, "gateway_ip": s.Gateway,
		"enable_dhcp": false, "allocation_pools": []object{{"start": s.First, "end": s.Last}},
	}
}

// connect gives the router a port at the gateway address.
func (n *Networks) connect(ctx context.Context, network string, s Subnet) error {
	port, err := n.make(ctx, n.owner, "port", object{
		"name": s.Name + "_router", "network_id": network, "fixed_ips": []object{{"ip_address": s.Gateway}},
	})
	if err != nil {
		return err
	}
	router, body := n.owner.Network+"routers/"+n.Router, object{"port_id": port}
	if err := n.owner.Do(ctx, http.MethodPut, router+"/add_router_interface", body, nil); err != nil {
		return fmt.Errorf("connecting the router: %w", err)
	}
	n.undo[len(n.undo)-1] = func(ctx context.Context) error { // which deletes the port, too
		return n.owner.Do(ctx, http.MethodPut, router+"/remove_router_interface", body, nil)
	}
	return nil
}

// FloatingIP makes a floating IP for the owner and returns its address. The
// administrator can have a certain one; without one, any is as good.
func (n *Networks) FloatingIP(ctx context.Context, address string) (string, error) {
	by, wanted := n.owner, object{"floating_network_id": n.ExternalNetwork}
	if n.admin != nil {
		by = n.admin
		wanted["floating_ip_address"], wanted["project_id"] = address, n.owner.Project
	}
	id, err := n.make(ctx, by, "floatingip", wanted)
	if err != nil {
		return "", err
	}
	var made struct {
		FloatingIP struct {
			Address string `json:"floating_ip_address"`
		}
	}
	err = n.owner.Do(ctx, http.MethodGet, n.owner.Network+"floatingips/"+id, nil, &made)
	return made.FloatingIP.Address, err
}

// make creates a resource of Neutron and remembers to delete it.
func (n *Networks) make(ctx context.Context, by *session.Session, kind string, body object) (id string, err error) {
	var made map[string]struct{ ID string }
	if err := by.Do(ctx, http.MethodPost, by.Network+kind+"s", object{kind: body}, &made); err != nil {
		return "", fmt.Errorf("making a %s: %w", kind, err)
	}
	id = made[kind].ID
	n.undo = append(n.undo, func(ctx context.Context) error {
		return by.Do(ctx, http.MethodDelete, by.Network+kind+"s/"+id, nil, nil)
	})
	return id, nil
}
