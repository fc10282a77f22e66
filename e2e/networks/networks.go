// Package networks lays the networks of a cluster in an OpenStack cloud, the way an
// operator does it by hand: in one of two layouts, pods and Services in two subnets
// with a router in between, or both in one subnet. What it made it can remove.
package networks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

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

	Site

	ours bool // we made the external network
	undo []func(context.Context) error
}

// A Site is where networks are laid, and by whom.
type Site struct {
	Owner    *session.Session // whose they are
	Admin    *session.Session // makes the external network; nil: there is nobody who could
	External string           // the id of the external network; empty: see Lay
	Run      string           // begins the names of all that is made, so that it is known wherever it is met; may be empty
}

// afterwards is how long removing may take once a caller has given up.
const afterwards = 5 * time.Minute

// Lay makes the networks of a layout in the owner's project, and a router that has
// the gateway addresses and leads to an external network. That is the one the site
// names, else the administrator makes it, else it is the first with IPv4 that the owner
// sees. When Lay fails or the context ends, what it made is removed.
func Lay(ctx context.Context, layout Layout, site Site) (*Networks, error) {
	n := &Networks{Layout: layout, Site: site}
	externals, err := n.externals(ctx)
	if err == nil {
		err = n.internal(ctx, externals)
	}
	if err != nil {
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("laying networks in %s: %w", layout.Name, err), n.Remove(rest))
	}
	return n, nil
}

// Remove takes away what Lay made, the last first. What stands in the way is in the
// error and can be tried again; the rest is removed nevertheless.
func (n *Networks) Remove(ctx context.Context) error {
	var errs []error
	var stay []func(context.Context) error
	for _, undo := range slices.Backward(n.undo) {
		if err := undo(ctx); err != nil {
			errs = append(errs, err)
			stay = slices.Insert(stay, 0, undo)
		}
	}
	n.undo = stay
	return errors.Join(errs...)
}

type object = map[string]any

// named is the name of something of this run.
func (n *Networks) named(name string) string { return strings.TrimSpace(n.Run + " " + name) }

// externals makes the network that floating IPs come from, or finds those that may do.
func (n *Networks) externals(ctx context.Context) (ids []string, err error) {
	if n.Site.External != "" || n.Admin == nil {
		return n.findExternals(ctx)
	}
	n.ours = true
	network, err := n.make(ctx, n.Admin, "network", object{"name": n.named(n.Layout.External.Network), "router:external": true})
	if err != nil {
		return nil, err
	}
	_, err = n.make(ctx, n.Admin, "subnet", n.in(network, n.Layout.External))
	return []string{network}, err
}

// findExternals are the external networks that may do: all that have subnets, or the one
// that is to be taken.
func (n *Networks) findExternals(ctx context.Context) (ids []string, err error) {
	var found struct {
		Networks []struct {
			ID      string
			Subnets []string
		}
	}
	query := url.Values{"router:external": {"true"}}
	if n.Site.External != "" {
		query.Set("id", n.Site.External)
	}
	if err := n.Owner.Do(ctx, http.MethodGet, n.Owner.Network+"networks?"+query.Encode(), nil, &found); err != nil {
		return nil, fmt.Errorf("looking for an external network: %w", err)
	}
	for _, e := range found.Networks {
		if len(e.Subnets) > 0 {
			ids = append(ids, e.ID)
		}
	}
	return ids, nil
}

// join makes a router that leads to the first of the external networks with IPv4. Users
// see no subnets there, but the addresses that their routers have in them.
func (n *Networks) join(ctx context.Context, externals []string) error {
	for _, external := range externals {
		id, err := n.make(ctx, n.Owner, "router", object{
			"name": n.named("kubernetes"), "external_gateway_info": object{"network_id": external},
		})
		if err != nil {
			return err
		}
		subnet, err := n.gateway(ctx, id)
		if err != nil {
			return err
		}
		if subnet != "" {
			n.Router, n.ExternalNetwork, n.ExternalSubnet = id, external, subnet
			return nil
		}
		if err := n.takeBack(ctx); err != nil {
			return err
		}
	}
	if n.Site.External != "" {
		return fmt.Errorf("%s is not an external network with IPv4 that this project can use", n.Site.External)
	}
	return errors.New("this cloud has no external network with IPv4, and no administrator was named who could make one")
}

// gateway is the external subnet in which a router has an IPv4 address; empty: none.
func (n *Networks) gateway(ctx context.Context, router string) (subnet string, err error) {
	var found struct {
		Router struct {
			Gateway struct {
				Addresses []struct {
					Subnet  string     `json:"subnet_id"`
					Address netip.Addr `json:"ip_address"`
				} `json:"external_fixed_ips"`
			} `json:"external_gateway_info"`
		}
	}
	if err := n.Owner.Do(ctx, http.MethodGet, n.Owner.Network+"routers/"+router, nil, &found); err != nil {
		return "", fmt.Errorf("looking at the router: %w", err)
	}
	for _, a := range found.Router.Gateway.Addresses {
		if a.Address.Is4() {
			return a.Subnet, nil
		}
	}
	return "", nil
}

// takeBack removes what was made last.
func (n *Networks) takeBack(ctx context.Context) error {
	last := len(n.undo) - 1
	undo := n.undo[last]
	if err := undo(ctx); err != nil {
		return err
	}
	n.undo = n.undo[:last]
	return nil
}

// internal makes the router and the subnets of the layout.
func (n *Networks) internal(ctx context.Context, externals []string) error {
	if err := n.join(ctx, externals); err != nil {
		return err
	}
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
	network, err = n.make(ctx, n.Owner, "network", object{"name": n.named(s.Network)})
	if err != nil {
		return "", "", err
	}
	subnet, err = n.make(ctx, n.Owner, "subnet", n.in(network, s))
	if err != nil {
		return "", "", err
	}
	return network, subnet, n.connect(ctx, network, s)
}

// in is what Neutron has to hear about a subnet of a network.
func (n *Networks) in(network string, s Subnet) object {
	return object{
		"name": n.named(s.Name), "network_id": network, "ip_version": 4, "cidr": s.Range, "gateway_ip": s.Gateway,
		"enable_dhcp": false, "allocation_pools": []object{{"start": s.First, "end": s.Last}},
	}
}

// connect gives the router a port at the gateway address.
func (n *Networks) connect(ctx context.Context, network string, s Subnet) error {
	port, err := n.make(ctx, n.Owner, "port", object{
		"name": n.named(s.Name + "_router"), "network_id": network, "fixed_ips": []object{{"ip_address": s.Gateway}},
	})
	if err != nil {
		return err
	}
	router, body := n.Owner.Network+"routers/"+n.Router, object{"port_id": port}
	if err := whole(ctx, n.Owner, http.MethodPut, router+"/add_router_interface", body, nil); err != nil {
		return fmt.Errorf("connecting the router: %w", err)
	}
	n.undo[len(n.undo)-1] = func(ctx context.Context) error { // which deletes the port, too
		answer, err := n.Owner.Call(ctx, http.MethodPut, router+"/remove_router_interface", body)
		if err == nil && answer.Status/100 != 2 && answer.Status != http.StatusNotFound {
			err = fmt.Errorf("disconnecting the router: %d %s", answer.Status, answer.Text)
		}
		return err
	}
	return nil
}

// ofUser describes a floating IP that FloatingIP made.
const ofUser = "floating IP of the user"

// FloatingIP makes a floating IP for the owner and returns its address. Where the
// external network is ours, it has the one that is wanted; elsewhere, any is as good.
func (n *Networks) FloatingIP(ctx context.Context, address string) (string, error) {
	by, wanted := n.Owner, object{"floating_network_id": n.ExternalNetwork, "description": n.named(ofUser)}
	if n.ours {
		by = n.Admin
		wanted["floating_ip_address"], wanted["project_id"] = address, n.Owner.Project
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
	err = n.Owner.Do(ctx, http.MethodGet, n.Owner.Network+"floatingips/"+id, nil, &made)
	return made.FloatingIP.Address, err
}

// Port makes a port at an address of the Services' subnet, for a device of the owner's, in
// Neutron's words, such as compute:nova.
func (n *Networks) Port(ctx context.Context, address, device string) (id string, err error) {
	return n.make(ctx, n.Owner, "port", object{
		"name": n.named("server"), "network_id": n.ServiceNetwork, "device_owner": device, "fixed_ips": []object{{"ip_address": address}},
	})
}

// make creates a resource of Neutron and remembers to delete it.
func (n *Networks) make(ctx context.Context, by *session.Session, kind string, body object) (id string, err error) {
	var made map[string]struct{ ID string }
	if err := whole(ctx, by, http.MethodPost, by.Network+kind+"s", object{kind: body}, &made); err != nil {
		return "", fmt.Errorf("making a %s: %w", kind, err)
	}
	id = made[kind].ID
	n.undo = append(n.undo, func(ctx context.Context) error { return by.Delete(ctx, by.Network+kind+"s/"+id) })
	return id, nil
}

// whole makes a call that is not given up once it is under way: what it made would not
// be known.
func whole(ctx context.Context, by *session.Session, method, url string, body, into any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return by.Do(context.WithoutCancel(ctx), method, url, body, into)
}
