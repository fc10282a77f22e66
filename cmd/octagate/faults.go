package main

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/octagate/octagate/policy/annotation"
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
	for path, id := range c.ids() {
		_, err := uuid.Parse(id)
		check(err == nil || id == "" && !needed[path], path, id, "must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12")
	}
	_, err := annotation.ParseMemberMode(c.Octavia.MemberMode)
	check(err == nil, "octavia.memberMode", c.Octavia.MemberMode, "must be L3 or L2")
	check(c.Octavia.Poll >= 50*time.Millisecond, "octavia.poll", c.Octavia.Poll.String(), "must be at least 50ms")
	check(c.OpenStack.Refresh >= time.Second, "openstack.refresh", c.OpenStack.Refresh.String(), "must be at least 1s")
	for path, listen := range map[string]string{"webhook": c.Webhook.BindAddress, "metrics": c.Metrics.BindAddress, "health": c.Health.BindAddress} {
		_, _, err := net.SplitHostPort(listen)
		check(err == nil || path == "metrics" && listen == "0", path+".bindAddress", listen, "must be host:port or :port")
	}
	return all
}

// needed are the IDs without which nothing can be built.
var needed = map[string]bool{"neutron.podSubnet": true, "neutron.serviceSubnet": true}

// ids are the values that must be OpenStack IDs, by path.
func (c Configuration) ids() map[string]string {
	return map[string]string{
		"neutron.podSubnet":       c.Neutron.PodSubnet,
		"neutron.serviceSubnet":   c.Neutron.ServiceSubnet,
		"neutron.externalNetwork": c.Neutron.ExternalNetwork,
		"neutron.externalSubnet":  c.Neutron.ExternalSubnet,
		"octavia.flavor":          c.Octavia.Flavor,
	}
}
