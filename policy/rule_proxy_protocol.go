package policy

import (
	"fmt"

	"github.com/octagate/octagate/policy/annotation"
)

// proxyProtocol: only some providers put the client's address before its data.
//
//	Field:   metadata.annotations[octagate.dev/proxy-protocol]
//	Denies:  v1 and v2 with the provider ovn, which passes packets on as they are
//	Source:  the ovn provider answers 501 to pools of the protocols PROXY and PROXYV2
var proxyProtocol = rule{name: "proxy-protocol", check: func(q question) []Finding {
	asked := q.in.Traffic.Proxy
	if asked == annotation.NoProxy || provides(q.in.Provider, proxyV1) != no {
		return nil
	}
	return one(Deny, keyed(annotation.ProxyProtocol), string(asked),
		fmt.Sprintf("cannot be had from the provider %s, whose members see the client anyway; leave it out", ovn))
}}
