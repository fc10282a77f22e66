package policy

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// sessionAffinity: a client stays with its Pod, but not for a time that the author sets.
//
//	Field:   spec.sessionAffinityConfig.clientIP.timeoutSeconds
//	Warns:   of another timeout than the one that Kubernetes fills in
//	Allows:  sessionAffinity itself: it becomes session persistence SOURCE_IP
//	Source:  Octavia takes persistence_timeout for pools of UDP and SCTP only. HAProxy forgets a
//	         client when its table is full, not after a time
var sessionAffinity = rule{name: "session-affinity", check: func(q question) []Finding {
	c := q.subject.Service.Spec.SessionAffinityConfig
	if !q.in.Traffic.Sticky || c == nil || c.ClientIP == nil || c.ClientIP.TimeoutSeconds == nil {
		return nil
	}
	asked := *c.ClientIP.TimeoutSeconds
	if asked == corev1.DefaultClientIPServiceAffinitySeconds {
		return nil
	}
	return one(Warn, spec.Child("sessionAffinityConfig", "clientIP", "timeoutSeconds"), strconv.Itoa(int(asked)),
		"is ignored: persistence by source IP has no timeout in Octavia")
}}
