package webhook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	jsonpatch "gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/octagate/octagate/policy"
)

// subject is what a request is about.
func subject(request admission.Request) (policy.Subject, error) {
	s := policy.Subject{DryRun: request.DryRun != nil && *request.DryRun}
	var err error
	if s.Service, err = parsed(request.Object.Raw); err != nil {
		return s, fmt.Errorf("reading the Service: %w", err)
	}
	if len(request.OldObject.Raw) == 0 {
		return s, nil
	}
	if s.Old, err = parsed(request.OldObject.Raw); err != nil {
		return s, fmt.Errorf("reading the old Service: %w", err)
	}
	return s, nil
}

// What is no Service that could be judged, or be annotated.
var (
	errNoService = errors.New("it is no Service of v1")
	errNameless  = errors.New("it has neither a name nor a namespace")
)

// exact is how the API server reads JSON: upper and lower case are different, what is not
// known is left out, and of what stands twice the last is taken.
var exact = json.JoinOptions(jsonv1.DefaultOptionsV1(), json.MatchCaseInsensitiveNames(false))

// parsed is a Service read as the API server does.
func parsed(raw []byte) (*corev1.Service, error) {
	svc := &corev1.Service{}
	switch err := json.Unmarshal(raw, svc, exact); {
	case err != nil:
		return nil, err
	case svc.APIVersion != "v1" || svc.Kind != "Service":
		return nil, errNoService
	case svc.Name == "" && svc.GenerateName == "" && svc.Namespace == "":
		return nil, errNameless
	}
	return svc, nil
}

// The members of objects that are patched: annotations, and nothing else, ever.
const (
	metadata    = "/metadata"
	annotations = metadata + "/annotations"
)

// annotated turns the annotations that an object has into those that it is to have.
func annotated(was, to map[string]string) admission.Response {
	if was == nil && len(to) > 0 {
		return admission.Patched("", jsonpatch.NewOperation("add", annotations, to))
	}
	var patch []jsonpatch.Operation
	for key, value := range to {
		if before, there := was[key]; !there || before != value {
			patch = append(patch, jsonpatch.NewOperation("add", member(key), value))
		}
	}
	for key := range was {
		if _, stays := to[key]; !stays {
			patch = append(patch, jsonpatch.NewOperation("remove", member(key), nil))
		}
	}
	slices.SortFunc(patch, func(a, b jsonpatch.Operation) int { return strings.Compare(a.Path, b.Path) })
	return admission.Patched("", patch...)
}

// escaped is how keys are written in JSON pointers.
var escaped = strings.NewReplacer("~", "~0", "/", "~1")

// member is the JSON pointer of an annotation.
func member(key string) string { return annotations + "/" + escaped.Replace(key) }

// marked adds annotations to an object of which nothing else may be as it should; where not
// even that can be done, it is allowed without.
func marked(raw []byte, pins map[string]string) admission.Response {
	var object struct {
		Metadata *struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	switch err := json.Unmarshal(raw, &object, exact); {
	case err != nil:
		return admission.Allowed("")
	case object.Metadata == nil:
		return admission.Patched("", jsonpatch.NewOperation("add", metadata, map[string]any{"annotations": pins}))
	}
	to := map[string]string{}
	maps.Copy(to, object.Metadata.Annotations)
	maps.Copy(to, pins)
	return annotated(object.Metadata.Annotations, to)
}
