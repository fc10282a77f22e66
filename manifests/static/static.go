// Package static turns what the rules say in CEL into policies of the API server.
//
// They carry the static rules, and keep the webhook's annotations from being forged, while
// octagate is away. While it is there they stay in the background: what the mutating
// webhook has judged is left to the validating one, whose message says everything at once.
package static

import (
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
)

// labels are those of everything that is installed.
var labels = map[string]string{"app.kubernetes.io/name": manifests.Name}

// account is who octagate is to the API server.
const account = "system:serviceaccount:octagate-system:octagate"

// The variables of the policies.
const (
	annotations = "annotations"
	before      = "before"
)

// variables are the annotations now, and before an update.
var variables = []admissionv1.Variable{
	{Name: annotations, Expression: "object.metadata.?annotations.orValue({})"},
	{Name: before, Expression: "oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})"},
}

// now writes an expression for the Service as it is applied, and was for the one before.
var (
	now = strings.NewReplacer("$A", "variables."+annotations, "$B", "variables."+before, "$S", "object.spec")
	was = strings.NewReplacer("$A", "variables."+before, "$B", "variables."+before, "$S", "oldObject.spec")
)

// Validating is the policy that refuses what no Service may ask of octagate with a
// configuration; nil: with whatever configuration.
func Validating(cfg *policy.Config) (*admissionv1.ValidatingAdmissionPolicy, *admissionv1.ValidatingAdmissionPolicyBinding, error) {
	constraints, conditions, err := leftOut()
	if err != nil {
		return nil, nil, err
	}
	conditions = append(conditions,
		admissionv1.MatchCondition{Name: "is-balanced", Expression: now.Replace(policy.Ours(cfg))},
		admissionv1.MatchCondition{Name: "not-judged-by-octagate", Expression: fmt.Sprintf("object.metadata.?annotations[?'%s'].orValue('') != '%s'", annotation.Verdict.Key, annotation.Denied)})
	p := &admissionv1.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: manifests.Name, Labels: labels},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: new(admissionv1.Ignore), MatchConstraints: constraints, MatchConditions: conditions, Variables: variables,
		},
	}
	statics := policy.Statics(cfg)
	for _, s := range statics {
		p.Spec.Validations = append(p.Spec.Validations, validation(s, statics))
	}
	return p, &admissionv1.ValidatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: manifests.Name, Labels: labels},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: manifests.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}, nil
}

// validation has the API server refuse a fault that the old Service had not: by that rule,
// with that value, whatever was said of it.
func validation(s policy.Static, all []policy.Static) admissionv1.Validation {
	fault := "(" + now.Replace(s.Fault) + ")"
	for _, other := range all {
		if !s.Forgives || other.Rule != s.Rule {
			continue
		}
		same := "(" + was.Replace(other.Fault) + ")"
		if s.Value != "" {
			same += " && " + now.Replace(s.Value) + " == " + was.Replace(other.Value)
		}
		fault += " && !(oldObject != null && " + same + ")"
	}
	v := admissionv1.Validation{Expression: "!(" + fault + ")", Message: s.Field + ": " + s.Says, Reason: new(metav1.StatusReasonInvalid)}
	if s.Value != "" {
		v.MessageExpression = literal(s.Field+`: "`) + " + " + now.Replace(s.Value) + " + " + literal(`" `+s.Says)
	}
	return v
}

// literal is a text in CEL.
func literal(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// leftOut is which Services no webhook of octagate is asked about, and no policy is for: the
// same, and those that octagate itself writes.
func leftOut() (*admissionv1.MatchResources, []admissionv1.MatchCondition, error) {
	_, webhooks, err := manifests.Webhooks()
	if err != nil {
		return nil, nil, err
	}
	webhook := webhooks.Webhooks[0]
	constraints := &admissionv1.MatchResources{MatchPolicy: webhook.MatchPolicy, NamespaceSelector: webhook.NamespaceSelector}
	for _, r := range webhook.Rules {
		constraints.ResourceRules = append(constraints.ResourceRules, admissionv1.NamedRuleWithOperations{RuleWithOperations: r})
	}
	return constraints, append([]admissionv1.MatchCondition{{
		Name: "not-octagates-own", Expression: "request.userInfo.username != '" + account + "'",
	}}, webhook.MatchConditions...), nil
}
