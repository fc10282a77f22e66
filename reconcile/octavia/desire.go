package octavia

import (
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
)

// Backends are the members of each port of a Service.
type Backends map[policy.Port][]Member

// Desire is the tree that an intent asks for, with its traffic sent to backends.
// An intent without listeners asks for none.
func Desire(in policy.Intent, backends Backends) Tree {
	if len(in.Listeners) == 0 {
		return Tree{}
	}
	t := Tree{
		Name:       in.Name,
		VIP:        VIP{Address: in.VIP, Subnet: in.VIPSubnet},
		Provider:   in.Provider,
		Flavor:     in.Flavor,
		Zone:       in.Zone,
		FloatingIP: floatingIP(in.ExternalIP),
	}
	for _, p := range in.Listeners {
		t.Listeners = append(t.Listeners, listener(in, p, backends[p]))
	}
	t.Sort()
	return t
}

func listener(in policy.Intent, p policy.Port, members []Member) Listener {
	k := Key{Protocol: string(p.Protocol), Port: p.Number}
	pool := Pool{Name: Name(in.Name, k), Protocol: spoken(k.Protocol, in.Traffic.Proxy), Algorithm: string(in.Traffic.Algorithm), Sticky: in.Traffic.Sticky,
		Monitor: monitor(in.Traffic.Monitor)}
	for _, m := range members {
		m.Subnet = in.MemberSubnet
		pool.Members = append(pool.Members, m)
	}
	return Listener{Key: k, Pool: pool, Settings: Settings{
		Sources: in.Traffic.Sources, ConnectionLimit: in.Traffic.ConnectionLimit, Timeouts: Timeouts(in.Traffic.Timeouts),
	}}
}

// spoken is the protocol in which a pool speaks to its members.
func spoken(protocol string, proxy annotation.Proxy) string {
	switch {
	case protocol == "TCP" && proxy == annotation.ProxyV1:
		return "PROXY"
	case protocol == "TCP" && proxy == annotation.ProxyV2:
		return "PROXYV2"
	}
	return protocol
}

func monitor(m policy.Monitor) Monitor {
	return Monitor{Delay: m.Delay, Timeout: m.Timeout, MaxRetries: m.MaxRetries, MaxRetriesDown: m.MaxRetriesDown}
}

func floatingIP(e policy.ExternalIP) FloatingIP {
	switch e.Method {
	case policy.Pool:
		return FloatingIP{Allocate: true, Network: e.Network, Subnet: e.Subnet}
	case policy.User:
		return FloatingIP{Address: e.Address}
	}
	return FloatingIP{}
}
