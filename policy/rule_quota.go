package policy

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/facts"
)

// The kinds of facts that are needed to object to one more load balancer, or floating IP.
const (
	balancerFacts   = facts.Balancers | facts.BalancerLimit
	floatingIPFacts = facts.FloatingIPs | facts.FloatingIPLimit
)

// quota: what a Service needs new is within the quota of the project.
//
//	Field:   spec.type
//	Denies:  a load balancer, or a floating IP from the pool, when the project has as many as it
//	         may have
//	Allows:  what a Service has already; anything while Octavia is deleting enough, or a floating
//	         IP of the pool leads nowhere, which may be about to be released, or to be the
//	         Service's; listeners, pools, members, monitors and ports, which would have to be
//	         counted too often: the condition Ready tells when the cloud refuses them
//	Source:  GET lbaas/quotas, GET quotas, and what there is. Octavia answers 403, "Quota has been
//	         met for resources: Load Balancer", Neutron 409, OverQuota
var quota = rule{name: "quota", may: balancerFacts | floatingIPFacts, check: func(q question) []Finding {
	return slices.Concat(q.balancerQuota(), q.floatingIPQuota())
}}

func (q question) balancerQuota() []Finding {
	if len(q.in.Listeners) == 0 || q.known.Balancers == nil || q.exists() {
		return nil
	}
	staying := 0
	for _, b := range q.known.Balancers {
		if !b.Leaving {
			staying++
		}
	}
	return q.exceeded(q.known.BalancerLimit, staying, balancerFacts, "load balancer", "openstack loadbalancer quota set --loadbalancer")
}

func (q question) floatingIPQuota() []Finding {
	if len(q.in.Listeners) == 0 || q.in.ExternalIP.Method != Pool || q.known.FloatingIPs == nil {
		return nil
	}
	for _, f := range q.known.FloatingIPs {
		here := f.FixedIP.IsValid() && (f.FixedIP == q.in.VIP || f.FixedIP == q.subject.Has.VIP)
		if here || f.Pool && f.Port == "" {
			return nil
		}
	}
	return q.exceeded(q.known.FloatingIPLimit, len(q.known.FloatingIPs), floatingIPFacts, "floating IP", "openstack quota set --floating-ips")
}

// exceeded objects to one more of something that the project has enough of. command is
// an administrator's.
func (q question) exceeded(l facts.Limit, has int, live facts.Kinds, what, command string) []Finding {
	if l.Room(has) != facts.No {
		return nil
	}
	asked := cmp.Or(q.subject.Service.Spec.Type, corev1.ServiceTypeClusterIP)
	message := fmt.Sprintf("needs a %s, and the project has %d of %d; ask an administrator for more; try: %s %d <project>", what, has, l.Most, command, has+1)
	return []Finding{{Severity: Deny, Field: spec.Child("type"), Value: string(asked), Message: message, live: live}}
}
