// Package check judges Services in files as the webhook judges them when they are applied.
//
// It is policy.Evaluate with what files lack made up for: who claims what among the files
// themselves, and what is known of the cloud and the cluster from a file or a look. It has
// no opinion of its own, reads nothing and asks nobody.
package check

import (
	"cmp"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/cmd/octagate/report"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/policy/spelling"
)

// A Check is what Services are held against.
type Check struct {
	Version string         // of octagate
	Policy  *policy.Config // nil: nobody chose one
	Known   *Knowledge     // nil: nobody was asked
}

// A checker is a Check at work.
type checker struct {
	policy     policy.Config
	configured bool
	known      Knowledge
	asked      bool
	rules      map[string]policy.Rule
}

// ownRules object to what somebody has, a floating IP or an address, be it the Service itself.
var ownRules = []string{"floating-ip-free", "vip-free"}

// theConfigurations are rules that mean nothing without a configuration.
var theConfigurations = []string{"pool-configured", "subnet-exists", "cluster-ip-range"}

// manifestRule is what the API server itself, or kubectl, sees to.
var manifestRule = policy.Rule{
	Name: report.Manifest, Does: "denies", Sentence: "A field of a Service is one that there is, stands there once, and has a value of its type.",
	Chapter: "The API server refuses it when it reads the Service, before it asks any webhook: at all events where the type of a value is wrong, else by the strict validation of fields that kubectl asks for.",
}

// usual is a policy that nobody chose: what octagate does without a configuration.
var usual = policy.Config{MemberMode: annotation.L3, Monitor: policy.UsualMonitor}

// Report is what there is to say of manifests, whose Services are applied one after the
// other in their order.
func (c Check) Report(m manifest.Manifests) report.Report {
	k := c.checker(m)
	return report.Report{
		Version: c.Version, Files: m.Files, Others: m.Others, Kindless: m.Kindless, Rules: append(policy.Catalogue(), manifestRule), Omissions: k.omissions(), Services: k.services(m),
	}
}

// A Judgement is one Service and what policy says of it.
type Judgement struct {
	Service  *corev1.Service // as the API server would ask about it
	Verdict  policy.Verdict
	Findings []report.Finding // that can be told from what is known
}

// Judge is what policy says of each Service of manifests, in their order.
func (c Check) Judge(m manifest.Manifests) []Judgement {
	k := c.checker(m)
	var all []Judgement
	for _, s := range m.Services {
		all = append(all, k.judge(s))
	}
	return all
}

// Omissions are the rules that Judge cannot hold manifests against.
func (c Check) Omissions(m manifest.Manifests) []report.Omission { return c.checker(m).omissions() }

// checker is c at work on manifests.
func (c Check) checker(m manifest.Manifests) *checker {
	k := &checker{policy: usual, configured: c.Policy != nil, asked: c.Known != nil, rules: map[string]policy.Rule{}}
	if k.configured {
		k.policy = *c.Policy
	}
	if k.asked {
		k.known = *c.Known
	}
	for _, r := range policy.Catalogue() {
		k.rules[r.Name] = r
	}
	k.known.Facts.Claims = k.claims(m.Services)
	return k
}

// services are the findings of each Service.
func (k *checker) services(m manifest.Manifests) []report.Service {
	all := make([]report.Service, len(m.Services))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range m.Services {
		group.Go(func() error {
			file, line := s.Start()
			all[i] = report.Service{Name: name(s), File: file, Line: line, Findings: k.judge(s).Findings}
			s.Forget()
			return nil
		})
	}
	_ = group.Wait() // nobody returns an error
	return all
}

// omissions are the rules that cannot be checked, or not for all that they object to.
func (k *checker) omissions() []report.Omission {
	var all []report.Omission
	unheard := policy.Unheard(k.policy, k.known.Facts)
	if !k.configured {
		all = append(all, report.Omission{Why: "there is no configuration (--config)", Rules: theConfigurations})
		unheard = slices.DeleteFunc(unheard, func(rule string) bool { return slices.Contains(theConfigurations, rule) })
	}
	why := "the cloud does not tell all that they rest on"
	if !k.asked {
		why = "nothing is known of the cloud (--cloud or --facts FILE)"
	}
	if len(unheard) > 0 {
		all = append(all, report.Omission{Why: why, Rules: unheard})
	}
	if k.asked && k.known.Services == nil {
		all = append(all, report.Omission{Why: "nothing is known of the cluster, so what Services have is not held against anybody", Rules: ownRules})
	}
	return all
}

// claims are who names which floating IP once all Services are applied. Those of the cluster
// go before others, and Services in files before what comes later in the files.
func (k *checker) claims(services []manifest.Service) map[netip.Addr][]facts.Claim {
	all, named := map[netip.Addr][]facts.Claim{}, map[string]netip.Addr{}
	for _, s := range services {
		named[name(s)], _ = policy.Claim(k.policy, s.Service)
	}
	for a, of := range k.known.Facts.Claims {
		for _, c := range of {
			if now, applied := named[c.Name]; !applied || now == a {
				all[a] = append(all[a], c)
			}
		}
	}
	for _, s := range services {
		a := named[name(s)]
		there := slices.ContainsFunc(all[a], func(c facts.Claim) bool { return c.Name == name(s) })
		if a.IsValid() && !there {
			all[a] = append(all[a], facts.Claim{Name: name(s)})
		}
	}
	return all
}

// name is ns/name.
func name(s manifest.Service) string { return printable(s.Namespace + "/" + called(s)) }

// called is the name of a Service, as far as it is known: its end may be left to the API
// server.
func called(s manifest.Service) string {
	if s.Name == "" && s.GenerateName != "" {
		return s.GenerateName + "*"
	}
	return cmp.Or(s.Name, "(unnamed)")
}

// longest is how much is repeated of a value.
const longest = 200

// printable is a text that stays on its line, and on its terminal.
func printable(text string) string {
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return text
}

// judge is what there is to say of one Service.
func (k *checker) judge(s manifest.Service) Judgement {
	exceptions, all := k.exceptions(s)
	for _, f := range s.Faults {
		all = append(all, misread(s, f))
	}
	if s.Mistyped { // then nobody ever asks the webhook
		return Judgement{&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: called(s)}}, policy.Verdict{}, inOrder(all)}
	}
	svc := k.applied(s)
	v := policy.Evaluate(k.policy, policy.Subject{Service: svc}, k.known.Facts)
	for _, f := range v.Findings {
		if f.Severity == policy.Unsure || !k.configured && slices.Contains(theConfigurations, f.Rule) || k.perhapsOwn(f, v.Intent) {
			continue
		}
		one := finding(s, f)
		one.Exception = exceptions[f.Rule]
		all = append(all, one)
	}
	return Judgement{svc, v, inOrder(all)}
}

// inOrder is findings as they follow each other in their file.
func inOrder(all []report.Finding) []report.Finding {
	slices.SortStableFunc(all, func(a, b report.Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return all
}

// applied is a Service as the API server would ask about it: with what is stored of it.
func (k *checker) applied(s manifest.Service) *corev1.Service {
	was, there := k.known.Services[name(s)]
	if !there && s.Name != "" {
		return s.Service
	}
	svc := s.DeepCopy()
	svc.Name = called(s)
	svc.UID = was.UID
	if svc.Spec.ClusterIP == "" && len(was.ClusterIPs) > 0 {
		svc.Spec.ClusterIP, svc.Spec.ClusterIPs = was.ClusterIPs[0], was.ClusterIPs
	}
	return svc
}

// perhapsOwn reports whether an objection is that something of ours has what the Service
// asks for, which may be the Service itself: only the cluster could tell.
func (k *checker) perhapsOwn(f policy.Finding, in policy.Intent) bool {
	if k.known.Services != nil || !slices.Contains(ownRules, f.Rule) {
		return false
	}
	ip, _ := k.known.Facts.FloatingIP(in.ExternalIP.Address)
	port := ip.Port
	if f.Rule == ownRules[1] {
		holder, _ := k.known.Facts.Port(in.VIP)
		port = holder.ID
	}
	return k.known.Facts.Balancers[port].Service != ""
}

// exceptions are the rules that a Service makes exceptions of, with its reasons, and what is
// wrong with these.
func (k *checker) exceptions(s manifest.Service) (map[string]string, []report.Finding) {
	asked, _ := annotation.CheckExceptions.Read(s.Annotations)
	granted, faults := map[string]string{}, []report.Finding(nil)
	for _, rule := range slices.Sorted(maps.Keys(asked)) {
		r, known := k.rules[rule]
		switch {
		case !known:
			faults = append(faults, k.exceptionFault(s, rule, "is not a rule"+spelling.DidYouMean(rule, slices.Sorted(maps.Keys(k.rules)))))
		case r.Guards:
			faults = append(faults, k.exceptionFault(s, rule, "guards others than the Service's author; no exception can be made of it"))
		default:
			granted[rule] = asked[rule]
		}
	}
	return granted, faults
}

func (k *checker) exceptionFault(s manifest.Service, rule, message string) report.Finding {
	at := field.NewPath("metadata", "annotations").Key(annotation.CheckExceptions.Key)
	return finding(s, policy.Finding{Rule: "annotation", Severity: policy.Deny, Field: at, Value: rule, Message: message})
}

// finding is what policy noticed, with its place. What follows a semicolon is what to do.
func finding(s manifest.Service, f policy.Finding) report.Finding {
	level := report.Warning
	if f.Severity == policy.Deny {
		level = report.Error
	}
	message, fix, _ := strings.Cut(f.Message, "; ")
	place := s.Place(f.Field.String())
	return report.Finding{
		Service: name(s), Level: level, Rule: f.Rule, File: place.File, Line: place.Line, Column: place.Column,
		Field: printable(f.Field.String()), Value: printable(f.Value), Message: printable(message), Fix: printable(fix), Link: report.Link(f.Rule),
	}
}

// misread is what the API server would not take, for which octagate has no rule.
func misread(s manifest.Service, f manifest.Fault) report.Finding {
	return report.Finding{
		Service: name(s), Level: report.Error, Rule: manifestRule.Name, File: f.Place.File, Line: f.Place.Line, Column: f.Place.Column,
		Field: printable(f.Field), Message: printable(f.Message), Fix: f.Fix,
	}
}
