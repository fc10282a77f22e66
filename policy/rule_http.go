package policy

import (
	"slices"

	"github.com/octagate/octagate/policy/annotation"
)

// http: what is done to HTTP needs a listener that reads it.
//
//	Field:   metadata.annotations[octagate.dev/x-forwarded-for], [octagate.dev/tls-container-ref]
//	Denies:  X-Forwarded-For without a port whose listener is HTTP or takes the encryption off;
//	         a certificate without a port of appProtocol https; either with the provider ovn
//	Source:  Octavia answers 400 to insert_headers and to certificates on listeners of other
//	         protocols; the ovn provider has TCP, UDP and SCTP only
var http = rule{name: "http", check: func(q question) []Finding {
	asked := q.subject.Service.Annotations
	var fs []Finding
	if wanted, _ := annotation.XForwardedFor.Read(asked); wanted && !slices.ContainsFunc(q.in.Listeners, Port.HTTP) {
		fs = append(fs, one(Deny, keyed(annotation.XForwardedFor), "true", "needs a port that reads HTTP; "+q.remedy("http"))...)
	}
	if ref, wanted := annotation.TLSContainerRef.Read(asked); wanted && !slices.ContainsFunc(q.in.Listeners, terminates) {
		fs = append(fs, one(Deny, keyed(annotation.TLSContainerRef), ref, "needs a port that takes encryption off; "+q.remedy("https"))...)
	}
	return fs
}}

func terminates(p Port) bool { return p.As == TerminatedHTTPS }

// remedy is what makes a port read HTTP.
func (q question) remedy(app string) string {
	if provides(q.in.Provider, httpPorts) == no {
		return "the provider ovn has none: leave it out"
	}
	return "give one appProtocol: " + app
}
