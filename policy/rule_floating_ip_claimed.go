package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/facts"
)

// Claimed is the name of the rule that tells which of two Services has a floating IP.
const Claimed = "floating-ip-claimed"

// floatingIPClaimed: a floating IP is one Service's, also before it is associated.
//
//	Field:   spec.loadBalancerIP, or metadata.annotations[octagate.dev/load-balancer-ip]
//	Denies:  one that another Service names; where both were stored before anybody looked, the
//	         younger Service's
//	Allows:  whom it is associated with already
//	Guards:  the authors of other Services
//	Source:  the cluster's Services
var floatingIPClaimed = rule{name: Claimed, check: func(q question) []Finding {
	a := q.in.ExternalIP.Address
	f, _ := q.known.FloatingIP(a)
	first, contested := rival(q.subject.Service, f, q.known.Claims[a])
	if q.leadsHere(f) || !contested {
		return nil
	}
	at, asked := requestedIP(q.subject.Service)
	return one(Deny, at, asked, fmt.Sprintf("is claimed by Service %s; %s", first.Name, instead(q)))
}}

// rival is whose claim goes before that of svc, if any does. claims are in the order of
// their rights; those of namespaces for which the floating IP is not have none.
func rival(svc *corev1.Service, f facts.FloatingIP, claims []facts.Claim) (facts.Claim, bool) {
	claims = slices.DeleteFunc(slices.Clone(claims), func(c facts.Claim) bool {
		namespace, _, _ := strings.Cut(c.Name, "/")
		return !f.For(namespace)
	})
	others := slices.DeleteFunc(slices.Clone(claims), func(c facts.Claim) bool { return c.Name == svc.Namespace+"/"+svc.Name })
	stored := len(others) < len(claims)
	if len(others) == 0 || stored && claims[0].Name != others[0].Name {
		return facts.Claim{}, false
	}
	return others[0], true
}

// Claim is the floating IP that svc names, if it is ours to balance and names one.
func Claim(cfg Config, svc *corev1.Service) (netip.Addr, bool) {
	if !managed(cfg, svc) || !svc.DeletionTimestamp.IsZero() {
		return netip.Addr{}, false
	}
	e := externalIP(cfg, Subject{Service: svc}.understood(nil).Service)
	return e.Address, e.Method == User && e.Address.IsValid()
}
