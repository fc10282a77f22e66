package policy

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// An Intent is a Service in the vocabulary of load balancing: every default
// applied, every choice made, nothing left to interpret.
type Intent struct {
	Name         string     // ns/name, which is also the load balancer's name
	VIP          netip.Addr // the ClusterIP; zero until it is allocated
	VIPSubnet    string     // ID
	SecondVIP    netip.Addr // the ClusterIP of the other family; zero: none is served
	SecondSubnet string     // ID
	OpenVIP      bool       // no security group guards the VIP
	MemberSubnet string     // ID of the subnet that members are reached in
	MemberMode   annotation.MemberMode
	Provider     string   // empty: the cloud's default
	Flavor       string   // ID; empty: the cloud's default
	Zone         string   // availability zone; empty: the cloud's default
	Tags         []string // of the load balancer, beside ours, in order; nil: not asked for
	Selects      bool     // Kubernetes makes its EndpointSlices, of the Pods that it selects
	Listeners    []Port   // ports that get a listener
	Ignored      []Port   // ports that do not
	ExternalIP   ExternalIP
	Traffic      Traffic
}

// A Method says where an external IP comes from.
type Method string

// The methods. The zero value is a Service that is reached at its ClusterIP only.
const (
	None Method = ""
	Pool Method = "pool" // a floating IP allocated from the external network
	User Method = "user" // a floating IP that exists and that loadBalancerIP names
)

// An ExternalIP is the address that a Service is reached at from outside.
type ExternalIP struct {
	Method  Method
	Address netip.Addr // User; zero when it is misspelt
	Network string     // Pool: ID of the external network
	Subnet  string     // Pool: ID of a subnet of it; empty: any
	Keep    bool       // one that was allocated is left to the project in the end
}

// String is the external IP as annotations show it: none, pool or user/172.24.4.13.
func (e ExternalIP) String() string {
	switch e.Method {
	case User:
		return string(User) + "/" + e.Address.String()
	case Pool:
		return string(Pool)
	}
	return "none"
}

// read takes from the subject what its author asked for, and from earlier
// decisions and the configuration what the author left open.
func read(cfg Config, s Subject, known facts.Snapshot) Intent {
	svc, decided := s.Service, s.decided()
	cfg = cfg.since(decided)
	in := Intent{
		Name:       svc.Namespace + "/" + svc.Name,
		VIP:        s.allocated(svc.Spec.ClusterIP, cfg, known),
		OpenVIP:    cfg.OpenVIPs,
		Selects:    len(svc.Spec.Selector) > 0,
		Provider:   first(annotation.Provider, cfg.Provider, svc.Annotations, decided),
		Flavor:     first(annotation.FlavorID, cfg.Flavor, svc.Annotations, decided),
		Zone:       first(annotation.AvailabilityZone, cfg.Zone, svc.Annotations, decided),
		ExternalIP: externalIP(cfg, svc),
	}
	if in.MemberMode = first(annotation.Members, cfg.MemberMode, svc.Annotations, decided); provides(in.Provider, routedMembers) == no {
		in.MemberMode = annotation.L2
	}
	in.VIPSubnet = first(annotation.VIPSubnetID, cfg.serviceSubnet(in.VIP), decided)
	if _, fixed := annotation.VIPSubnetID.Read(decided); !fixed && !in.VIP.IsValid() && cfg.ServiceSubnetV6 != "" {
		in.VIPSubnet = "" // which of the two is known once the ClusterIP is allocated
	}
	in.SecondVIP, in.SecondSubnet = s.second(cfg, known)
	in.Tags, _ = annotation.Tags.Read(svc.Annotations)
	in.Traffic = traffic(cfg, svc, in)
	in.MemberSubnet = in.VIPSubnet
	if in.MemberMode == annotation.L2 {
		in.MemberSubnet = cfg.podSubnet(in.VIP)
	}
	for _, p := range svc.Spec.Ports {
		port := cfg.port(svc, p, in.Provider)
		if cfg.translates(port.Protocol) {
			in.Listeners = append(in.Listeners, port)
		} else {
			in.Ignored = append(in.Ignored, port)
		}
	}
	return in
}

// pools is how many pools the listeners lead to.
func (in Intent) pools() int {
	type pool struct{ protocol, target string }
	all := map[pool]bool{}
	for _, p := range in.Listeners {
		all[pool{p.Behind(), p.Target()}] = true
	}
	return len(all)
}

// first is the annotation's value in the first of the maps that has a valid one.
func first[T any](d annotation.Def[T], otherwise T, maps ...map[string]string) T {
	for _, m := range maps {
		if v, ok := d.Read(m); ok {
			return v
		}
	}
	return otherwise
}

// allocated is a ClusterIP. In a dry run the API server shows the network
// address of a range in its place.
func (s Subject) allocated(clusterIP string, cfg Config, known facts.Snapshot) netip.Addr {
	a, err := annotation.ParseAddress(clusterIP)
	if err != nil || s.DryRun && slices.ContainsFunc(serviceCIDRs(cfg, known), func(p netip.Prefix) bool { return p.Masked().Addr() == a }) {
		return netip.Addr{}
	}
	return a
}

// second is the ClusterIP of the other family and the subnet that serves it, if one does.
// Octavia gives an address to no load balancer that exists.
func (s Subject) second(cfg Config, known facts.Snapshot) (netip.Addr, string) {
	if has := s.Has.Second; has.IsValid() && s.Has.SecondSubnet != "" && slices.Contains(s.Service.Spec.ClusterIPs[min(1, len(s.Service.Spec.ClusterIPs)):], has.String()) {
		return has, s.Has.SecondSubnet // what is built outlasts the configuration, and the version of an API
	}
	if len(s.Service.Spec.ClusterIPs) < 2 || cfg.ServiceSubnetV6 == "" {
		return netip.Addr{}, ""
	}
	a := s.allocated(s.Service.Spec.ClusterIPs[1], cfg, known)
	if s.late(a) || known.Octavia.AtLeast(twoAddresses) == facts.No || cfg.Legacy {
		return netip.Addr{}, ""
	}
	return a, cfg.serviceSubnet(a)
}

// twoAddresses is the version of Octavia's API that gives load balancers two addresses.
var twoAddresses = facts.Version{Major: 2, Minor: capabilities[secondAddress].since}

// late reports whether an address comes after the load balancer, as far as that is known.
func (s Subject) late(a netip.Addr) bool {
	if s.stays() {
		return s.Has.Second != a
	}
	return s.builtBefore() && len(s.Old.Spec.ClusterIPs) < 2
}

// externalIP is where the Service's external IP comes from.
func externalIP(cfg Config, svc *corev1.Service) ExternalIP {
	keep, _ := annotation.KeepFloatingIP.Read(svc.Annotations)
	internal, _ := annotation.Internal.Read(svc.Annotations)
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer || internal {
		return ExternalIP{Keep: keep}
	}
	if _, asked := requestedIP(svc); asked != "" {
		address, _ := annotation.ParseAddress(asked)
		return ExternalIP{Method: User, Address: address, Keep: keep}
	}
	e := ExternalIP{Method: Pool, Keep: keep, Network: first(annotation.ExternalNetworkID, cfg.ExternalNetwork, svc.Annotations)}
	if e.Network != cfg.ExternalNetwork {
		cfg.ExternalSubnet = "" // it is a subnet of another network
	}
	e.Subnet = first(annotation.ExternalSubnetID, cfg.ExternalSubnet, svc.Annotations)
	return e
}

// pins are the annotations that tell the intent.
func (in Intent) pins() map[string]string {
	m := map[string]string{}
	if len(in.Listeners) > 0 {
		annotation.LoadBalancer.Write(m, in.Name)
	}
	annotation.Members.Write(m, in.MemberMode)
	annotation.ExternalIP.Write(m, in.ExternalIP.String())
	write(m, annotation.Listeners, joined(in.Listeners))
	write(m, annotation.IgnoredPorts, joined(in.Ignored))
	write(m, annotation.VIPSubnetID, in.VIPSubnet)
	write(m, annotation.Provider, in.Provider)
	write(m, annotation.FlavorID, in.Flavor)
	write(m, annotation.AvailabilityZone, in.Zone)
	return m
}

func write(m map[string]string, d annotation.Def[string], s string) {
	if s != "" {
		d.Write(m, s)
	}
}

func joined(ports []Port) string {
	var words []string
	for _, p := range ports {
		words = append(words, p.String())
	}
	return strings.Join(words, ",")
}
