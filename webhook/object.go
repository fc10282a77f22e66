package webhook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy"
)

// subject is what a request is about.
func subject(r *request) (s policy.Subject, err error) {
	s.DryRun = r.DryRun
	if s.Service, err = parsed(r.Object); err != nil {
		return s, fmt.Errorf("reading the Service: %w", err)
	}
	if r.OldObject == nil {
		return s, nil
	}
	if s.Old, err = parsed(r.OldObject); err != nil {
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
// known is left out, and of what stands twice the last is taken. What cannot be read is of
// no use, so nobody looks beforehand whether all of it can.
var exact = json.JoinOptions(jsonv1.DefaultOptionsV1(), json.MatchCaseInsensitiveNames(false), jsonv1.ReportErrorsWithLegacySemantics(false))

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
func annotated(was, to map[string]string) []operation {
	if was == nil && len(to) > 0 {
		return []operation{{"add", annotations, to}}
	}
	var patch []operation
	for key, value := range to {
		if before, there := was[key]; !there || before != value {
			patch = append(patch, operation{"add", member(key), value})
		}
	}
	for key := range was {
		if _, stays := to[key]; !stays {
			patch = append(patch, operation{"remove", member(key), nil})
		}
	}
	slices.SortFunc(patch, func(a, b operation) int { return strings.Compare(a.Path, b.Path) })
	return patch
}

// escaped is how keys are written in JSON pointers.
var escaped = strings.NewReplacer("~", "~0", "/", "~1")

// member is the JSON pointer of an annotation.
func member(key string) string { return annotations + "/" + escaped.Replace(key) }

// marked adds annotations to an object of which nothing else may be as it should; where not
// even that can be done, it stays without.
func marked(raw []byte, pins map[string]string) []operation {
	var object struct {
		Metadata *struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	switch err := json.Unmarshal(raw, &object, exact); {
	case err != nil:
		return nil
	case object.Metadata == nil:
		return []operation{{"add", metadata, map[string]any{"annotations": pins}}}
	}
	to := map[string]string{}
	maps.Copy(to, object.Metadata.Annotations)
	maps.Copy(to, pins)
	return annotated(object.Metadata.Annotations, to)
}
