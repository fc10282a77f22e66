package main

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/webhook/enforce"
)

// A fault is one value of the configuration that does not do.
type fault struct{ path, value, message string }

func (f fault) String() string {
	if f.value == "" {
		return fmt.Sprintf("%s %s", f.path, f.message)
	}
	return fmt.Sprintf("%s %q %s", f.path, f.value, f.message)
}

// clusterNames are words that can stand in an OpenStack tag.
var clusterNames = regexp.MustCompile(`^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$`)

// faults are all that is wrong with c.
func (c Configuration) faults() []fault {
	var all []fault
	check := func(ok bool, path, value, message string) {
		if !ok {
			all = append(all, fault{path, value, message})
		}
	}
	check(c.APIVersion == apiVersion, "apiVersion", c.APIVersion, "must be "+apiVersion)
	check(c.Kind == kind, "kind", c.Kind, "must be "+kind)
	check(clusterNames.MatchString(c.ClusterName), "clusterName", c.ClusterName, "must be letters, digits, dots and dashes, at most 63; it marks what is ours in the cloud")
	for i, cidr := range c.Kubernetes.ServiceCIDRs {
		_, err := netip.ParsePrefix(cidr)
		check(err == nil, fmt.Sprintf("kubernetes.serviceCIDRs[%d]", i), cidr, "must be a range, such as 10.2.0.0/17")
	}
	for _, id := range c.ids() {
		_, err := annotation.ParseID(id.value)
		check(err == nil || id.value == "" && !id.needed, id.path, id.value, "must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12")
	}
	for _, w := range c.words() {
		check(slices.Contains(w.choices, w.value), w.path, w.value, "must be "+either(w.choices))
	}
	check(len(c.Octavia.Protocols) == 0 || slices.Contains(c.Octavia.Protocols, "TCP"), "octavia.protocols", "", "must have TCP: it is always balanced")
	_, err := annotation.ParseAlgorithm(c.Octavia.Algorithm)
	check(err == nil || c.Octavia.Algorithm == "", "octavia.algorithm", c.Octavia.Algorithm, fmt.Sprint(err))
	fits := (c.Octavia.Algorithm == string(annotation.SourceIPPort)) == (c.Octavia.Provider == "ovn")
	check(fits || c.Octavia.Algorithm == "" || c.Octavia.Provider == "", "octavia.algorithm", c.Octavia.Algorithm, "is not an algorithm of the provider "+c.Octavia.Provider)
	for _, t := range c.Octavia.Timeouts.named() {
		_, err := annotation.ParseTimeout(string(t.duration))
		check(err == nil || t.duration == "", "octavia.timeouts."+t.name, string(t.duration), fmt.Sprint(err))
	}
	all = append(all, c.Octavia.Monitor.faults()...)
	all = append(all, c.legacyFaults()...)
	after, err := time.ParseDuration(string(c.Octavia.MendAfter))
	check(err == nil && after >= 0, "octavia.mendAfter", string(c.Octavia.MendAfter), "must be a duration, such as 2m; 0s for never")
	check(c.Octavia.Grace.value() >= time.Second, "octavia.orphanGrace", string(c.Octavia.Grace), "must be a duration of at least 1s, such as 10m")
	check(c.Octavia.Poll.value() >= 50*time.Millisecond, "octavia.poll", string(c.Octavia.Poll), "must be a duration of at least 50ms, such as 3s")
	check(c.OpenStack.Refresh.value() >= time.Second, "openstack.refresh", string(c.OpenStack.Refresh), "must be a duration of at least 1s, such as 30s")
	all = append(all, c.OpenStack.RateLimit.faults()...)
	all = append(all, c.Webhook.faults()...)
	all = append(all, c.Certificates.faults()...)
	all = append(all, c.LeaderElection.faults()...)
	check(address(c.Metrics.BindAddress) || c.Metrics.BindAddress == "0", "metrics.bindAddress", c.Metrics.BindAddress, `must be host:port, :port or "0"`)
	check(address(c.Health.BindAddress), "health.bindAddress", c.Health.BindAddress, "must be host:port or :port")
	return all
}

// A word is a value that must be one of a few.
type word struct {
	path, value string
	choices     []string
}

func (c Configuration) words() []word {
	all := []word{
		{"enforcement", string(c.Enforcement), []string{string(enforce.Arm), string(enforce.Deny), string(enforce.Advise)}},
		{"openstack.onCloudError", c.OpenStack.OnCloudError, []string{cloudErrorAllow, cloudErrorDeny}},
		{"octavia.backend", c.Octavia.Backend, []string{backendOctavia, backendLegacy}},
		{"octavia.memberMode", c.Octavia.MemberMode, []string{string(annotation.L3), string(annotation.L2)}},
		{"octavia.pools", c.Octavia.Pools, []string{poolsSeparate, poolsShared}},
		{"octavia.adopt", c.Octavia.Adopt, []string{adoptNone, adoptKuryr}},
		{"octavia.orphans", c.Octavia.Orphans, []string{orphansCollect, orphansReport}},
		{"webhook.minTLSVersion", c.Webhook.MinTLSVersion, []string{"1.3", "1.2"}},
		{"certificates.source", c.Certificates.Source, []string{sourceSelf, sourceCertManager}},
	}
	for i, t := range c.Kubernetes.ServiceTypes {
		all = append(all, word{fmt.Sprintf("kubernetes.serviceTypes[%d]", i), t, []string{"ClusterIP", "NodePort", "LoadBalancer"}})
	}
	for i, p := range c.Octavia.Protocols {
		all = append(all, word{fmt.Sprintf("octavia.protocols[%d]", i), p, []string{"TCP", "UDP", "SCTP"}})
	}
	return all
}

// either is the choices in words: a, b or c.
func either(choices []string) string {
	last := len(choices) - 1
	return strings.Join(choices[:last], ", ") + " or " + choices[last]
}

func (r RateLimit) faults() []fault {
	var all []fault
	for _, n := range []struct {
		key   string
		value int
	}{{"perSecond", r.PerSecond}, {"burst", r.Burst}} {
		if n.value < 1 {
			all = append(all, fault{"openstack.rateLimit." + n.key, strconv.Itoa(n.value), "must be a number of calls, at least 1"})
		}
	}
	return all
}

// legacyFaults are what c asks for and LBaaS v2 does not have.
func (c Configuration) legacyFaults() []fault {
	if !c.legacy() {
		return nil
	}
	asked := []fault{
		{path: "neutron.serviceSubnetIPv6", value: c.Neutron.ServiceSubnetV6},
		{path: "octavia.flavor", value: c.Octavia.Flavor},
		{path: "octavia.availabilityZone", value: c.Octavia.Zone},
	}
	if c.Octavia.Algorithm == string(annotation.SourceIPPort) {
		asked = append(asked, fault{path: "octavia.algorithm", value: c.Octavia.Algorithm})
	}
	for i, p := range c.Octavia.Protocols {
		if p != "TCP" {
			asked = append(asked, fault{path: fmt.Sprintf("octavia.protocols[%d]", i), value: p})
		}
	}
	for _, t := range c.Octavia.Timeouts.named() {
		asked = append(asked, fault{path: "octavia.timeouts." + t.name, value: string(t.duration)})
	}
	var all []fault
	for _, f := range asked {
		if f.value != "" {
			f.message = "cannot be had from LBaaS v2; leave it out, or set octavia.backend: " + backendOctavia
			all = append(all, f)
		}
	}
	return all
}

func (m Monitor) faults() []fault {
	var all []fault
	check := func(key, value string, err error) {
		if err != nil {
			all = append(all, fault{"octavia.healthMonitor." + key, value, err.Error()})
		}
	}
	_, err := annotation.ParseInterval(string(m.Delay))
	check("delay", string(m.Delay), err)
	_, err = annotation.ParseInterval(string(m.Timeout))
	check("timeout", string(m.Timeout), err)
	_, err = annotation.ParseRetries(strconv.Itoa(m.MaxRetries))
	check("maxRetries", strconv.Itoa(m.MaxRetries), err)
	_, err = annotation.ParseRetries(strconv.Itoa(m.MaxRetriesDown))
	check("maxRetriesDown", strconv.Itoa(m.MaxRetriesDown), err)
	if m.Timeout.value() > m.Delay.value() {
		check("timeout", string(m.Timeout), fmt.Errorf("must not be longer than the delay, which is %s", m.Delay))
	}
	return all
}

func address(s string) bool {
	_, port, err := split(s)
	return err == nil && port >= 0 && port < 1<<16
}

// An id is a value that must be an OpenStack ID.
type id struct {
	path, value string
	needed      bool // nothing can be built without it
}

func (c Configuration) ids() []id {
	return []id{
		{"neutron.podSubnet", c.Neutron.PodSubnet, true},
		{"neutron.serviceSubnet", c.Neutron.ServiceSubnet, true},
		{"neutron.podSubnetIPv6", c.Neutron.PodSubnetV6, false},
		{"neutron.serviceSubnetIPv6", c.Neutron.ServiceSubnetV6, false},
		{"neutron.externalNetwork", c.Neutron.ExternalNetwork, false},
		{"neutron.externalSubnet", c.Neutron.ExternalSubnet, false},
		{"octavia.flavor", c.Octavia.Flavor, false},
	}
}
