package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// A Need is something of Octavia that a configuration rests on, whatever Services ask for.
type Need struct {
	What  string
	Since facts.Version // of Octavia's API
}

// Needs are what every Service gets by the configuration, and not every cloud has.
func (c Config) Needs() []Need {
	chosen := []struct {
		feature feature
		chosen  bool
	}{
		{balancerTags, true}, // they mark what is ours
		{udpPorts, slices.Contains(c.Protocols, corev1.ProtocolUDP)},
		{sctpPorts, slices.Contains(c.Protocols, corev1.ProtocolSCTP)},
		{timeouts, c.Timeouts != Timeouts{}},
		{flavors, c.Flavor != ""},
		{zones, c.Zone != ""},
		{sourceIPPort, c.Algorithm == annotation.SourceIPPort || c.Provider == ovn},
		{secondAddress, c.ServiceSubnetV6 != ""},
	}
	var all []Need
	for _, f := range chosen {
		if f.chosen {
			all = append(all, Need{string(f.feature), facts.Version{Major: 2, Minor: capabilities[f.feature].since}})
		}
	}
	return all
}

// Unfit is what the configuration asks of every Service and a provider does not have: the
// keys of the configuration, each with what would do.
func (c Config) Unfit(provider string) map[string]string {
	unfit := map[string]string{}
	if c.Algorithm != "" && (c.Algorithm == annotation.SourceIPPort) != (provider == ovn) {
		unfit["octavia.algorithm"] = string(annotation.RoundRobin)
		if provider == ovn {
			unfit["octavia.algorithm"] = string(annotation.SourceIPPort)
		}
	}
	// Where the provider is chosen, what it does not have is not asked of it.
	if c.Provider == "" && provides(provider, routedMembers) == no {
		unfit["octavia.provider"] = provider
	}
	if c.Monitored && slices.Contains(c.Protocols, corev1.ProtocolSCTP) && provides(provider, sctpMonitors) == no {
		unfit["octavia.healthMonitor.enabled"] = "false"
	}
	return unfit
}
