package openstack

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A whole is the one request that makes a tree: its pools, and listeners that lead to
// them by name.
type whole struct {
	loadbalancers.CreateOpts
	leads []string // the pool of each listener, by name; empty: none
}

// ToLoadBalancerCreateMap implements loadbalancers.CreateOptsBuilder, which cannot refer
// to a pool by name.
func (w whole) ToLoadBalancerCreateMap() (map[string]any, error) {
	body, err := w.CreateOpts.ToLoadBalancerCreateMap()
	if err != nil {
		return nil, err
	}
	listeners, _ := body["loadbalancer"].(map[string]any)["listeners"].([]any)
	for i, l := range listeners {
		if w.leads[i] != "" {
			l.(map[string]any)["default_pool"] = map[string]any{"name": w.leads[i]}
		}
	}
	return body, nil
}

// balancer is the request that makes t.
func balancer(m mark, t octavia.Tree) whole {
	w := whole{CreateOpts: loadbalancers.CreateOpts{
		Name: t.Name, Tags: m.with(t.Tags), Description: m.description, Provider: t.Provider, FlavorID: t.Flavor, AvailabilityZone: t.Zone,
		VipAddress: t.VIP.Address.String(), VipSubnetID: t.VIP.Subnet,
	}}
	for _, more := range t.More {
		w.AdditionalVips = append(w.AdditionalVips, loadbalancers.AdditionalVip{SubnetID: more.Subnet, IPAddress: more.Address.String()})
	}
	for _, p := range t.Pools {
		opts := pool(m, p)
		for _, member := range p.Members {
			opts.Members = append(opts.Members, newMember(member))
		}
		if p.Monitor != (octavia.Monitor{}) {
			opts.Monitor = monitor(m, p.PoolKey, p.Monitor)
		}
		w.Pools = append(w.Pools, opts)
	}
	for _, l := range t.Listeners {
		w.Listeners = append(w.Listeners, listener(m, l))
		w.leads = append(w.leads, l.Pool.Name)
	}
	return w
}

// changedBalancer is what is to change of a load balancer, and nothing else.
func (s *session) changedBalancer(o octavia.Owner, t octavia.Tree, changes []octavia.Change) loadbalancers.UpdateOpts {
	var opts loadbalancers.UpdateOpts
	for _, change := range changes {
		switch change {
		case octavia.NameChange, octavia.StatusChange:
			opts.Name = &t.Name
		case octavia.TagsChange:
			opts.Tags = new(s.mark(o).with(t.Tags))
		case octavia.EnabledChange:
			opts.AdminStateUp = new(true)
		}
	}
	return opts
}

// forwarded is the header by which members are told who the client is.
const forwarded = "X-Forwarded-For"

func listener(m mark, l octavia.Listener) listeners.CreateOpts {
	m = m.and(octavia.TimedTag(l.Settings.Timed))
	opts := listeners.CreateOpts{
		Name: l.Settings.Name, Tags: m.tags, Description: m.description, Protocol: listeners.Protocol(l.Protocol), ProtocolPort: int(l.Port),
		DefaultTlsContainerRef: l.Settings.Certificate,
	}
	// What nobody asked for is left out: an old Octavia does not know it all.
	if l.Settings.ConnectionLimit > 0 {
		opts.ConnLimit = &l.Settings.ConnectionLimit
	}
	if l.Settings.Forwarded {
		opts.InsertHeaders = map[string]string{forwarded: "true"}
	}
	if len(l.Settings.Sources) > 0 {
		opts.AllowedCIDRs = texts(l.Settings.Sources)
	}
	t := l.Settings.Timeouts
	opts.TimeoutClientData, opts.TimeoutMemberData = milliseconds(t.ClientData), milliseconds(t.MemberData)
	opts.TimeoutMemberConnect, opts.TimeoutTCPInspect = milliseconds(t.MemberConnect), milliseconds(t.TCPInspect)
	return opts
}

// A change is what is to change of a listener, with null for the timeouts that we chose
// before and nobody wants any more: Octavia has its own for that.
type change struct {
	listeners.UpdateOpts
	step plan.UpdateListener
}

// ToListenerUpdateMap implements listeners.UpdateOptsBuilder, which knows no null there.
func (c change) ToListenerUpdateMap() (map[string]any, error) {
	body, err := c.UpdateOpts.ToListenerUpdateMap()
	if err != nil || !slices.Contains(c.step.Changes, octavia.TimeoutsChange) {
		return body, err
	}
	for name := range strings.SplitSeq(c.step.Timed, ",") {
		if name != "" && !slices.Contains(strings.Split(c.step.Settings.Timed, ","), name) {
			body["listener"].(map[string]any)[name] = nil
		}
	}
	return body, nil
}

// changed is what is to change of a listener, and nothing else: an old Octavia does
// not know it all.
func changed(m mark, step plan.UpdateListener) listeners.UpdateOpts {
	var opts listeners.UpdateOpts
	s := step.Settings
	for _, change := range step.Changes {
		switch change {
		case octavia.NameChange:
			opts.Name = &s.Name
		case octavia.EnabledChange:
			opts.AdminStateUp = new(true)
		case octavia.PoolChange:
			opts.DefaultPoolID = &step.PoolID
		case octavia.SourcesChange:
			opts.AllowedCIDRs = new(texts(s.Sources))
		case octavia.LimitChange:
			opts.ConnLimit = new(cmp.Or(s.ConnectionLimit, unlimited))
		case octavia.ForwardedChange:
			opts.InsertHeaders = &map[string]string{forwarded: strconv.FormatBool(s.Forwarded)}
		case octavia.CertificateChange:
			opts.DefaultTlsContainerRef = &s.Certificate
		case octavia.TimeoutsChange:
			opts.TimeoutClientData, opts.TimeoutMemberData = milliseconds(s.Timeouts.ClientData), milliseconds(s.Timeouts.MemberData)
			opts.TimeoutMemberConnect, opts.TimeoutTCPInspect = milliseconds(s.Timeouts.MemberConnect), milliseconds(s.Timeouts.TCPInspect)
			m = m.and(octavia.TimedTag(s.Timed))
			opts.Tags, opts.Description = m.asTags(), m.asWords()
		}
	}
	return opts
}

// changedPool is the same of a pool.
func changedPool(p octavia.Pool, changes []octavia.Change) pools.UpdateOpts {
	var opts pools.UpdateOpts
	for _, change := range changes {
		switch change {
		case octavia.EnabledChange:
			opts.AdminStateUp = new(true)
		case octavia.AlgorithmChange:
			opts.LBMethod = pools.LBMethod(p.Algorithm)
		case octavia.PersistenceChange:
			opts.Persistence = cmp.Or(persistence(p), &pools.SessionPersistence{})
		}
	}
	return opts
}

// unlimited is Octavia's word for no limit.
const unlimited = -1

// milliseconds is nil where nothing is asked for.
func milliseconds(d time.Duration) *int {
	if d == 0 {
		return nil
	}
	return new(int(d.Milliseconds()))
}

func texts(prefixes []netip.Prefix) []string {
	all := []string{}
	for _, p := range prefixes {
		all = append(all, p.String())
	}
	return all
}

// asks is how a health monitor asks members that speak a protocol; by TCP where it is
// not said.
var asks = map[string]string{"UDP": "UDP-CONNECT", "SCTP": "SCTP"}

// monitor is a health monitor for the members of a pool.
func monitor(m mark, p octavia.PoolKey, is octavia.Monitor) monitors.CreateOpts {
	return monitors.CreateOpts{
		Name: p.Name, Tags: m.tags, Type: cmp.Or(asks[p.Protocol], monitors.TypeTCP),
		Delay: seconds(is.Delay), Timeout: seconds(is.Timeout), MaxRetries: is.MaxRetries, MaxRetriesDown: is.MaxRetriesDown,
	}
}

func changedMonitor(m octavia.Monitor) monitors.UpdateOpts {
	return monitors.UpdateOpts{
		Delay: seconds(m.Delay), Timeout: seconds(m.Timeout), MaxRetries: m.MaxRetries, MaxRetriesDown: m.MaxRetriesDown,
		AdminStateUp: new(true),
	}
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// persistence is nil for a pool that has none.
func persistence(p octavia.Pool) *pools.SessionPersistence {
	if !p.Sticky {
		return nil
	}
	return &pools.SessionPersistence{Type: sticky}
}

// sticky is how a client stays with its member, whatever the protocol.
const sticky = "SOURCE_IP"

func pool(m mark, p octavia.Pool) pools.CreateOpts {
	return pools.CreateOpts{
		Name: p.Name, Tags: m.tags, Description: m.description, Protocol: pools.Protocol(p.Protocol), LBMethod: pools.LBMethod(p.Algorithm),
		Persistence: persistence(p),
	}
}

func newMember(m octavia.Member) pools.CreateMemberOpts {
	return pools.CreateMemberOpts{Name: m.Name, Address: m.Address.String(), ProtocolPort: int(m.Port), SubnetID: m.Subnet}
}

// batch is every member of a pool; Octavia removes those that are not named.
func batch(members []octavia.Member) []pools.BatchUpdateMemberOpts {
	opts := []pools.BatchUpdateMemberOpts{}
	for _, m := range members {
		opts = append(opts, pools.BatchUpdateMemberOpts{
			Name: &m.Name, Address: m.Address.String(), ProtocolPort: int(m.Port), SubnetID: subnet(m),
		})
	}
	return opts
}

// subnet is nil for a member of the VIP's own subnet by default.
func subnet(m octavia.Member) *string {
	if m.Subnet == "" {
		return nil
	}
	return &m.Subnet
}
