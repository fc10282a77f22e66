package reconcile_test

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
)

// A configuration is the part of octagate's configuration file that Services are judged
// by, in the words of that file.
type configuration struct {
	Kubernetes struct {
		ServiceCIDRs      []netip.Prefix       `json:"serviceCIDRs"`
		LoadBalancerClass string               `json:"loadBalancerClass"`
		ServiceTypes      []corev1.ServiceType `json:"serviceTypes"`
		APIServer         bool                 `json:"apiServer"`
	} `json:"kubernetes"`
	Neutron struct {
		PodSubnet       string `json:"podSubnet"`
		ServiceSubnet   string `json:"serviceSubnet"`
		PodSubnetV6     string `json:"podSubnetIPv6"`
		ServiceSubnetV6 string `json:"serviceSubnetIPv6"`
		ExternalNetwork string `json:"externalNetwork"`
		ExternalSubnet  string `json:"externalSubnet"`
	} `json:"neutron"`
	Octavia struct {
		Backend    string                `json:"backend"`
		Adopt      string                `json:"adopt"`
		Provider   string                `json:"provider"`
		Flavor     string                `json:"flavor"`
		Zone       string                `json:"availabilityZone"`
		MemberMode annotation.MemberMode `json:"memberMode"`
		Algorithm  annotation.Algorithm  `json:"algorithm"`
		Protocols  []corev1.Protocol     `json:"protocols"`
		Pools      string                `json:"pools"`
		Enforce    bool                  `json:"enforceSecurityGroups"`
		Timeouts   struct {
			ClientData    metav1.Duration `json:"clientData"`
			MemberData    metav1.Duration `json:"memberData"`
			MemberConnect metav1.Duration `json:"memberConnect"`
			TCPInspect    metav1.Duration `json:"tcpInspect"`
		} `json:"timeouts"`
		Monitor struct {
			Enabled        bool            `json:"enabled"`
			Delay          metav1.Duration `json:"delay"`
			Timeout        metav1.Duration `json:"timeout"`
			MaxRetries     int             `json:"maxRetries"`
			MaxRetriesDown int             `json:"maxRetriesDown"`
		} `json:"healthMonitor"`
	} `json:"octavia"`
}

// config is what policy is told of a section.
func (r *reader) config(names ...string) policy.Config {
	var c configuration
	r.edit(&c, names...)
	k, n, o := c.Kubernetes, c.Neutron, c.Octavia
	p := policy.Config{
		ServiceCIDRs: k.ServiceCIDRs, LoadBalancerClass: k.LoadBalancerClass, ServiceTypes: k.ServiceTypes, APIServer: k.APIServer, Legacy: o.Backend == "neutron-lbaasv2", Adopts: o.Adopt == "Kuryr",
		ServiceSubnet: n.ServiceSubnet, PodSubnet: n.PodSubnet, ServiceSubnetV6: n.ServiceSubnetV6, PodSubnetV6: n.PodSubnetV6,
		ExternalNetwork: n.ExternalNetwork, ExternalSubnet: n.ExternalSubnet,
		Provider: o.Provider, Flavor: o.Flavor, Zone: o.Zone, MemberMode: o.MemberMode, Algorithm: o.Algorithm,
		SharedPools: o.Pools == "Shared", OpenVIPs: !o.Enforce, Monitored: o.Monitor.Enabled,
		Timeouts: policy.Timeouts{
			ClientData: o.Timeouts.ClientData.Duration, MemberData: o.Timeouts.MemberData.Duration,
			MemberConnect: o.Timeouts.MemberConnect.Duration, TCPInspect: o.Timeouts.TCPInspect.Duration,
		},
		Monitor: policy.Monitor{
			Delay: o.Monitor.Delay.Duration, Timeout: o.Monitor.Timeout.Duration,
			MaxRetries: o.Monitor.MaxRetries, MaxRetriesDown: o.Monitor.MaxRetriesDown,
		},
	}
	for _, protocol := range o.Protocols {
		if protocol != corev1.ProtocolTCP {
			p.Protocols = append(p.Protocols, protocol)
		}
	}
	return p
}
