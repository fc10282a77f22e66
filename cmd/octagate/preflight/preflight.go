// Package preflight checks the ground that a cluster is built upon: the rules that the
// reference documents have for networks, and what they forgot.
//
// Each check is a pure function of what was read, in a check_*.go of its own. What was not
// read is not checked, and said to be so: it never passes.
package preflight

import (
	"fmt"
	"net/netip"

	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/ground"
)

// A Ground is all that checks look at.
type Ground struct {
	ClusterName string
	Guarded     bool // addresses that others have are kept from Services
	Policy      policy.Config
	Cluster     Cluster
	Cloud       ground.Cloud
}

// A Cluster is what was read of the Kubernetes cluster, if there is one yet.
type Cluster struct {
	System       ground.Fact[types.UID] // UID of the namespace kube-system
	ServiceCIDRs ground.Fact[[]netip.Prefix]
	Services     ground.Fact[[]Service]
	Pods         ground.Fact[[]Pod] // that are not in the network of their Node
}

// A Service is as much of one as checks look at.
type Service struct {
	Name      string // ns/name
	UID       types.UID
	VIPs      []netip.Addr
	Balanced  bool       // octagate makes a load balancer for it
	Pool      bool       // it gets an external IP of the pool
	Requested netip.Addr // the floating IP that its author asks for; zero: none
}

// A Pod is as much of one as checks look at.
type Pod struct {
	Name    string // ns/name
	Address netip.Addr
}

// A Severity is how bad what a check found is.
type Severity int

// The severities.
const (
	Passed Severity = iota
	Unchecked
	Warning
	Failure
)

// String is the severity in one word.
func (s Severity) String() string {
	return [...]string{"passed", "unchecked", "warning", "failure"}[s]
}

// MarshalText writes the severity in one word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Result is what a check found.
type Result struct {
	Check    string   `json:"check"`
	What     string   `json:"what"` // the rule, in a sentence
	Severity Severity `json:"severity"`
	Expected string   `json:"expected,omitempty"`
	Found    string   `json:"found,omitempty"`  // of what was not checked: why not
	Why      string   `json:"why"`              // it matters
	Repair   []string `json:"repair,omitempty"` // commands, or what else to do
}

// String is the result on one line.
func (r Result) String() string {
	text := fmt.Sprintf("%s: %s: %s", r.Check, r.Severity, r.Found)
	if r.Severity >= Warning && r.Expected != "" {
		text += "; expected: " + r.Expected
	}
	return text
}

// A check is one rule about the ground.
type check struct {
	name string
	what string // the rule, in a sentence
	why  string // it matters
	look func(Ground) Result
}

// checks are made, and reported, in this order.
var checks = []check{
	catalogue, octaviaVersion, neutronExtensions, provider, providerLimits, flavor, zone, topology,
	subnetsExist, families, subnetsApart, clusterRange, rangeInSubnet, poolsApart, gateways, router, routerGateways, rangeFree,
	poolRoom, podRoom, podsInSubnet, podSecurity, externalNetwork, externalSubnet, externalRoute,
	quotas, requestedIPs, apiBalancer, orphans, duplicates,
}

// Run makes all the checks.
func Run(g Ground) []Result {
	var all []Result
	for _, c := range checks {
		r := c.look(g)
		r.Check, r.What, r.Why = c.name, c.what, c.why
		all = append(all, r)
	}
	return all
}
