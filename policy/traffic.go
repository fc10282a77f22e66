package policy

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
)

// A Traffic is how the listeners of a Service pass traffic on.
type Traffic struct {
	Algorithm       annotation.Algorithm
	Sticky          bool           // a client stays with its Pod
	Sources         []netip.Prefix // who is let in, in order; empty: everybody
	ConnectionLimit int            // of each listener; 0: none
	Timeouts        Timeouts
	Monitor         Monitor
	Proxy           annotation.Proxy // to the members of all ports but UDP's and SCTP's
	Forwarded       bool             // members of HTTP are told by a header who the client is
	Certificate     string           // reference of the container with the key of TERMINATED_HTTPS; empty: none
}

// A Monitor is how a load balancer asks its members whether they are well. The zero
// Monitor does not.
type Monitor struct {
	Delay, Timeout time.Duration // from one question to the next, and until an answer
	MaxRetries     int           // good answers that make a member well again
	MaxRetriesDown int           // missing answers until it gets no more connections
}

// UsualMonitor is what a health monitor is if nobody chose.
var UsualMonitor = Monitor{Delay: 10 * time.Second, Timeout: 5 * time.Second, MaxRetries: 3, MaxRetriesDown: 3}

// Timeouts are how long a listener waits before it gives up; 0: as the cloud has it.
type Timeouts struct {
	ClientData    time.Duration // for a silent client
	MemberData    time.Duration // for a silent member
	MemberConnect time.Duration // for a connection to a member
	TCPInspect    time.Duration // for more to look into
}

// traffic is what the author and the operator want of the traffic of svc.
func traffic(cfg Config, svc *corev1.Service, in Intent) Traffic {
	asked, provider := svc.Annotations, in.Provider
	t := Traffic{
		Algorithm: first(annotation.LBAlgorithm, cfg.algorithm(provider), asked),
		Proxy:     first(annotation.ProxyProtocol, annotation.NoProxy, asked),
		Sticky:    svc.Spec.SessionAffinity == corev1.ServiceAffinityClientIP,
		Timeouts: Timeouts{
			ClientData:    first(annotation.TimeoutClientData, cfg.Timeouts.ClientData, asked),
			MemberData:    first(annotation.TimeoutMemberData, cfg.Timeouts.MemberData, asked),
			MemberConnect: first(annotation.TimeoutMemberConnect, cfg.Timeouts.MemberConnect, asked),
			TCPInspect:    first(annotation.TimeoutTCPInspect, cfg.Timeouts.TCPInspect, asked),
		},
	}
	if isAPIServer(svc) {
		t.Algorithm = annotation.LeastConnections
	}
	t.Monitor = monitor(cfg, asked)
	t.Forwarded, _ = annotation.XForwardedFor.Read(asked)
	t.Certificate, _ = annotation.TLSContainerRef.Read(asked)
	t.ConnectionLimit, _ = annotation.ConnectionLimit.Read(asked)
	t.Sources = sources(svc, in)
	return t
}

// algorithm is what a provider balances by if the author does not say: what the
// operator chose, where the provider has it.
func (c Config) algorithm(provider string) annotation.Algorithm {
	switch {
	case provides(provider, otherAlgorithms) == no:
		return annotation.SourceIPPort
	case c.Algorithm == annotation.SourceIPPort && provider != "" && provides(provider, sourceIPPort) == no:
		return annotation.RoundRobin
	}
	return cmp.Or(c.Algorithm, annotation.RoundRobin)
}

// sources are who is let in to svc: ranges of the families of its VIPs, since nobody
// else can reach them.
func sources(svc *corev1.Service, in Intent) []netip.Prefix {
	var all []netip.Prefix
	for _, r := range sourceRanges(svc) {
		p, err := netip.ParsePrefix(r.text)
		switch {
		case err != nil:
		case p.Bits() == 0:
			return nil // everybody, which is what no restriction means
		case !foreign(p, in):
			all = append(all, p.Masked())
		}
	}
	slices.SortFunc(all, netip.Prefix.Compare)
	return slices.Compact(all)
}

// foreign reports whether a range is of another family than the VIPs, as far as they are
// known.
func foreign(p netip.Prefix, in Intent) bool {
	served := func(vip netip.Addr) bool { return vip.IsValid() && p.Addr().Is4() == vip.Is4() }
	return in.VIP.IsValid() && !served(in.VIP) && !served(in.SecondVIP)
}

// monitor is the health monitor that the author or the operator wants.
func monitor(cfg Config, asked map[string]string) Monitor {
	if !first(annotation.HealthMonitor, cfg.Monitored, asked) {
		return Monitor{}
	}
	return Monitor{
		Delay:          first(annotation.HealthMonitorDelay, cfg.Monitor.Delay, asked),
		Timeout:        first(annotation.HealthMonitorTimeout, cfg.Monitor.Timeout, asked),
		MaxRetries:     first(annotation.HealthMonitorMaxRetries, cfg.Monitor.MaxRetries, asked),
		MaxRetriesDown: first(annotation.HealthMonitorMaxRetriesDown, cfg.Monitor.MaxRetriesDown, asked),
	}
}

// A sourceRange is one range as its author wrote it, and where.
type sourceRange struct {
	field string
	text  string
}

// sourceRanges are what svc wants its clients to come from: Kubernetes reads the old
// annotation if the field is empty, and so do we. Only Services of type LoadBalancer
// have any.
func sourceRanges(svc *corev1.Service) []sourceRange {
	if svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return nil
	}
	field, texts := "spec.loadBalancerSourceRanges", svc.Spec.LoadBalancerSourceRanges
	if old := svc.Annotations[corev1.AnnotationLoadBalancerSourceRangesKey]; len(texts) == 0 && strings.TrimSpace(old) != "" {
		field, texts = "metadata.annotations["+corev1.AnnotationLoadBalancerSourceRangesKey+"]", strings.Split(old, ",")
	}
	var all []sourceRange
	for _, text := range texts {
		all = append(all, sourceRange{field, strings.TrimSpace(text)})
	}
	return all
}
