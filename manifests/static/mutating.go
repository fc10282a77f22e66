package static

import (
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/policy/annotation"
)

// Mutating is the policy that gives annotations which only octagate writes the values back
// that they had. Who wants to be rid of a load balancer that a change of the configuration
// left out may take octagate.dev/policy away.
func Mutating() (*admissionv1.MutatingAdmissionPolicy, *admissionv1.MutatingAdmissionPolicyBinding, error) {
	constraints, conditions, err := leftOut()
	if err != nil {
		return nil, nil, err
	}
	return &admissionv1.MutatingAdmissionPolicy{
			TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "MutatingAdmissionPolicy"},
			ObjectMeta: metav1.ObjectMeta{Name: manifests.Name, Labels: labels},
			Spec: admissionv1.MutatingAdmissionPolicySpec{
				FailurePolicy: new(admissionv1.Ignore), MatchConstraints: constraints, MatchConditions: conditions, Variables: variables,
				ReinvocationPolicy: admissionv1.NeverReinvocationPolicy, // after the webhook what it wrote would be taken for forged
				Mutations:          []admissionv1.Mutation{{PatchType: admissionv1.PatchTypeJSONPatch, JSONPatch: &admissionv1.JSONPatch{Expression: reset()}}},
			},
		}, &admissionv1.MutatingAdmissionPolicyBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "MutatingAdmissionPolicyBinding"},
			ObjectMeta: metav1.ObjectMeta{Name: manifests.Name, Labels: labels},
			Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: manifests.Name},
		}, nil
}

// reset is the patch that undoes what is forged: what was not there goes, what was comes back.
func reset() string {
	var owned, kept []string
	for _, e := range annotation.All() {
		if e.Authored() {
			continue
		}
		owned = append(owned, literal(e.Key))
		if e.Key != annotation.Policy.Key {
			kept = append(kept, literal(e.Key))
		}
	}
	const at = "path: '/metadata/annotations/' + jsonpatch.escapeKey(k)"
	return strings.NewReplacer("$A", "variables."+annotations, "$B", "variables."+before).Replace(fmt.Sprintf(
		"(has(object.metadata.annotations) || ![%[2]s].exists(k, k in $B) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}])"+
			" + [%[1]s].filter(k, k in $A && !(k in $B)).map(k, JSONPatch{op: 'remove', %[3]s})"+
			" + [%[1]s].filter(k, k in $A && k in $B && $A[k] != $B[k]).map(k, JSONPatch{op: 'replace', %[3]s, value: $B[k]})"+
			" + [%[2]s].filter(k, !(k in $A) && k in $B).map(k, JSONPatch{op: 'add', %[3]s, value: $B[k]})",
		strings.Join(owned, ", "), strings.Join(kept, ", "), at))
}
