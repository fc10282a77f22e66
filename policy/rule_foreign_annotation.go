package policy

import (
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/annotation"
)

// foreignAnnotation: what was written for another controller is understood, or it is said
// that it is not. It never refuses a Service: its author may not have thought of octagate.
//
//	Field:   metadata.annotations[loadbalancer.openstack.org/*], [openstack.org/kuryr-*],
//	         [service.beta.kubernetes.io/openstack-internal-load-balancer]
//	Warns:   of each that has no equivalent, whose value octagate does not take, or that a rule
//	         objects to: it is ignored then
//	Allows:  what says the same as an annotation of ours that is not there; ours win
//	Source:  the annotations of cloud-provider-openstack and Kuryr-Kubernetes
var foreignAnnotation = rule{name: "foreign-annotation", check: func(q question) []Finding {
	var fs []Finding
	for _, fault := range q.subject.ignored {
		fs = append(fs, one(Warn, annotationField(fault.Key), "", brief(fault))...)
	}
	return fs
}}

// longest is how long a warning may be.
const longest = 120

// brief is the message of a fault, less its example where that does not fit into a warning
// beside the key.
func brief(f annotation.Fault) string {
	message := f.Message
	if len(f.Key)+len(": ")+len(message) > longest {
		message, _, _ = strings.Cut(message, ", such as")
	}
	return message
}

// understood is the subject with the annotations of others in words of ours, but for
// those that are refused.
func (s Subject) understood(refused []annotation.Fault) Subject {
	var keys []string
	for _, f := range refused {
		keys = append(keys, f.Key)
	}
	reading := annotation.Read(s.Service.Annotations, keys...)
	svc := *s.Service
	svc.Annotations = reading.Annotations
	s.Service, s.from = &svc, reading.From
	s.ignored = slices.Concat(reading.Ignored, refused)
	return s
}

// refused are the annotations of others that a rule denies, with its words.
func (s Subject) refused(fs []Finding) []annotation.Fault {
	var all []annotation.Fault
	for _, f := range fs {
		at := strings.TrimSuffix(strings.TrimPrefix(f.Field.String(), "metadata.annotations["), "]")
		for _, key := range append([]string{at}, f.with...) {
			why := f.Message
			if key != at {
				why = "does not agree with " + at
			}
			if theirs, foreign := s.from[key]; foreign && f.Severity == Deny {
				all = append(all, annotation.Fault{Key: theirs, Message: "is ignored: it " + why})
			}
		}
	}
	return all
}
