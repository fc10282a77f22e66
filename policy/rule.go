package policy

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// A question is what a rule is asked: all that Evaluate was given, and the
// intent that was read from it.
type question struct {
	cfg     Config
	subject Subject
	in      Intent
	known   facts.Snapshot
}

func ask(cfg Config, s Subject, known facts.Snapshot) question {
	return question{cfg, s, read(cfg, s, known), known}
}

// A rule is one sentence of policy. Each lives in a rule_*.go of its own, whose
// comment is its specification.
type rule struct {
	name  string
	live  facts.Kinds // what it rests on, of what the cloud said: of floating IPs only on that which the Service names
	may   facts.Kinds // what some of its objections rest on beside
	early bool        // about what the API server refuses before it asks the validating webhook
	check func(question) []Finding
}

// rules are checked, and reported, in this order.
var rules = []rule{
	annotations, foreignAnnotation, clusterIPRange, clusterIPReserved, vipFree, subnetExists, ipFamilies, protocol, noListener, http,
	capabilityRule, providerExists, flavorExists, zoneExists, algorithm, healthMonitor, proxyProtocol, sourceRangesRule,
	sessionAffinity, externalIPs, loadBalancerIP, withoutEffect, poolConfigured, floatingIPExists, floatingIPFree,
	floatingIPAllowed, floatingIPClaimed, floatingIPNetwork, quota, fixedOnceBuilt,
}

// Rules are the names of all rules, in the order in which they are checked.
func Rules() []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// findings are what all the rules notice.
func (q question) findings() []Finding {
	var all []Finding
	for _, r := range rules {
		for _, f := range r.check(q) {
			f.Rule, f.live, f.early = r.name, q.whether(r.live).And(f.live), r.early
			all = append(all, f.confirmed(q.known))
		}
	}
	return all
}

// whether is what the cloud is to be asked about some kinds of facts: of floating IPs only
// about the one that the Service names.
func (q question) whether(live facts.Kinds) facts.Question {
	asked := facts.Question{Kinds: live &^ facts.FloatingIPs}
	if live.Has(facts.FloatingIPs) {
		asked.FloatingIP = q.in.ExternalIP.Address
	}
	return asked
}

// one is the only thing that a rule noticed.
func one(s Severity, at *field.Path, value, message string) []Finding {
	return []Finding{{Severity: s, Field: at, Value: value, Message: message}}
}

// The fields that rules speak of.
var (
	spec      = field.NewPath("spec")
	ports     = spec.Child("ports")
	clusterIP = spec.Child("clusterIP")
	secondIP  = spec.Child("clusterIPs").Index(1)

	specAddress      = spec.Child("loadBalancerIP")
	annotatedAddress = keyed(annotation.LoadBalancerIP)
)

func annotationField(key string) *field.Path {
	return field.NewPath("metadata", "annotations").Key(key)
}

func keyed[T any](d annotation.Def[T]) *field.Path { return annotationField(d.Key) }
