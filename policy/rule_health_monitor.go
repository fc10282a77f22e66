package policy

import (
	"fmt"

	"github.com/octagate/octagate/policy/annotation"
)

// healthMonitor: a health monitor that is described is one that there is, and one that works.
//
//	Field:   metadata.annotations[octagate.dev/health-monitor-*]
//	Denies:  a timeout longer than the delay: the next question comes before the answer
//	Warns:   of details of a health monitor that is not asked for
//	Source:  Octavia takes such a timeout without a word; HAProxy then cuts it to the delay
var healthMonitor = rule{name: "health-monitor", check: func(q question) []Finding {
	asked, m := q.subject.Service.Annotations, q.in.Traffic.Monitor
	if m == (Monitor{}) {
		return unused(asked)
	}
	if m.Timeout <= m.Delay {
		return nil
	}
	rests := annotation.HealthMonitorDelay.Key
	if from := q.subject.from; from[rests] == "" && from[annotation.HealthMonitorTimeout.Key] == "" {
		rests = annotation.HealthMonitor.Key // it made details matter that no other controller's annotation says
	}
	return resting(one(Deny, keyed(annotation.HealthMonitorTimeout), m.Timeout.String(),
		fmt.Sprintf("is longer than the delay of %s; make it shorter, or the delay longer", m.Delay)), rests)
}}

// unused are the details of a health monitor that is not asked for.
func unused(asked map[string]string) []Finding {
	var fs []Finding
	for _, key := range []string{
		annotation.HealthMonitorDelay.Key, annotation.HealthMonitorTimeout.Key,
		annotation.HealthMonitorMaxRetries.Key, annotation.HealthMonitorMaxRetriesDown.Key,
	} {
		if _, there := asked[key]; there {
			fs = append(fs, one(Warn, annotationField(key), "", "has no effect without "+annotation.HealthMonitor.Key+`: "true"`)...)
		}
	}
	return fs
}
