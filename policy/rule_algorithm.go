package policy

import (
	"fmt"

	"github.com/octagate/octagate/policy/annotation"
)

// algorithm: a provider balances by the algorithms that it has.
//
//	Field:   metadata.annotations[octagate.dev/lb-algorithm]
//	Denies:  SOURCE_IP_PORT without the provider ovn; anything else with it
//	Allows:  anything where the provider is the cloud's default, which is not known here
//	Source:  the amphora provider answers 501 to SOURCE_IP_PORT, the ovn provider to all others
var algorithm = rule{name: "algorithm", check: func(q question) []Finding {
	asked, ok := annotation.LBAlgorithm.Read(q.subject.Service.Annotations)
	if !ok || q.in.Provider == "" || (asked == annotation.SourceIPPort) == (q.in.Provider == ovn) {
		return nil
	}
	fits := annotation.RoundRobin
	if q.in.Provider == ovn {
		fits = annotation.SourceIPPort
	}
	return one(Deny, keyed(annotation.LBAlgorithm), string(asked),
		fmt.Sprintf("is not an algorithm of the provider %s; use %s, or leave it out", q.in.Provider, fits))
}}
