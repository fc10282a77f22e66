package policy

import (
	"cmp"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

// A Port is one port of a Service.
type Port struct {
	Name     string // as in the Service; may be empty
	Protocol corev1.Protocol
	Number   int32
	As       string // protocol of its listener, in Octavia's words; empty: the same
	Shared   string // ports with the same one share a pool; empty: a pool of its own
}

// The protocols of listeners that look into what passes, in Octavia's words.
const (
	HTTP            = "HTTP"
	HTTPS           = "HTTPS"
	TerminatedHTTPS = "TERMINATED_HTTPS"
)

// Listener is the protocol of the port's listener.
func (p Port) Listener() string { return cmp.Or(p.As, string(p.Protocol)) }

// Behind is the protocol behind the port's listener: where it takes the encryption off,
// that is plain HTTP.
func (p Port) Behind() string {
	if p.As == TerminatedHTTPS {
		return HTTP
	}
	return p.Listener()
}

// HTTP reports whether the port's listener reads HTTP.
func (p Port) HTTP() bool { return p.As == HTTP || p.As == TerminatedHTTPS }

// Target names what the port leads to: itself, or a target that others share. The name of
// a target is never that of a port, or a pool would change hands while it is in use.
func (p Port) Target() string {
	if p.Shared != "" {
		return "target:" + p.Shared
	}
	return strconv.Itoa(int(p.Number))
}

// String is the port as annotations show it: TCP/80.
func (p Port) String() string { return p.Listener() + "/" + strconv.Itoa(int(p.Number)) }

// port is one port of svc as it is balanced.
func (c Config) port(svc *corev1.Service, p corev1.ServicePort, provider string) Port {
	port := Port{Name: p.Name, Protocol: cmp.Or(p.Protocol, corev1.ProtocolTCP), Number: p.Port}
	port.As = as(svc, p, provider)
	if c.SharedPools && len(svc.Spec.Selector) > 0 {
		port.Shared = target(p)
	}
	return port
}

// as is the protocol of a port's listener if it is not the port's own. The provider ovn
// looks into nothing.
func as(svc *corev1.Service, p corev1.ServicePort, provider string) string {
	_, terminated := annotation.TLSContainerRef.Read(svc.Annotations)
	switch {
	case provides(provider, httpPorts) == no || p.Protocol != "" && p.Protocol != corev1.ProtocolTCP:
		return ""
	case isAPIServer(svc):
		return HTTPS
	case app(p) == "http":
		return HTTP
	case app(p) == "https" && terminated:
		return TerminatedHTTPS
	case app(p) == "https":
		return HTTPS
	}
	return ""
}

// app is what the author says that a port speaks.
func app(p corev1.ServicePort) string {
	if p.AppProtocol == nil {
		return ""
	}
	return *p.AppProtocol
}

// target is where Kubernetes sends the traffic of a port, as its author wrote it.
func target(p corev1.ServicePort) string {
	if t := p.TargetPort.String(); t != "0" {
		return t
	}
	return strconv.Itoa(int(p.Port))
}
