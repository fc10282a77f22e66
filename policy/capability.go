package policy

import (
	"fmt"

	"github.com/octagate/octagate/policy/facts"
)

// A feature is something of load balancers that not every cloud has.
type feature string

// The features.
const (
	udpPorts        feature = "UDP ports"
	sctpPorts       feature = "SCTP ports"
	httpPorts       feature = "HTTP listeners"
	headers         feature = "X-Forwarded-For"
	proxyV1         feature = "the PROXY protocol"
	proxyV2         feature = "the PROXY protocol, version 2"
	allowedSources  feature = "source ranges"
	timeouts        feature = "timeouts"
	connectionLimit feature = "connection limits"
	balancerTags    feature = "tags"
	flavors         feature = "flavors"
	zones           feature = "availability zones"
	sourceIPPort    feature = "SOURCE_IP_PORT"
	otherAlgorithms feature = "other algorithms"
	sctpMonitors    feature = "health monitors of SCTP"
	secondAddress   feature = "a second address"
	routedMembers   feature = "members behind a router"
)

// A level is how far a provider has a feature.
type level int

// The levels.
const (
	no      level = iota
	ignored       // it is taken, and nothing comes of it
	yes
)

// A capability is where a feature is to be had. Providers that are not known here are
// taken for amphora.
type capability struct {
	since   int   // the minor version of Octavia's API 2 that has it
	legacy  level // LBaaS v2
	amphora level
	ovn     level
}

// capabilities are the matrix. Sources: the version history of Octavia's API (its
// root controller) and its feature matrix for providers; recorded refusals of the amphora
// provider; the checks of the ovn provider's driver.py, its documented limits, and what
// Kuryr's documentation asks of it; neutron-lbaas' extensions/loadbalancerv2.py.
var capabilities = map[feature]capability{
	udpPorts:        {since: 1, legacy: no, amphora: yes, ovn: yes},
	sctpPorts:       {since: 23, legacy: no, amphora: yes, ovn: yes},
	httpPorts:       {since: 0, legacy: yes, amphora: yes, ovn: no}, // it passes packets on
	headers:         {since: 0, legacy: no, amphora: yes, ovn: no},
	proxyV1:         {since: 0, legacy: no, amphora: yes, ovn: no},
	proxyV2:         {since: 22, legacy: no, amphora: yes, ovn: no},
	allowedSources:  {since: 12, legacy: no, amphora: yes, ovn: no}, // 501: allowed_cidrs
	timeouts:        {since: 1, legacy: no, amphora: yes, ovn: ignored},
	connectionLimit: {since: 0, legacy: yes, amphora: yes, ovn: ignored},
	balancerTags:    {since: 5, legacy: no, amphora: yes, ovn: yes},
	flavors:         {since: 6, legacy: no, amphora: yes, ovn: yes},
	zones:           {since: 14, legacy: no, amphora: yes, ovn: yes},
	sourceIPPort:    {since: 13, legacy: no, amphora: no, ovn: yes}, // 501 from amphora
	otherAlgorithms: {since: 0, legacy: yes, amphora: yes, ovn: no}, // 501 from ovn
	sctpMonitors:    {since: 23, legacy: no, amphora: yes, ovn: no}, // 501: TCP and UDP-CONNECT only
	secondAddress:   {since: 26, legacy: no, amphora: yes, ovn: yes},
	routedMembers:   {since: 0, legacy: yes, amphora: yes, ovn: no}, // it knows members by the switch that they are at
}

// ovn is the provider that has an algorithm of its own, and no other.
const ovn = "ovn"

// provides is how far a provider has a feature.
func provides(provider string, f feature) level {
	if provider == ovn {
		return capabilities[f].ovn
	}
	return capabilities[f].amphora
}

// lacking is which backend does not have a feature, in words: LBaaS v2, or an Octavia
// that is too old for it. empty: it has it, as far as is known.
func (q question) lacking(f feature) string {
	c := capabilities[f]
	since := facts.Version{Major: 2, Minor: c.since}
	switch {
	case q.cfg.Legacy && c.legacy == no:
		return "LBaaS v2"
	case !q.cfg.Legacy && q.known.Octavia.AtLeast(since) == facts.No:
		return fmt.Sprintf("Octavia's API %s: it came with %s", q.known.Octavia, since)
	}
	return ""
}
