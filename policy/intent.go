package policy

import (
	"cmp"
	"fmt"
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
	MemberSubnet string     // ID of the subnet that members are reached in
	MemberMode   annotation.MemberMode
	Provider     string // empty: the cloud's default
	Flavor       string // ID; empty: the cloud's default
	Zone         string // availability zone; empty: the cloud's default
	Listeners    []Port // ports that get a listener
	Ignored      []Port // ports that do not
	ExternalIP   ExternalIP
	Traffic      Traffic
}

// A Port is one port of a Service.
type Port struct {
	Name     string // as in the Service; may be empty
	Protocol corev1.Protocol
	Number   int32
}

// String is the port as annotations show it: TCP/80.
func (p Port) String() string { return fmt.Sprintf("%s/%d", p.Protocol, p.Number) }

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
}

// String is the external IP as annotations show it: none, pool or user/172.24.4.13.
func (e ExternalIP) String() string {
	switch e.Method {
	case User:
		return fmt.Sprintf("%s/%s", e.Method, e.Address)
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
		VIP:        s.allocated(cfg, known),
		VIPSubnet:  first(annotation.VIPSubnetID, cfg.ServiceSubnet, decided),
		MemberMode: first(annotation.Members, cfg.MemberMode, svc.Annotations, decided),
		Provider:   first(annotation.Provider, cfg.Provider, svc.Annotations, decided),
		Flavor:     first(annotation.FlavorID, cfg.Flavor, svc.Annotations, decided),
		Zone:       first(annotation.AvailabilityZone, cfg.Zone, svc.Annotations, decided),
		ExternalIP: externalIP(cfg, svc),
	}
	in.Traffic = traffic(cfg, svc, in.Provider)
	in.MemberSubnet = in.VIPSubnet
	if in.MemberMode == annotation.L2 {
		in.MemberSubnet = cfg.PodSubnet
	}
	for _, p := range svc.Spec.Ports {
		port := Port{p.Name, cmp.Or(p.Protocol, corev1.ProtocolTCP), p.Port}
		if cfg.translates(port.Protocol) {
			in.Listeners = append(in.Listeners, port)
		} else {
			in.Ignored = append(in.Ignored, port)
		}
	}
	return in
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

// allocated is the ClusterIP. In a dry run the API server shows the network
// address of a range in its place.
func (s Subject) allocated(cfg Config, known facts.Snapshot) netip.Addr {
	a, err := annotation.ParseAddress(s.Service.Spec.ClusterIP)
	if err != nil || s.DryRun && slices.ContainsFunc(serviceCIDRs(cfg, known), func(p netip.Prefix) bool { return p.Masked().Addr() == a }) {
		return netip.Addr{}
	}
	return a
}

// externalIP is where the Service's external IP comes from.
func externalIP(cfg Config, svc *corev1.Service) ExternalIP {
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return ExternalIP{}
	}
	if internal, _ := annotation.Internal.Read(svc.Annotations); internal {
		return ExternalIP{}
	}
	if _, asked := requestedIP(svc); asked != "" {
		address, _ := annotation.ParseAddress(asked)
		return ExternalIP{Method: User, Address: address}
	}
	return ExternalIP{
		Method:  Pool,
		Network: first(annotation.ExternalNetworkID, cfg.ExternalNetwork, svc.Annotations),
		Subnet:  first(annotation.ExternalSubnetID, cfg.ExternalSubnet, svc.Annotations),
	}
}

// pins are the annotations that tell the intent.
func (in Intent) pins() map[string]string {
	m := map[string]string{}
	annotation.LoadBalancer.Write(m, in.Name)
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
