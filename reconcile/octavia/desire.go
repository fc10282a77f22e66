package octavia

import (
	"fmt"
	"slices"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
)

// Backends are the members of each port of a Service, as far as they are known.
type Backends map[policy.Port][]Member

// Desire is the tree that an intent asks for, with its traffic sent to backends.
// An intent without listeners asks for none, and at most that a floating IP be kept.
func Desire(in policy.Intent, backends Backends) Tree {
	external := floatingIP(in.ExternalIP)
	if len(in.Listeners) == 0 {
		return Tree{FloatingIP: FloatingIP{Keep: external.Keep}}
	}
	t := Tree{
		Name:       in.Name,
		Tags:       slices.Clone(in.Tags),
		VIP:        VIP{Address: in.VIP, Subnet: in.VIPSubnet, Open: in.OpenVIP},
		Provider:   in.Provider,
		Flavor:     in.Flavor,
		Zone:       in.Zone,
		FloatingIP: external,
	}
	if in.SecondVIP.IsValid() {
		t.More = []VIP{{Address: in.SecondVIP, Subnet: in.SecondSubnet}}
	}
	for _, p := range in.Listeners {
		l := listener(in, p)
		t.Listeners = append(t.Listeners, l)
		if _, shared := t.Pool(l.Pool); !shared {
			members, known := backends[p]
			made := pool(in, l.Pool, members)
			made.Unseen = !known
			t.Pools = append(t.Pools, made)
		}
	}
	t.Sort()
	return t
}

func listener(in policy.Intent, p policy.Port) Listener {
	k := Key{Protocol: p.Listener(), Port: p.Number}
	s := Settings{
		Name: Name(in.Name, k), Sources: in.Traffic.Sources, ConnectionLimit: in.Traffic.ConnectionLimit, Timeouts: Timeouts(in.Traffic.Timeouts),
	}
	s.Timed = s.Timeouts.Chosen()
	if p.HTTP() {
		s.Forwarded = in.Traffic.Forwarded
	}
	if k.Protocol == policy.TerminatedHTTPS {
		s.Certificate = in.Traffic.Certificate
	}
	behind := p.Behind()
	return Listener{Key: k, Settings: s, Pool: PoolKey{
		Name:     fmt.Sprintf("%s:%s:%s", in.Name, behind, p.Target()),
		Protocol: spoken(behind, in.Traffic.Proxy),
	}}
}

func pool(in policy.Intent, k PoolKey, members []Member) Pool {
	p := Pool{PoolKey: k, Algorithm: string(in.Traffic.Algorithm), Sticky: in.Traffic.Sticky, Monitor: monitor(in.Traffic.Monitor)}
	for _, m := range members {
		m.Subnet = in.MemberSubnet
		p.Members = append(p.Members, m)
	}
	return p
}

// spoken is the protocol in which a pool speaks to its members.
func spoken(protocol string, proxy annotation.Proxy) string {
	datagrams := protocol == "UDP" || protocol == "SCTP"
	switch {
	case !datagrams && proxy == annotation.ProxyV1:
		return "PROXY"
	case !datagrams && proxy == annotation.ProxyV2:
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
		return FloatingIP{Allocate: true, Network: e.Network, Subnet: e.Subnet, Keep: e.Keep}
	case policy.User:
		return FloatingIP{Address: e.Address, Keep: e.Keep}
	}
	return FloatingIP{Keep: e.Keep}
}
