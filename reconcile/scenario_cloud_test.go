package reconcile_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A cloud is what is known of OpenStack beside the load balancer.
type cloud struct {
	Silent      bool              `json:"silent"` // it has not answered yet
	FloatingIPs []floatingIP      `json:"floatingIPs"`
	Subnets     []subnet          `json:"subnets"`
	Ports       []port            `json:"ports"`  // in the service subnet, beside those of our load balancers
	Routes      []string          `json:"routes"` // the external networks that a router leads to
	Manner      string            `json:"manner"` // one of manners
	Hosts       map[string]string `json:"hosts"`  // names of the Nodes, by their addresses
	Providers   []string          `json:"providers"`
	Flavors     []offer           `json:"flavors"`
	Zones       []offer           `json:"zones"`
	Quotas      quotas            `json:"quotas"`
}

// An offer is something that Octavia has to choose from.
type offer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Off  bool   `json:"disabled"`
}

// The quotas are how many of each kind the project may have; nil: it is not known.
type quotas struct {
	LoadBalancers *int `json:"loadBalancers"`
	FloatingIPs   *int `json:"floatingIPs"`
}

// A floatingIP is one of the project, associated with fixedIP if there is one.
type floatingIP struct {
	ID      string     `json:"id"`
	Network string     `json:"network"`
	Address netip.Addr `json:"address"`
	FixedIP netip.Addr `json:"fixedIP"`
	Ours    bool       `json:"ours"` // octagate allocated it
}

// A subnet is one that was looked for; without a range it is not there.
type subnet struct {
	ID      string       `json:"id"`
	CIDR    netip.Prefix `json:"cidr"`
	Gateway netip.Addr   `json:"gateway"`
	First   netip.Addr   `json:"first"` // of what Neutron hands out
	Last    netip.Addr   `json:"last"`
}

// A port is somebody's at an address of the service subnet, or that of the VIP of a load
// balancer that is not the Service's.
type port struct {
	ID           string     `json:"id"`
	Address      netip.Addr `json:"address"`
	Owner        string     `json:"owner"`
	LoadBalancer string     `json:"loadBalancer"` // its ID
	Name         string     `json:"name"`         // its name, if no octagate made it
}

// manners are how clouds have to be treated.
var manners = map[string]plan.Manner{
	"":         {},
	"stepwise": {Stepwise: true},
	"lbaasv2":  {Stepwise: true, Memberwise: true, Leafwise: true, Curable: true},
}

func (c cloud) fault() error {
	if _, known := manners[c.Manner]; !known {
		return fmt.Errorf("cloud.yaml: manner %q is none; there are stepwise and lbaasv2", c.Manner)
	}
	return nil
}

// plan is the way from observed to desired in the cloud.
func (c cloud) plan(desired, observed octavia.Tree) plan.Plan {
	return manners[c.Manner].Plan(desired, observed)
}

// snapshot is what is known of the cloud when it has a tree.
func (c cloud) snapshot(observed octavia.Tree) facts.Snapshot {
	if c.Silent {
		return facts.Snapshot{}
	}
	known := facts.Snapshot{FloatingIPs: map[netip.Addr]facts.FloatingIP{}}
	c.network(&known)
	c.offer(&known)
	for _, f := range c.FloatingIPs {
		fact := facts.FloatingIP{ID: f.ID, Network: f.Network, Address: f.Address, FixedIP: f.FixedIP, Pool: f.Ours}
		if f.FixedIP.IsValid() {
			fact.Port = "port of " + f.FixedIP.String()
		}
		known.FloatingIPs[f.Address] = fact
	}
	if f := observed.FloatingIP; f.Address.IsValid() {
		fact := known.FloatingIPs[f.Address]
		fact.Address, fact.Port, fact.Pool = f.Address, f.Port, f.Allocate
		if fact.Network == "" {
			fact.Network = c.Routes[0] // of where it was allocated from
		}
		if f.Port == observed.VIP.Port {
			fact.FixedIP = observed.VIP.Address
		}
		known.FloatingIPs[f.Address] = fact
	}
	if observed.Exists() {
		known.Ports[observed.VIP.Address] = facts.Port{ID: observed.VIP.Port, Owner: "Octavia", VIP: true}
	}
	return known
}

// network adds what is known of subnets, ports and routers.
func (c cloud) network(known *facts.Snapshot) {
	known.Subnets, known.Ports = map[string]facts.Subnet{}, map[netip.Addr]facts.Port{}
	known.Balancers, known.Routes = map[string]facts.Balancer{}, map[string]bool{}
	for _, s := range c.Subnets {
		known.Subnets[s.ID] = facts.Subnet{}
		if s.CIDR.IsValid() {
			known.Subnets[s.ID] = facts.Subnet{ID: s.ID, CIDR: s.CIDR, Gateway: s.Gateway, Pools: []facts.Span{{First: s.First, Last: s.Last}}}
		}
	}
	for _, p := range c.Ports {
		known.Ports[p.Address] = facts.Port{ID: p.ID, Owner: p.Owner, VIP: p.LoadBalancer != ""}
		if p.LoadBalancer != "" {
			known.Balancers[p.ID] = facts.Balancer{ID: p.LoadBalancer, Name: p.Name}
		}
	}
	for _, network := range c.Routes {
		known.Routes[network] = true
	}
}

// offer adds what Octavia offers, and how much of it.
func (c cloud) offer(known *facts.Snapshot) {
	for _, name := range c.Providers {
		add(&known.Providers, offer{ID: name, Name: name})
	}
	for _, f := range c.Flavors {
		add(&known.Flavors, f)
	}
	for _, z := range c.Zones {
		add(&known.Zones, offer{ID: z.Name, Name: z.Name, Off: z.Off})
	}
	known.BalancerLimit, known.FloatingIPLimit = limit(c.Quotas.LoadBalancers), limit(c.Quotas.FloatingIPs)
}

func add(known *map[string]facts.Offer, o offer) {
	if *known == nil {
		*known = map[string]facts.Offer{}
	}
	(*known)[o.ID] = facts.Offer{Name: o.Name, Off: o.Off}
}

func limit(most *int) facts.Limit {
	if most == nil {
		return facts.Limit{}
	}
	return facts.Limit{Known: true, Most: *most}
}

// allocated is what the cloud allocates when it is asked for a floating IP.
var allocated = netip.MustParseAddr("172.24.4.100")

// made is a desired tree as it is observed when it is made: with IDs, and with the
// cloud's own where nothing was asked for.
func made(t octavia.Tree) octavia.Tree {
	if !t.Exists() {
		return octavia.Tree{}
	}
	t.ID, t.Status, t.VIP.Port = "1b4d5c60-0000-4000-8000-000000000001", octavia.Active, "vip-port"
	t.Listeners, t.Pools = append([]octavia.Listener{}, t.Listeners...), append([]octavia.Pool{}, t.Pools...)
	for i := range t.Listeners {
		l := &t.Listeners[i]
		l.ID = "listener " + l.Key.String()
		l.Settings.Timeouts = answered(l.Settings.Timeouts)
	}
	for i := range t.Pools {
		p := &t.Pools[i]
		p.ID = "pool " + p.Name
		p.Members = append([]octavia.Member{}, p.Members...)
		for j := range p.Members {
			p.Members[j].ID = "member " + p.Members[j].Name
		}
		if p.Monitor != (octavia.Monitor{}) {
			p.Monitor.ID = "monitor of " + p.Name
		}
	}
	t.FloatingIP = associated(t.FloatingIP, t.VIP.Port)
	return t
}

// answered are timeouts as Octavia shows them.
func answered(t octavia.Timeouts) octavia.Timeouts {
	own := octavia.Timeouts{ClientData: 50 * time.Second, MemberData: 50 * time.Second, MemberConnect: 5 * time.Second}
	for _, is := range []struct{ asked, own *time.Duration }{
		{&t.ClientData, &own.ClientData}, {&t.MemberData, &own.MemberData}, {&t.MemberConnect, &own.MemberConnect}, {&t.TCPInspect, &own.TCPInspect},
	} {
		if *is.asked == 0 {
			*is.asked = *is.own
		}
	}
	return t
}

// associated is a floating IP that was asked for.
func associated(f octavia.FloatingIP, port string) octavia.FloatingIP {
	switch {
	case f.Allocate:
		return octavia.FloatingIP{Allocate: true, Address: allocated, ID: "floating IP", Port: port}
	case f.Address.IsValid():
		return octavia.FloatingIP{Address: f.Address, ID: "floating IP", Port: port}
	}
	return octavia.FloatingIP{}
}
