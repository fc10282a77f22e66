package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A provider is a driver of Octavia and what it can do. What Octavia accepts and a
// provider does not is refused with 501; what is not listed here, a provider takes
// or silently ignores.
type provider struct {
	name, description string
	title             string // of its own messages

	protocols    []string // of listeners and pools
	algorithms   []string
	persistences []string
	monitors     []string // types of health monitors
	cidrs        bool     // allowed_cidrs
	l7           bool     // policies and rules
	failover     bool
	probes       bool // monitor_address and monitor_port of members
	amphorae     bool // virtual machines, with ports and security groups of their own
	subnets      bool // members need one: the VIP's is only assumed for its own addresses
	families     bool // members of another IP version than the VIP
	curable      bool // what is in ERROR can be changed, and is well again when that succeeds
}

// providers is the matrix. All of them know additional VIPs; weights, time-outs and
// connection limits are never refused, not even by ovn, which ignores them.
var providers = []provider{
	// Recorded from Octavia 11, and its amphora driver's lists of what it supports.
	amphoraProvider("amphora", "The Octavia Amphora driver"),
	// The same driver by its old name, recorded as well.
	amphoraProvider("octavia", "Deprecated alias of the Octavia Amphora driver"),
	// The driver's own checks (openstack/ovn-octavia-provider, driver.py), Octavia's
	// feature matrix, and the driver's documented limits.
	{
		name: "ovn", description: "Octavia OVN driver", title: "OVN",
		protocols: []string{"TCP", "UDP", "SCTP"}, algorithms: []string{"SOURCE_IP_PORT"}, persistences: []string{"SOURCE_IP"},
		monitors: []string{"TCP", "UDP-CONNECT"}, subnets: true,
	},
	// The namespace driver of neutron-lbaas, the only one of Options.Legacy, whose API
	// refuses all that it cannot do. Changes it refuses only while a load balancer is
	// PENDING (neutron_lbaas/db/loadbalancer/loadbalancer_dbv2.py, assert_modification_allowed).
	{
		name: "haproxy", title: "haproxy",
		protocols: []string{"TCP", "HTTP", "HTTPS", "TERMINATED_HTTPS"}, algorithms: []string{"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"},
		persistences: []string{"SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE"}, monitors: []string{"PING", "TCP", "HTTP", "HTTPS"},
		cidrs: true, l7: true, probes: true, families: true, curable: true,
	},
}

func amphoraProvider(name, description string) provider {
	return provider{
		name: name, description: description, title: "Amphora",
		protocols:    []string{"TCP", "HTTP", "HTTPS", "TERMINATED_HTTPS", "PROXY", "PROXYV2", "UDP", "SCTP", "PROMETHEUS"},
		algorithms:   []string{"ROUND_ROBIN", "SOURCE_IP", "LEAST_CONNECTIONS"},
		persistences: []string{"SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE"},
		monitors:     []string{"HTTP", "HTTPS", "PING", "SCTP", "TCP", "TLS-HELLO", "UDP-CONNECT"},
		cidrs:        true, l7: true, failover: true, probes: true, amphorae: true, families: true,
	}
}

// providerNamed is nil if there is no such driver at all.
func providerNamed(name string) *provider {
	i := slices.IndexFunc(providers, func(p provider) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return &providers[i]
}

// unsupported is how a load balancer's provider turns an option down.
func (lb *loadBalancer) unsupported(format string, args ...any) error {
	return balancerRefusal(http.StatusNotImplemented, "Provider '%s' does not support a requested option: %s",
		lb.Provider, fmt.Sprintf(format, args...))
}

func (lb *loadBalancer) driver() *provider { return providerNamed(lb.Provider) }

// drives refuses what a listener's provider cannot do.
func (l *listener) drives() error {
	d := l.balancer.driver()
	if !slices.Contains(d.protocols, l.Protocol) {
		return l.balancer.unsupported("%s provider does not support %s protocol", d.title, l.Protocol)
	}
	if len(l.AllowedCIDRs) > 0 && !d.cidrs {
		return l.balancer.unsupported("%s provider does not support allowed_cidrs option", d.title)
	}
	return nil
}

// drives refuses what a pool's provider cannot do.
func (p *pool) drives() error {
	d := p.balancer.driver()
	if p.Protocol != "" && !slices.Contains(d.protocols, p.Protocol) {
		return p.balancer.unsupported("%s provider does not support %s protocol", d.title, p.Protocol)
	}
	if p.Algorithm != "" && !slices.Contains(d.algorithms, p.Algorithm) {
		return p.balancer.unsupported("%s provider does not support %s algorithm%s", d.title, p.Algorithm, d.stop())
	}
	if s := p.Persistence; s != nil && !slices.Contains(d.persistences, s.Type) {
		return p.balancer.unsupported("%s provider does not support %s session persistence. Only %s type is supported.",
			d.title, s.Type, strings.Join(d.persistences, ", "))
	}
	return nil
}

// stop ends the one sentence that the drivers write differently.
func (p *provider) stop() string {
	if p.amphorae {
		return "."
	}
	return ""
}

// drives refuses what a health monitor's provider cannot do.
func (hm *healthMonitor) drives() error {
	lb := hm.pool.balancer
	if d := lb.driver(); !slices.Contains(d.monitors, hm.Type) {
		return lb.unsupported("%s provider does not support %s health monitor type. Supported types: %s",
			d.title, hm.Type, strings.Join(d.monitors, ", "))
	}
	return nil
}

// drives refuses what a member's provider cannot do.
func (m *member) drives(c *Cloud) error {
	lb := m.pool.balancer
	d := lb.driver()
	switch {
	case !d.probes && (m.MonitorAddress != nil || m.MonitorPort != nil):
		return lb.unsupported("%s Load Balancer does not support different member monitor address or port.", d.title)
	case !d.families && m.Address.Is4() != lb.VIPAddress.Is4() && len(lb.AdditionalVIPs) == 0:
		return lb.unsupported("%s provider does not support mixing IPv4/IPv6 configuration within the same Load Balancer.", d.title)
	case d.subnets && m.SubnetID == nil && !c.besideVIP(lb, m):
		return lb.unsupported("Subnet is required, or Loadbalancer associated with Pool must have a subnet, " +
			"for Member creation with OVN Provider Driver if it is not the same as LB VIP subnet")
	}
	return nil
}

// besideVIP reports whether a member is in the subnet of the VIP.
func (c *Cloud) besideVIP(lb *loadBalancer, m *member) bool {
	s := c.subnets[lb.VIPSubnetID]
	return s != nil && s.CIDR.Contains(m.Address)
}

// enabled are the drivers of this cloud; the first is the default.
func (c *Cloud) enabled() []string {
	switch {
	case c.options.Legacy:
		return []string{"haproxy"}
	case len(c.options.Providers) > 0:
		return c.options.Providers
	}
	return []string{"amphora", "octavia"}
}

func (c *Cloud) listProviders(*request) (any, error) {
	type shown struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	all := []shown{}
	for _, name := range c.enabled() {
		all = append(all, shown{name, providerNamed(name).description})
	}
	return map[string]any{"providers": all}, nil
}
