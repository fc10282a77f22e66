package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/octagate/octagate/cmd/octagate/check"
	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/cmd/octagate/report"
	"github.com/octagate/octagate/cmd/octagate/translation"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/backend"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/reconcile/plan"
)

// A forecast is what would be made of Services in files, where there is nothing yet.
type forecast struct {
	source    source
	namespace string
}

func (f *forecast) flags(c *cobra.Command) {
	f.source.flags(c)
	c.Flags().StringVarP(&f.namespace, "namespace", "n", corev1.NamespaceDefault, "namespace of Services that name none")
}

// errNoServices is why there is nothing to show.
var errNoServices = errors.New("there is no Service in these files")

// translations are what commands show of Services.
type translations struct {
	Services   []translation.Translation `json:"services"`
	NotChecked []report.Omission         `json:"notChecked,omitempty"`
}

// translate is what the Services in files become. They are judged as octagate check does.
func (f forecast) translate(c *cobra.Command, names []string) (made translations, err error) {
	configuration, known, err := f.source.load(c)
	if err != nil {
		return made, err
	}
	read, err := manifest.Reader{Stdin: c.InOrStdin(), Namespace: f.namespace}.Read(names)
	if err != nil {
		return made, fmt.Errorf("reading manifests:\n%w", err)
	}
	if len(read.Services) == 0 {
		return made, errNoServices
	}
	manner := (&openstack.Watch{Client: &openstack.Client{Legacy: configuration != nil && configuration.legacy()}}).Manner()
	judges := check.Check{Policy: configuration.chosen(), Known: known}
	for _, j := range judges.Judge(read) {
		made.Services = append(made.Services, forecastOf(j, slicesOf(j.Service, read.Slices, f.namespace), manner))
	}
	made.NotChecked = judges.Omissions(read)
	return made, nil
}

// slicesOf are the EndpointSlices of a Service.
func slicesOf(svc *corev1.Service, all []discoveryv1.EndpointSlice, namespace string) []discoveryv1.EndpointSlice {
	return slices.DeleteFunc(slices.Clone(all), func(s discoveryv1.EndpointSlice) bool {
		return s.Labels[discoveryv1.LabelServiceName] != svc.Name || cmp.Or(s.Namespace, namespace) != svc.Namespace
	})
}

// forecastOf is what one Service becomes.
func forecastOf(j check.Judgement, of []discoveryv1.EndpointSlice, manner plan.Manner) translation.Translation {
	s := translation.Source{Service: j.Service, Verdict: j.Verdict, Judged: true, Slices: of}
	verdict := verdictOf(j)
	if verdict != translation.Denied && verdict != translation.LeftAlone {
		s.Tree = octavia.Desire(j.Verdict.Intent, backends(j, of))
		s.Steps = manner.Plan(s.Tree, octavia.Tree{})
	}
	t := translation.Of(s)
	t.Verdict, t.Findings = verdict, nil
	for _, f := range j.Findings {
		t.Findings = append(t.Findings, told(f))
	}
	return t
}

// backends are the members that EndpointSlices name. Where there are none they are not
// known: the Pods are not there yet.
func backends(j check.Judgement, of []discoveryv1.EndpointSlice) octavia.Backends {
	if len(of) == 0 && j.Verdict.Intent.Selects {
		return nil
	}
	return backend.Of(j.Verdict.Intent, of, nil)
}

// verdictOf is the verdict as far as anything is known: objections that nobody can be sure of
// are doubts.
func verdictOf(j check.Judgement) translation.Verdict {
	answer := j.Verdict.Answer()
	switch {
	case slices.ContainsFunc(j.Findings, func(f report.Finding) bool { return f.Level == report.Error }):
		return translation.Denied
	case !j.Verdict.Managed:
		return translation.LeftAlone
	case answer == annotation.Denied:
		return translation.Verdict(annotation.Unverified)
	}
	return translation.Verdict(answer)
}

// told is a finding of a report.
func told(f report.Finding) translation.Finding {
	message := f.Text()
	if f.Fix != "" {
		message += "; " + f.Fix
	}
	return translation.Finding{Severity: string(f.Level), Rule: f.Rule, Place: f.Place(), Message: message}
}
