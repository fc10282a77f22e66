package view

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Balancer is an Octavia load balancer with everything in it.
type Balancer struct {
	ID         string
	Name       string
	Status     string `json:"provisioning_status"`
	VIP        string `json:"vip_address"`
	Port       string `json:"vip_port_id"`
	FloatingIP string `json:"-"`
	Listeners  []Listener
}

// A Listener is one open port of it.
type Listener struct {
	ID, Name string
	Port     int    `json:"protocol_port"`
	Protocol string `json:"protocol"`
	Pools    []Pool
}

// A Pool is the members behind a listener.
type Pool struct {
	ID, Name string
	Members  []Member
}

// A Member is one address that traffic is sent to.
type Member struct {
	Name, Address string
	Port          int    `json:"protocol_port"`
	Subnet        string `json:"subnet_id"` // where the load balancer reaches it; only in Cloud.Members
}

// A FloatingIP is a public address, and the port it leads to.
type FloatingIP struct {
	Address string `json:"floating_ip_address"`
	Port    string `json:"port_id"`
	Network string `json:"floating_network_id"`
}

// Balancers are all load balancers of the project, by name.
func (c *Cloud) Balancers(ctx context.Context) ([]Balancer, error) {
	return c.balancers(ctx, "loadbalancers")
}

func (c *Cloud) balancers(ctx context.Context, path string) ([]Balancer, error) {
	var list struct{ LoadBalancers []Balancer }
	if err := c.balancing(ctx, path, &list); err != nil {
		return nil, fmt.Errorf("listing load balancers: %w", err)
	}
	slices.SortFunc(list.LoadBalancers, func(a, b Balancer) int { return cmp.Compare(a.Name, b.Name) })
	return list.LoadBalancers, nil
}

// FloatingIPs are all floating IPs of the project, by address.
func (c *Cloud) FloatingIPs(ctx context.Context) ([]FloatingIP, error) {
	var list struct{ FloatingIPs []FloatingIP }
	if err := c.network(ctx, "floatingips", &list); err != nil {
		return nil, fmt.Errorf("listing floating IPs: %w", err)
	}
	slices.SortFunc(list.FloatingIPs, func(a, b FloatingIP) int { return cmp.Compare(a.Address, b.Address) })
	return list.FloatingIPs, nil
}

// Trees are all load balancers with what is in them and what leads to them.
func (c *Cloud) Trees(ctx context.Context) ([]Balancer, error) {
	all, err := c.Balancers(ctx)
	if err != nil {
		return nil, err
	}
	return all, c.fill(ctx, all)
}

// Tree is the load balancer of a name with what is in it and what leads to it; nil:
// there is none.
func (c *Cloud) Tree(ctx context.Context, name string) (*Balancer, error) {
	found, err := c.balancers(ctx, "loadbalancers?name="+url.QueryEscape(name))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], c.fill(ctx, found[:1])
}

// fill reads what is in load balancers and what leads to them.
func (c *Cloud) fill(ctx context.Context, all []Balancer) error {
	addresses, err := c.FloatingIPs(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if err := c.open(ctx, &all[i]); err != nil {
			return err
		}
		for _, f := range addresses {
			if f.Port == all[i].Port {
				all[i].FloatingIP = f.Address
			}
		}
	}
	return nil
}

// open reads what is in a load balancer, in the order of its ports: the status tree
// knows its shape, the listeners know their ports.
func (c *Cloud) open(ctx context.Context, b *Balancer) error {
	var tree struct {
		Statuses struct{ LoadBalancer Balancer }
	}
	if err := c.balancing(ctx, "loadbalancers/"+b.ID+"/"+c.status(), &tree); err != nil {
		return fmt.Errorf("reading load balancer %s: %w", b.Name, err)
	}
	b.Listeners = tree.Statuses.LoadBalancer.Listeners
	for i := range b.Listeners {
		l := struct{ Listener *Listener }{&b.Listeners[i]}
		if err := c.balancing(ctx, "listeners/"+b.Listeners[i].ID, &l); err != nil {
			return fmt.Errorf("reading listener %s: %w", b.Listeners[i].Name, err)
		}
	}
	slices.SortFunc(b.Listeners, func(x, y Listener) int { return cmp.Compare(x.Port, y.Port) })
	return nil
}

// Members are the members of a pool in full.
func (c *Cloud) Members(ctx context.Context, pool string) ([]Member, error) {
	var list struct{ Members []Member }
	if err := c.balancing(ctx, "pools/"+pool+"/members", &list); err != nil {
		return nil, fmt.Errorf("listing members: %w", err)
	}
	return list.Members, nil
}

// Addresses are the addresses behind the first listener, in order.
func (b Balancer) Addresses() []string {
	var all []string
	for _, l := range b.Listeners[:min(1, len(b.Listeners))] {
		for _, p := range l.Pools {
			for _, m := range p.Members {
				all = append(all, m.String())
			}
		}
	}
	slices.Sort(all)
	return all
}

// String is the member as address:port.
func (m Member) String() string { return net.JoinHostPort(m.Address, strconv.Itoa(m.Port)) }

// String draws the load balancer as a tree.
func (b Balancer) String() string {
	root := node{text: fmt.Sprintf("load balancer %s   VIP %s   %s", b.Name, b.VIP, b.Status)}
	if b.FloatingIP != "" {
		root.text = fmt.Sprintf("load balancer %s   VIP %s ← floating IP %s   %s", b.Name, b.VIP, b.FloatingIP, b.Status)
	}
	for _, l := range b.Listeners {
		root.children = append(root.children, l.node())
	}
	var out strings.Builder
	root.draw(&out, "", "")
	return out.String()
}

func (l Listener) node() node {
	n := node{text: fmt.Sprintf("listener %s   %s port %d", l.Name, l.Protocol, l.Port)}
	for _, p := range l.Pools {
		branch := node{text: "pool " + p.Name}
		for _, m := range p.Members {
			branch.children = append(branch.children, node{text: fmt.Sprintf("member %s   %s", m.Name, m)})
		}
		n.children = append(n.children, branch)
	}
	return n
}
