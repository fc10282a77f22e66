package policy

import "github.com/octagate/octagate/policy/annotation"

// annotations: what an author writes under our prefix must be in the contract.
//
//	Field:   metadata.annotations[octagate.dev/*]
//	Denies:  a key that the contract does not have; a value that its key does not take
//	Allows:  what the webhook writes, since the mutating call overwrites it
//	Source:  policy/annotation
var annotations = rule{name: "annotation", check: func(q question) []Finding {
	var fs []Finding
	for _, fault := range annotation.Faults(q.subject.Service.Annotations) {
		fs = append(fs, Finding{
			Severity: Deny, Field: annotationField(fault.Key), Value: fault.Value, Message: fault.Message,
		})
	}
	return fs
}}
