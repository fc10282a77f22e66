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
	PodRange     string // where Pods have their addresses
	Subnets      []Subnet
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
	PodRange:     "10.1.0.0/16",
	Subnets: []Subnet{
		{"pod", "pod_subnet", "10.1.0.0/16", "10.1.255.254", "10.1.0.1", "10.1.255.253"},
		{"services", "service_subnet", "10.2.0.0/16", "10.2.255.254", "10.2.128.1", "10.2.255.253"},
	},
}

// OneSubnet saves the way through the router: its first quarter is the API server's.
var OneSubnet = Layout{
	Name:         "one subnet",
	ServiceRange: "10.0.0.0/18",
	PodRange:     "10.0.128.0/17",
	Subnets:      []Subnet{{"k8s", "k8s_subnet", "10.0.0.0/16", "10.0.255.254", "10.0.64.0", "10.0.255.253"}},
}

// Networks are networks that were laid.
type Networks struct {
	Layout

	PodNetwork, PodSubnet           string
	ServiceNetwork, ServiceSubnet   string
	ExternalNetwork, ExternalSubnet string
	Router                          string

	undo []func(context.Context) error
}

// Lay makes the networks of a layout in the owner's project, and a router that has
// the gateway addresses and leads to an external network. The administrator makes
// the external network; without one (nil) the first external network that the owner
// sees is used. When it fails, what it made is removed.
func Lay(ctx context.Context, layout Layout, owner, admin *session.Session) (*Networks, error) {
	n := &Networks{Layout: layout}
	l := layer{owner, n}
	err := l.external(ctx, admin)
	if err == nil {
		err = l.internal(ctx)
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

// A layer lays networks on behalf of somebody.
type layer struct {
	*session.Session
	*Networks
}

type object = map[string]any

// external makes the network that floating IPs come from, or finds it.
func (l layer) external(ctx context.Context, admin *session.Session) error {
	if admin == nil {
		return l.findExternal(ctx)
	}
	by := layer{admin, l.Networks}
	network, err := by.make(ctx, "network", object{"name": "public", "router:external": true})
	if err != nil {
		return err
	}
	subnet, err := by.make(ctx, "subnet", object{
		"name": "public_subnet", "network_id": network, "ip_version": 4, "cidr": "172.24.4.0/24", "enable_dhcp": false,
		"allocation_pools": []object{{"start": "172.24.4.10", "end": "172.24.4.200"}},
	})
	l.ExternalNetwork, l.ExternalSubnet = network, subnet
	return err
}

func (l layer) findExternal(ctx context.Context) error {
	var found struct {
		Networks []struct {
			ID      string
			Subnets []string
		}
	}
	if err := l.Do(ctx, http.MethodGet, l.Network+"networks?router:external=true", nil, &found); err != nil {
		return err
	}
	for _, n := range found.Networks {
		if len(n.Subnets) > 0 {
			l.ExternalNetwork, l.ExternalSubnet = n.ID, n.Subnets[0]
			return nil
		}
	}
	return errors.New("this cloud has no external network with a subnet, and no administrator was named who could make one")
}

// internal makes the subnets of the layout, and the router.
func (l layer) internal(ctx context.Context) error {
	router, err := l.make(ctx, "router", object{
		"name": "kubernetes", "external_gateway_info": object{"network_id": l.ExternalNetwork},
	})
	if err != nil {
		return err
	}
	l.Router = router
	for _, s := range l.Subnets {
		network, subnet, err := l.subnet(ctx, s)
		if err != nil {
			return err
		}
		if l.PodNetwork == "" {
			l.PodNetwork, l.PodSubnet = network, subnet
		}
		l.ServiceNetwork, l.ServiceSubnet = network, subnet
	}
	return nil
}

// subnet makes a network, its subnet, and the router's port there.
func (l layer) subnet(ctx context.Context, s Subnet) (network, subnet string, err error) {
	network, err = l.make(ctx, "network", object{"name": s.Network})
	if err != nil {
		return "", "", err
	}
	subnet, err = l.make(ctx, "subnet", object{
		"name": s.Name, "network_id": network, "ip_version": 4, "cidr": s.Range, "gateway_ip": s.Gateway,
		"enable_dhcp": false, "allocation_pools": []object{{"start": s.First, "end": s.Last}},
	})
	if err != nil {
		return "", "", err
	}
	return network, subnet, l.connect(ctx, network, s)
}

// connect gives the router a port at the gateway address.
func (l layer) connect(ctx context.Context, network string, s Subnet) error {
	port, err := l.make(ctx, "port", object{
		"name": s.Name + "_router", "network_id": network, "fixed_ips": []object{{"ip_address": s.Gateway}},
	})
	if err != nil {
		return err
	}
	l.undo = l.undo[:len(l.undo)-1] // the router deletes the port when it lets go of it
	interfaces, body := l.Network+"routers/"+l.Router, object{"port_id": port}
	if err := l.Do(ctx, http.MethodPut, interfaces+"/add_router_interface", body, nil); err != nil {
		return errors.Join(err, l.Do(ctx, http.MethodDelete, l.Network+"ports/"+port, nil, nil))
	}
	l.undo = append(l.undo, func(ctx context.Context) error {
		return l.Do(ctx, http.MethodPut, interfaces+"/remove_router_interface", body, nil)
	})
	return nil
}

// make creates a resource of Neutron and remembers to delete it.
func (l layer) make(ctx context.Context, kind string, body object) (id string, err error) {
	var made map[string]struct{ ID string }
	if err := l.Do(ctx, http.MethodPost, l.Network+kind+"s", object{kind: body}, &made); err != nil {
		return "", fmt.Errorf("making a %s: %w", kind, err)
	}
	id = made[kind].ID
	l.undo = append(l.undo, func(ctx context.Context) error {
		return l.Do(ctx, http.MethodDelete, l.Network+kind+"s/"+id, nil, nil)
	})
	return id, nil
}
