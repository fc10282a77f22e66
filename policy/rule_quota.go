package policy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/octagate/octagate/policy/facts"
)

// The kinds of facts that are needed to object to one more load balancer, with what is in
// it, or floating IP.
const (
	balancerFacts   = facts.Balancers | facts.BalancerLimits
	floatingIPFacts = facts.FloatingIPs | facts.FloatingIPLimit
)

// quota: what a Service needs new is within the quota of the project.
//
//	Field:   spec.type, spec.ports
//	Denies:  a load balancer, its listeners or its pools, or a floating IP from the pool, when
//	         the project has as many as it may have
//	Allows:  what a Service has already; anything while Octavia is deleting enough, or a floating
//	         IP of the pool leads nowhere, which may be about to be released, or to be the
//	         Service's; members, which come with Pods and not with a Service, monitors and ports:
//	         the condition Ready tells when the cloud refuses them
//	Source:  GET lbaas/quotas, GET quotas, and what there is. Octavia answers 403, "Quota has been
//	         met for resources: Load Balancer", Neutron 409, OverQuota
var quota = rule{name: "quota", may: balancerFacts | floatingIPFacts, check: func(q question) []Finding {
	return slices.Concat(q.balancerQuota(), q.floatingIPQuota())
}}

// balancerQuota objects to what a Service needs of Octavia beyond what it has. Where it has
// a load balancer that nobody sees, nobody can tell what is in that.
func (q question) balancerQuota() []Finding {
	own, seen := q.own()
	if len(q.in.Listeners) == 0 || q.known.Balancers == nil || !seen && q.exists() {
		return nil
	}
	there := q.known.Staying()
	asked := cmp.Or(q.subject.Service.Spec.Type, corev1.ServiceTypeClusterIP)
	balanced := asWritten(q.in.Listeners)
	const command = "openstack loadbalancer quota set --"
	fs := resource{"listener", q.known.ListenerLimit, there.Listeners, command + "listener"}.
		exceeded(len(q.in.Listeners)-own.Listeners, ports, balanced, balancerFacts)
	fs = append(fs, resource{"pool", q.known.PoolLimit, there.Pools, command + "pool"}.
		exceeded(q.in.pools()-own.Pools, ports, balanced, balancerFacts)...)
	if seen {
		return fs
	}
	return append(resource{"load balancer", q.known.BalancerLimit, there.Balancers, command + "loadbalancer"}.
		exceeded(1, spec.Child("type"), string(asked), balancerFacts), fs...)
}

// asWritten is ports as the author wrote them, whatever their listeners read.
func asWritten(listeners []Port) string {
	plain := slices.Clone(listeners)
	for i := range plain {
		plain[i].As = ""
	}
	return joined(plain)
}

func (q question) floatingIPQuota() []Finding {
	if len(q.in.Listeners) == 0 || q.in.ExternalIP.Method != Pool || q.known.FloatingIPs == nil || q.known.Idle() || q.reached() {
		return nil
	}
	return resource{"floating IP", q.known.FloatingIPLimit, len(q.known.FloatingIPs), "openstack quota set --floating-ips"}.
		exceeded(1, spec.Child("type"), string(corev1.ServiceTypeLoadBalancer), floatingIPFacts)
}

// A resource is something that the project may have only so many of.
type resource struct {
	what    string // one of it
	limit   facts.Limit
	has     int
	command string // an administrator's, that raises the limit
}

// exceeded objects to some more than the project has, when it has enough.
func (r resource) exceeded(more int, at *field.Path, value string, live facts.Kinds) []Finding {
	if more <= 0 || r.limit.Room(r.has+more-1) != facts.No {
		return nil
	}
	needs := "a " + r.what
	if more > 1 {
		needs = fmt.Sprintf("%d more %ss", more, r.what)
	}
	message := fmt.Sprintf("needs %s, and the project has %d of %d; ask an administrator for more; try: %s %d <project>", needs, r.has, r.limit.Most, r.command, r.has+more)
	return []Finding{{Severity: Deny, Field: at, Value: value, Message: message, live: facts.Question{Kinds: live}}}
}
