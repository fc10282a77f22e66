// Package policy decides what a Service may ask of the cloud and what it gets.
//
// Evaluate is the only place where a Service is interpreted: the webhook calls
// it to answer the API server, the reconciler to know what to build. It is a
// pure function: the same Service, facts and configuration always give the same
// Verdict. It never talks to anybody.
package policy

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// A Subject is the Service under evaluation.
type Subject struct {
	Service *corev1.Service
	Old     *corev1.Service // on update, what it was before
	Has     LoadBalancer    // the load balancer that the cloud has for it
	DryRun  bool            // its ClusterIP may be a placeholder

	from    map[string]string  // which annotation of another controller was understood as one of ours
	ignored []annotation.Fault // annotations of other controllers that mean nothing here
}

// A LoadBalancer is as much as policy must know of one that exists. The zero
// LoadBalancer does not.
type LoadBalancer struct {
	VIP    netip.Addr
	Subnet string     // ID
	Second netip.Addr // VIP of the other family; zero: none

	SecondSubnet string // ID
}

// decided are the pins that hold whatever the configuration says now: what the
// cloud has, else what stood on the Service once something was built for it. What
// stood there before was not acted upon, whoever wrote it.
func (s Subject) decided() map[string]string {
	if s.stays() {
		m := map[string]string{}
		annotation.Verdict.Write(m, annotation.Accepted)
		annotation.VIPSubnetID.Write(m, s.Has.Subnet)
		return m
	}
	if s.builtBefore() {
		return s.Old.Annotations
	}
	return nil
}

// stays reports whether the cloud has a load balancer for the Service that can go on being
// its: it is at its ClusterIP. A Service that had none for a while may come back with another.
func (s Subject) stays() bool {
	a, err := annotation.ParseAddress(s.Service.Spec.ClusterIP)
	return s.Has.Subnet != "" && (err != nil || !s.Has.VIP.IsValid() || a == s.Has.VIP)
}

// builtBefore reports whether the Service had a load balancer, as it said itself. What has
// no address has none, whatever is written there: the webhook does not see it.
func (s Subject) builtBefore() bool {
	return s.Old != nil && addressed(s.Old) && built(s.Old.Annotations)
}

// built reports whether m says that there is a load balancer.
func built(m map[string]string) bool {
	_, ok := annotation.LoadBalancerID.Read(m)
	return ok
}

// A Verdict is everything policy has to say about a Subject. Its zero value is
// said of a Service that is not ours.
type Verdict struct {
	Managed  bool              // whether the Service is ours at all
	Intent   Intent            // what it resolves to; complete unless Denied
	Pins     map[string]string // the annotations that the webhook writes
	Findings []Finding         // why it may not, or should better not, be so
}

// Evaluate interprets the subject against what is known.
func Evaluate(cfg Config, s Subject, known facts.Snapshot) Verdict {
	v := judge(cfg, s, known)
	if !v.Managed {
		return v
	}
	if s.Old != nil {
		before := judge(cfg, Subject{Service: s.Old, Has: s.Has}, known)
		v.Findings = forgive(v.Findings, before.Findings)
	}
	v.Pins = v.pins(cfg, known)
	return v
}

// judge interprets the subject as if it had no predecessor whose faults are forgiven.
func judge(cfg Config, s Subject, known facts.Snapshot) Verdict {
	if !managed(cfg, s.Service) {
		return Verdict{}
	}
	q := ask(cfg, s.understood(nil), known)
	v := Verdict{Managed: true, Intent: q.in, Findings: q.findings()}
	if refused := q.subject.refused(v.Findings); len(refused) > 0 {
		q = ask(cfg, s.understood(refused), known)
		v.Intent, v.Findings = q.in, q.findings()
	}
	return v
}

// Undecided is the verdict when a Service could not be judged at all.
func Undecided() Verdict {
	v := Verdict{Managed: true, Pins: map[string]string{}, Findings: []Finding{{
		Severity: Unsure, Field: spec, Message: "could not be judged by octagate; it is judged again before anything is built",
	}}}
	annotation.Verdict.Write(v.Pins, annotation.Unverified)
	return v
}

// managed reports whether octagate balances svc. Headless and ExternalName Services,
// those of types that the operator does not want balanced (at first, NodePort), those of
// another load balancer class, and default/kubernetes, which the API server needs
// before anything of ours runs, are left alone.
func managed(cfg Config, svc *corev1.Service) bool { return addressed(svc) && cfg.includes(svc) }

// addressed reports whether svc has an address that can be a VIP.
func addressed(svc *corev1.Service) bool {
	return svc.Spec.ClusterIP != corev1.ClusterIPNone && svc.Spec.Type != corev1.ServiceTypeExternalName
}

// includes reports whether the operator wants svc balanced.
func (c Config) includes(svc *corev1.Service) bool {
	class := svc.Spec.LoadBalancerClass
	switch {
	case isAPIServer(svc):
		return c.APIServer
	case svc.Spec.Type == corev1.ServiceTypeLoadBalancer && class != nil:
		return c.balances(svc.Spec.Type) && *class == c.LoadBalancerClass
	case svc.Spec.Type == corev1.ServiceTypeLoadBalancer:
		return c.balances(svc.Spec.Type) && c.LoadBalancerClass == ""
	}
	return c.balances(svc.Spec.Type)
}

// Including is c as if the operator wanted svc balanced.
func (c Config) Including(svc *corev1.Service) Config {
	c.APIServer, c.LoadBalancerClass = true, ""
	if class := svc.Spec.LoadBalancerClass; class != nil {
		c.LoadBalancerClass = *class
	}
	c.ServiceTypes = []corev1.ServiceType{corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer}
	return c
}

// Retired reports whether svc is one that the operator does not want balanced any more,
// as far as can be told: it was, under another configuration.
func Retired(cfg Config, svc *corev1.Service) bool {
	digest, judged := annotation.Policy.Read(svc.Annotations)
	return addressed(svc) && !cfg.includes(svc) && judged && digest != cfg.digest()
}

// isAPIServer reports whether svc is the one that the API server makes for itself.
func isAPIServer(svc *corev1.Service) bool {
	return svc.Namespace == metav1.NamespaceDefault && svc.Name == "kubernetes"
}

// balances reports whether Services of a type are balanced.
func (c Config) balances(t corev1.ServiceType) bool {
	if len(c.ServiceTypes) == 0 {
		return t != corev1.ServiceTypeNodePort
	}
	return slices.Contains(c.ServiceTypes, cmp.Or(t, corev1.ServiceTypeClusterIP))
}

// forgive turns the denials that the predecessor already deserved into warnings,
// so that an old fault never holds up an unrelated update, and neither does an old doubt.
func forgive(now, before []Finding) []Finding {
	for i, f := range now {
		if !slices.ContainsFunc(before, f.same) {
			continue
		}
		if now[i].before = true; f.Severity == Deny {
			now[i].Severity = Forgiven
		}
	}
	return now
}

// pins are the annotations that make the verdict readable and permanent.
func (v Verdict) pins(cfg Config, known facts.Snapshot) map[string]string {
	m := v.Intent.pins()
	annotation.Policy.Write(m, cfg.digest())
	annotation.Verdict.Write(m, v.Answer())
	if f, answer := known.FloatingIP(v.Intent.ExternalIP.Address); answer == facts.Yes {
		annotation.FloatingIPID.Write(m, f.ID)
	}
	return m
}

// Answer is the verdict in one word, which none is for a Service that is not ours.
func (v Verdict) Answer() annotation.Answer {
	switch {
	case !v.Managed:
		return ""
	case v.any(func(f Finding) bool { return f.Severity == Deny || f.Severity == Forgiven || f.Severity == Advised }):
		return annotation.Denied
	case v.Unverified():
		return annotation.Unverified
	}
	return annotation.Accepted
}

// volatile are the pins that rest on the facts of the moment.
var volatile = []string{annotation.Verdict.Key, annotation.FloatingIPID.Key}

// Stale reports whether written is not what Pinned would make of it. Pins that
// rest on the facts of the moment count only when the verdict is missing.
func (v Verdict) Stale(written map[string]string) bool {
	if _, judged := written[annotation.Verdict.Key]; !judged {
		return true
	}
	return !maps.Equal(steady(written), steady(v.Pinned(written)))
}

// steady is m less what rests on the facts of the moment.
func steady(m map[string]string) map[string]string {
	m = maps.Clone(m)
	for _, key := range volatile {
		delete(m, key)
	}
	return m
}

// Pinned is what the author asked for in written, and v's pins where the author
// left the choice to us.
func (v Verdict) Pinned(written map[string]string) map[string]string {
	m := annotation.WithoutDecisions(written)
	for key, value := range v.Pins {
		if _, asked := m[key]; !asked {
			m[key] = value
		}
	}
	return m
}
