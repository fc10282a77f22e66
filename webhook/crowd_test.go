package webhook

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
)

// crowd is what the validating webhook answers to n Services at once, each of which names
// another floating IP that nobody knows of.
func (s *suspect) crowd(f Facts, n int) []*admissionv1.AdmissionResponse {
	validate := Handler{Policy: policy.Config{ServiceCIDRs: config.ServiceCIDRs, MemberMode: config.MemberMode, ExternalNetwork: s.nets.ExternalNetwork}, Facts: f}.Validating()
	answers := make([]*admissionv1.AdmissionResponse, n)
	var asking sync.WaitGroup
	for i := range answers {
		body := reviewOf(s.T, service(fmt.Sprintf("172.24.4.%d", 100+i)), nil)
		asking.Go(func() { answers[i] = asked(s.T, validate, body) })
	}
	asking.Wait()
	return answers
}

// Many come at once, and are asked for together. Each is told of the address that it names.
func TestEachOfACrowdIsToldOfItsOwnAddress(t *testing.T) {
	const n = 80
	s := newSuspect(t, claims()[0])
	s.says = `{"floatingips": []}`
	f := s.learned()
	s.cloud.SetFault(nil)
	for i := 0; i < n; i += 2 {
		s.cloud.AddFloatingIP(s.nets.ExternalNetwork, fmt.Sprintf("172.24.4.%d", 100+i))
	}
	for i, answer := range s.crowd(real{f}, n) {
		if answer.Allowed != (i%2 == 0) || len(answer.Warnings) > 0 {
			t.Errorf("172.24.4.%d: allowed %v, %s", 100+i, answer.Allowed, answer.Warnings)
		}
	}
	if _, answer := f.Known().FloatingIP(netip.MustParseAddr("172.24.4.100")); answer != facts.No {
		t.Errorf("what was said to one is kept for all: %v", answer)
	}
	s.cloud.SetFault(func(*http.Request) *emulator.Fault { return &emulator.Fault{Status: http.StatusServiceUnavailable} })
	for i, answer := range s.crowd(real{f}, n) {
		if said := strings.Join(answer.Warnings, "\n"); !answer.Allowed || !strings.Contains(said, "is not a floating IP of this project; OpenStack does not confirm") {
			t.Errorf("172.24.4.%d, the cloud is down: allowed %v, %s", 100+i, answer.Allowed, said)
		}
	}
}
