package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

// Config is what the operator of the cluster decided, once, at start.
type Config struct {
	ServiceCIDRs      []netip.Prefix       // empty: the cluster's ServiceCIDR objects
	LoadBalancerClass string               // empty: Services without a class are ours
	ServiceTypes      []corev1.ServiceType // that are balanced; empty: ClusterIP and LoadBalancer
	APIServer         bool                 // default/kubernetes is balanced, too
	Legacy            bool                 // load balancers are LBaaS v2's, not Octavia's
	Adopts            bool                 // what Kuryr made for a Service becomes ours
	ServiceSubnet     string               // ID of the subnet of the VIPs
	PodSubnet         string               // ID of the subnet of the Pods
	ServiceSubnetV6   string               // the same for IPv6 beside IPv4; empty: there is none
	PodSubnetV6       string
	ExternalNetwork   string                // ID of the network of floating IPs; empty: no pool
	ExternalSubnet    string                // ID of a subnet of it; empty: any
	Provider          string                // Octavia provider; empty: the cloud's default
	Flavor            string                // ID of the Octavia flavor; empty: the cloud's default
	Zone              string                // Octavia availability zone; empty: the cloud's default
	MemberMode        annotation.MemberMode // how load balancers reach Pods
	Algorithm         annotation.Algorithm  // empty: round robin, or the provider's only one
	Timeouts          Timeouts
	SharedPools       bool              // ports of a Service that share a target share a pool
	OpenVIPs          bool              // VIPs have no security groups: Octavia's would keep out what it does not know
	Protocols         []corev1.Protocol // whose ports get a listener, beside TCP
	Monitored         bool              // every Service has a health monitor unless it says otherwise
	Monitor           Monitor           // as it is where the author does not say
}

// serviceSubnet is the ID of the subnet of a VIP.
func (c Config) serviceSubnet(vip netip.Addr) string {
	if vip.Is6() {
		return cmp.Or(c.ServiceSubnetV6, c.ServiceSubnet)
	}
	return c.ServiceSubnet
}

// podSubnet is the ID of the subnet of the Pods behind a VIP.
func (c Config) podSubnet(vip netip.Addr) string {
	if vip.Is6() {
		return cmp.Or(c.PodSubnetV6, c.PodSubnet)
	}
	return c.PodSubnet
}

// edition changes whenever a rule changes its mind, so that Services judged
// before are told from those judged after.
const edition = "5"

// digest is eight characters that change with the configuration and the rules.
func (c Config) digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %+v", edition, c))
	return hex.EncodeToString(sum[:4])
}

// since is c as it holds for a Service that was judged before: where nothing was
// pinned then, the cloud's default was taken, and the load balancer keeps it.
func (c Config) since(decided map[string]string) Config {
	if _, judged := annotation.Verdict.Read(decided); judged {
		c.Provider, c.Flavor, c.Zone = "", "", ""
	}
	return c
}
