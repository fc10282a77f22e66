package main

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/certs"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/webhook/enforce"
)

// The configuration's apiVersion and kind.
const (
	apiVersion = "octagate.dev/v1alpha1"
	kind       = "Configuration"
)

// A Configuration is the configuration file. Its words are those of the
// reference documents where they have one.
type Configuration struct {
	APIVersion     string         `yaml:"apiVersion"`
	Kind           string         `yaml:"kind"`
	ClusterName    string         `yaml:"clusterName"` // unique among the clusters of the OpenStack project; never change it
	Kubernetes     Kubernetes     `yaml:"kubernetes"`
	OpenStack      OpenStack      `yaml:"openstack"`
	Neutron        Neutron        `yaml:"neutron"`
	Octavia        Octavia        `yaml:"octavia"`
	Webhook        Webhook        `yaml:"webhook"`
	Certificates   Certificates   `yaml:"certificates"`
	Metrics        Listen         `yaml:"metrics"` // default :8080; "0": none
	Health         Listen         `yaml:"health"`  // default :8081
	LeaderElection LeaderElection `yaml:"leaderElection"`
	Enforcement    enforce.Mode   `yaml:"enforcement"` // Arm, Deny or Advise; default Arm
}

// Kubernetes is what is to be known of the cluster.
type Kubernetes struct {
	ServiceCIDRs      []string `yaml:"serviceCIDRs"`      // default: the ServiceCIDR objects
	LoadBalancerClass string   `yaml:"loadBalancerClass"` // default: Services without a class
	ServiceTypes      []string `yaml:"serviceTypes"`      // that are balanced: ClusterIP, NodePort, LoadBalancer; default ClusterIP and LoadBalancer
	APIServer         bool     `yaml:"apiServer"`         // whether default/kubernetes is balanced, too
	GuardAddresses    *bool    `yaml:"guardAddresses"`    // whether addresses that others have in Neutron are kept from Services; default true
}

// OpenStack is how to reach the cloud.
type OpenStack struct {
	Cloud     string    `yaml:"cloud"`   // an entry of clouds.yaml; default: OS_CLOUD, else OS_AUTH_URL and so on
	Reader    string    `yaml:"reader"`  // another entry, by which admission asks; default: the same
	Refresh   duration  `yaml:"refresh"` // between looks at what Services are judged by; default 30s
	RateLimit RateLimit `yaml:"rateLimit"`

	OnCloudError string `yaml:"onCloudError"` // whether Services are stored that cannot be verified: Allow or Deny; default Allow
}

// RateLimit is how often this process calls OpenStack, whatever for.
type RateLimit struct {
	PerSecond int `yaml:"perSecond"` // default 50
	Burst     int `yaml:"burst"`     // how many calls may come at once after a time of rest; default 100
}

// Neutron is the networks, by their IDs.
type Neutron struct {
	PodSubnet       string `yaml:"podSubnet"`
	ServiceSubnet   string `yaml:"serviceSubnet"`
	PodSubnetV6     string `yaml:"podSubnetIPv6"`     // beside an IPv4 one; default: none
	ServiceSubnetV6 string `yaml:"serviceSubnetIPv6"` // beside an IPv4 one; default: none
	ExternalNetwork string `yaml:"externalNetwork"`   // default: no pool of external IPs
	ExternalSubnet  string `yaml:"externalSubnet"`    // default: any of the network
}

// serviceSubnets are the IDs of the subnets of VIPs, the one of the first family first.
func (n Neutron) serviceSubnets() []string { return some(n.ServiceSubnet, n.ServiceSubnetV6) }

// podSubnets are the IDs of the subnets of Pods.
func (n Neutron) podSubnets() []string { return some(n.PodSubnet, n.PodSubnetV6) }

// some are the values that are not empty.
func some(values ...string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}

// Octavia is how load balancers are made.
type Octavia struct {
	Backend    string   `yaml:"backend"`               // octavia or neutron-lbaasv2; default octavia
	Provider   string   `yaml:"provider"`              // default: the cloud's
	Flavor     string   `yaml:"flavor"`                // an ID; default: the cloud's
	Zone       string   `yaml:"availabilityZone"`      // default: the cloud's
	MemberMode string   `yaml:"memberMode"`            // L3 or L2; default L3
	Algorithm  string   `yaml:"algorithm"`             // such as LEAST_CONNECTIONS; default ROUND_ROBIN, with ovn SOURCE_IP_PORT
	Protocols  []string `yaml:"protocols"`             // whose ports get a listener: TCP, UDP, SCTP; default TCP
	Pools      string   `yaml:"pools"`                 // Separate: one for each port; Shared: one for ports with one target; default Separate
	Enforce    *bool    `yaml:"enforceSecurityGroups"` // whether VIPs have Octavia's security groups; default true
	Timeouts   Timeouts `yaml:"timeouts"`
	Monitor    Monitor  `yaml:"healthMonitor"`
	MendAfter  duration `yaml:"mendAfter"`   // how long a broken load balancer is left alone before it is made anew; 0s: for ever; default 2m
	Adopt      string   `yaml:"adopt"`       // whose load balancers are taken over: None or Kuryr; default None
	Orphans    string   `yaml:"orphans"`     // what becomes of load balancers without their Service; default Collect
	Grace      duration `yaml:"orphanGrace"` // how long they are without it before they are collected; default 10m
	Poll       duration `yaml:"poll"`        // between looks at load balancers that are changing; default 3s
}

// Monitor is how load balancers ask their members whether they are well.
type Monitor struct {
	Enabled        bool     `yaml:"enabled"`        // for Services that do not say
	Delay          duration `yaml:"delay"`          // default 10s
	Timeout        duration `yaml:"timeout"`        // default 5s
	MaxRetries     int      `yaml:"maxRetries"`     // default 3
	MaxRetriesDown int      `yaml:"maxRetriesDown"` // default 3
}

// Timeouts are how long listeners wait before they give up; default: as the cloud has it.
type Timeouts struct {
	ClientData    duration `yaml:"clientData"`
	MemberData    duration `yaml:"memberData"`
	MemberConnect duration `yaml:"memberConnect"`
	TCPInspect    duration `yaml:"tcpInspect"`
}

// What may be written in openstack.onCloudError, octavia.backend, octavia.pools, octavia.adopt and octavia.orphans.
const (
	cloudErrorAllow = "Allow"
	cloudErrorDeny  = "Deny"

	backendOctavia = "octavia"
	backendLegacy  = "neutron-lbaasv2"
	poolsSeparate  = "Separate"
	poolsShared    = "Shared"
	adoptNone      = "None"
	adoptKuryr     = "Kuryr"
	orphansCollect = "Collect"
	orphansReport  = "Report"
)

// A timeout is one of the Timeouts by its key.
type timeout struct {
	name     string
	duration duration
}

func (t Timeouts) named() []timeout {
	return []timeout{
		{"clientData", t.ClientData}, {"memberData", t.MemberData}, {"memberConnect", t.MemberConnect}, {"tcpInspect", t.TCPInspect},
	}
}

// A duration is a number with a unit, such as 30s.
type duration string

// value is zero for what is no duration.
func (d duration) value() time.Duration {
	v, _ := time.ParseDuration(string(d))
	return v
}

// Listen is where something is served.
type Listen struct {
	BindAddress string `yaml:"bindAddress"`
}

// Webhook is how the API server is answered.
type Webhook struct {
	BindAddress   string   `yaml:"bindAddress"`   // default :9443
	MinTLSVersion string   `yaml:"minTLSVersion"` // 1.3 or 1.2; default 1.3
	ClientCA      string   `yaml:"clientCA"`      // a file; default: everybody is heard
	InFlight      int      `yaml:"inFlight"`      // how many requests are judged at once; default 256
	ConnectionAge duration `yaml:"connectionAge"` // after which the API server is asked to take another; default 1m
	LameDuck      duration `yaml:"lameDuck"`      // how long everything goes on after SIGTERM; default 10s
}

// Certificates are what the webhook serves with.
type Certificates struct {
	Source      string   `yaml:"source"`      // Self or CertManager; default Self
	Secret      string   `yaml:"secret"`      // with Self's authority (default octagate-ca), or with what cainjector takes (default octagate-bundle)
	Lifetime    duration `yaml:"lifetime"`    // of Self's certificates; default 168h
	Directory   string   `yaml:"directory"`   // where CertManager's Secret is mounted; default /etc/octagate-tls
	Certificate string   `yaml:"certificate"` // CertManager's object; default octagate
	Settle      duration `yaml:"settle"`      // how long API servers may need to learn of a new authority; default 1m
}

// What may be written in certificates.source.
const (
	sourceSelf        = "Self"
	sourceCertManager = "CertManager"
)

// LeaderElection lets one of several replicas build load balancers.
type LeaderElection struct {
	Enabled       bool     `yaml:"enabled"`
	Namespace     string   `yaml:"namespace"`     // default: the Pod's own
	LeaseDuration duration `yaml:"leaseDuration"` // after which others take the place of a leader that is silent; default 15s
	RenewDeadline duration `yaml:"renewDeadline"` // after which a leader that cannot renew the lease ends; default 10s
	RetryPeriod   duration `yaml:"retryPeriod"`   // between two tries; default 2s
}

// defaulted is c with the defaults of what it does not say.
func (c Configuration) defaulted() Configuration {
	c.Kubernetes.GuardAddresses = cmp.Or(c.Kubernetes.GuardAddresses, new(true))
	c.OpenStack.Refresh = cmp.Or(c.OpenStack.Refresh, "30s")
	c.OpenStack.OnCloudError = cmp.Or(c.OpenStack.OnCloudError, cloudErrorAllow)
	c.Octavia.Backend = cmp.Or(c.Octavia.Backend, backendOctavia)
	c.Octavia.Pools = cmp.Or(c.Octavia.Pools, poolsSeparate)
	c.Octavia.Enforce = cmp.Or(c.Octavia.Enforce, new(true))
	c.OpenStack.RateLimit.PerSecond = cmp.Or(c.OpenStack.RateLimit.PerSecond, 50)
	c.OpenStack.RateLimit.Burst = cmp.Or(c.OpenStack.RateLimit.Burst, 100)
	c.Octavia.MemberMode = cmp.Or(c.Octavia.MemberMode, string(annotation.L3))
	c.Octavia.Monitor = c.Octavia.Monitor.defaulted()
	c.Octavia.MendAfter = cmp.Or(c.Octavia.MendAfter, "2m")
	c.Octavia.Adopt = cmp.Or(c.Octavia.Adopt, adoptNone)
	c.Octavia.Orphans = cmp.Or(c.Octavia.Orphans, orphansCollect)
	c.Octavia.Grace = cmp.Or(c.Octavia.Grace, "10m")
	c.Octavia.Poll = cmp.Or(c.Octavia.Poll, "3s")
	c.Enforcement = cmp.Or(c.Enforcement, enforce.Arm)
	c.Webhook = c.Webhook.defaulted()
	c.Certificates = c.Certificates.defaulted()
	c.Metrics.BindAddress = cmp.Or(c.Metrics.BindAddress, ":8080")
	c.Health.BindAddress = cmp.Or(c.Health.BindAddress, ":8081")
	c.LeaderElection = c.LeaderElection.defaulted()
	return c
}

func (w Webhook) defaulted() Webhook {
	w.BindAddress = cmp.Or(w.BindAddress, ":9443")
	w.MinTLSVersion = cmp.Or(w.MinTLSVersion, "1.3")
	w.InFlight = cmp.Or(w.InFlight, 256)
	w.ConnectionAge = cmp.Or(w.ConnectionAge, "1m")
	w.LameDuck = cmp.Or(w.LameDuck, "10s")
	return w
}

func (c Certificates) defaulted() Certificates {
	c.Source = cmp.Or(c.Source, sourceSelf)
	c.Secret = cmp.Or(c.Secret, map[string]string{sourceSelf: "octagate-ca", sourceCertManager: "octagate-bundle"}[c.Source])
	c.Lifetime = cmp.Or(c.Lifetime, "168h")
	c.Directory = cmp.Or(c.Directory, "/etc/octagate-tls")
	c.Certificate = cmp.Or(c.Certificate, "octagate")
	c.Settle = cmp.Or(c.Settle, duration(certs.Settle.String()))
	return c
}

func (l LeaderElection) defaulted() LeaderElection {
	l.LeaseDuration = cmp.Or(l.LeaseDuration, "15s")
	l.RenewDeadline = cmp.Or(l.RenewDeadline, "10s")
	l.RetryPeriod = cmp.Or(l.RetryPeriod, "2s")
	return l
}

func (m Monitor) defaulted() Monitor {
	usual := policy.UsualMonitor
	m.Delay = cmp.Or(m.Delay, duration(usual.Delay.String()))
	m.Timeout = cmp.Or(m.Timeout, duration(usual.Timeout.String()))
	m.MaxRetries = cmp.Or(m.MaxRetries, usual.MaxRetries)
	m.MaxRetriesDown = cmp.Or(m.MaxRetriesDown, usual.MaxRetriesDown)
	return m
}

// legacy reports whether load balancers are LBaaS v2's, not Octavia's.
func (c Configuration) legacy() bool { return c.Octavia.Backend == backendLegacy }

// policy is what c says of Services. c is valid.
func (c Configuration) policy() policy.Config {
	p := policy.Config{
		LoadBalancerClass: c.Kubernetes.LoadBalancerClass,
		APIServer:         c.Kubernetes.APIServer,
		Legacy:            c.legacy(),
		Adopts:            c.Octavia.Adopt == adoptKuryr,
		ServiceSubnet:     c.Neutron.ServiceSubnet,
		PodSubnet:         c.Neutron.PodSubnet,
		ServiceSubnetV6:   c.Neutron.ServiceSubnetV6,
		PodSubnetV6:       c.Neutron.PodSubnetV6,
		SharedPools:       c.Octavia.Pools == poolsShared,
		OpenVIPs:          !*c.Octavia.Enforce,
		ExternalNetwork:   c.Neutron.ExternalNetwork,
		ExternalSubnet:    c.Neutron.ExternalSubnet,
		Provider:          c.Octavia.Provider,
		Flavor:            c.Octavia.Flavor,
		Zone:              c.Octavia.Zone,
		MemberMode:        annotation.MemberMode(c.Octavia.MemberMode),
		Algorithm:         annotation.Algorithm(c.Octavia.Algorithm),
		Timeouts: policy.Timeouts{
			ClientData: c.Octavia.Timeouts.ClientData.value(), MemberData: c.Octavia.Timeouts.MemberData.value(),
			MemberConnect: c.Octavia.Timeouts.MemberConnect.value(), TCPInspect: c.Octavia.Timeouts.TCPInspect.value(),
		},
		Monitored: c.Octavia.Monitor.Enabled,
		Monitor: policy.Monitor{
			Delay: c.Octavia.Monitor.Delay.value(), Timeout: c.Octavia.Monitor.Timeout.value(),
			MaxRetries: c.Octavia.Monitor.MaxRetries, MaxRetriesDown: c.Octavia.Monitor.MaxRetriesDown,
		},
	}
	for _, t := range c.Kubernetes.ServiceTypes {
		p.ServiceTypes = append(p.ServiceTypes, corev1.ServiceType(t))
	}
	for _, protocol := range c.Octavia.Protocols {
		if protocol := corev1.Protocol(protocol); protocol != corev1.ProtocolTCP {
			p.Protocols = append(p.Protocols, protocol)
		}
	}
	slices.Sort(p.Protocols)
	for _, cidr := range c.Kubernetes.ServiceCIDRs {
		p.ServiceCIDRs = append(p.ServiceCIDRs, netip.MustParsePrefix(cidr).Masked())
	}
	return p
}
