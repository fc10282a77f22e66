package translation

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/reconcile/octavia"
)

// service is what somebody asked for, as far as that is known: a load balancer tells the
// most of it.
func (s Source) service() Service {
	if s.Service == nil {
		return told(s.Tree)
	}
	svc := s.Service
	made := Service{
		Name: svc.Namespace + "/" + svc.Name, Type: string(cmp.Or(svc.Spec.Type, corev1.ServiceTypeClusterIP)),
		Addresses: addresses(svc), Selector: selector(svc),
	}
	if s.Verdict.Managed {
		made.ExternalIP = s.Verdict.Intent.ExternalIP.String()
	}
	for _, p := range svc.Spec.Ports {
		made.Ports = append(made.Ports, s.port(p))
	}
	return made
}

// told is the Service that a tree was made for.
func told(t octavia.Tree) Service {
	made := Service{Name: t.Name}
	switch f := t.FloatingIP; {
	case f.Allocate:
		made.ExternalIP = string(policy.Pool)
	case f.Address.IsValid():
		made.ExternalIP = policy.ExternalIP{Method: policy.User, Address: f.Address}.String()
	}
	for _, v := range slices.Concat([]octavia.VIP{t.VIP}, t.More) {
		made.Addresses = append(made.Addresses, written(v.Address))
	}
	for _, l := range t.Listeners {
		made.Ports = append(made.Ports, Port{Port: l.Key.String(), Listener: l.Key.String()})
	}
	return made
}

// addresses are the ClusterIPs, as far as they are allocated.
func addresses(svc *corev1.Service) []string {
	if len(svc.Spec.ClusterIPs) > 0 {
		return svc.Spec.ClusterIPs
	}
	return slices.DeleteFunc([]string{svc.Spec.ClusterIP}, func(a string) bool { return a == "" })
}

// selector is what its Pods bear, such as app=web.
func selector(svc *corev1.Service) string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(svc.Spec.Selector)) {
		words = append(words, key+"="+svc.Spec.Selector[key])
	}
	return strings.Join(words, ",")
}

func (s Source) port(p corev1.ServicePort) Port {
	made := Port{Port: fmt.Sprintf("%s/%d", cmp.Or(p.Protocol, corev1.ProtocolTCP), p.Port), Name: p.Name, Target: p.TargetPort.String()}
	if made.Target == "0" {
		made.Target = fmt.Sprint(p.Port)
	}
	i := slices.IndexFunc(s.Verdict.Intent.Listeners, func(l policy.Port) bool {
		return l.Number == p.Port && l.Protocol == cmp.Or(p.Protocol, corev1.ProtocolTCP)
	})
	if i >= 0 {
		made.Listener = s.Verdict.Intent.Listeners[i].String()
	}
	return made
}

// endpoints are the Pods behind the Service, in order: those that EndpointSlices name, or
// else the members.
func (s Source) endpoints() []Endpoint {
	members := map[netip.Addr]string{}
	for _, p := range s.Tree.Pools {
		for _, m := range p.Members {
			members[m.Address], _, _ = strings.Cut(m.Name, ":")
		}
	}
	all := map[netip.Addr]Endpoint{}
	for a, name := range members {
		all[a] = Endpoint{Name: name, Address: a.String(), Member: true}
	}
	for _, slice := range s.Slices {
		for _, e := range slice.Endpoints {
			if a, name := reached(e); a.IsValid() {
				_, member := members[a]
				all[a] = Endpoint{Name: name, Address: a.String(), Member: member}
			}
		}
	}
	var sorted []Endpoint
	for _, a := range slices.SortedFunc(maps.Keys(all), netip.Addr.Compare) {
		sorted = append(sorted, all[a])
	}
	return sorted
}

// reached is where an endpoint is, and what it is called.
func reached(e discoveryv1.Endpoint) (netip.Addr, string) {
	if len(e.Addresses) == 0 {
		return netip.Addr{}, ""
	}
	a, _ := netip.ParseAddr(e.Addresses[0])
	if r := e.TargetRef; r != nil && r.Kind == "Pod" {
		return a, r.Namespace + "/" + r.Name
	}
	return a, e.Addresses[0]
}
