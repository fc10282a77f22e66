package enforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
)

func TestWhatIsBadIsRefusedWhateverIsBalanced(t *testing.T) {
	for claim, cfg := range map[string]policy.Config{
		"as usual":                 {},
		"nothing but NodePort":     {ServiceTypes: []corev1.ServiceType{corev1.ServiceTypeNodePort}},
		"nothing but LoadBalancer": {ServiceTypes: []corev1.ServiceType{corev1.ServiceTypeLoadBalancer}},
		"only a class of those":    {ServiceTypes: []corev1.ServiceType{corev1.ServiceTypeLoadBalancer}, LoadBalancerClass: "octagate.dev/octavia"},
		"that class and ClusterIP": {LoadBalancerClass: "octagate.dev/octavia"},
	} {
		v := policy.Evaluate(cfg, policy.Subject{Service: Bad(cfg), DryRun: true}, facts.Snapshot{})
		if !v.Denies("annotation") || v.Early() {
			t.Errorf("%s: %+v", claim, v)
		}
	}
}

// A server is an API server that has one answer to every Service.
func server(t *testing.T, answer string) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost || r.URL.Query().Get("dryRun") != metav1.DryRunAll {
			t.Errorf("asked for %s %s", r.Method, r.URL)
		}
		if answer == "" {
			json.NewEncoder(w).Encode(Bad(policy.Config{}))
			return
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
		json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Reason: metav1.StatusReasonInvalid, Code: http.StatusUnprocessableEntity, Message: answer})
	}))
	t.Cleanup(s.Close)
	return s
}

// A reader knows where the API servers are.
type reader struct {
	client.Reader
	at []string
}

func (r reader) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	for _, at := range r.at {
		address := netip.MustParseAddrPort(at)
		into.(*discoveryv1.EndpointSliceList).Items = append(into.(*discoveryv1.EndpointSliceList).Items, discoveryv1.EndpointSlice{
			Endpoints: []discoveryv1.Endpoint{{Addresses: []string{address.Addr().String()}}},
			Ports:     []discoveryv1.EndpointPort{{Port: new(int32(address.Port()))}},
		})
	}
	return nil
}

func TestEachAPIServerIsAsked(t *testing.T) {
	refuses := fmt.Sprintf("admission webhook %q denied the request: metadata.annotations[%s]: no", webhook, Proof)
	gone := server(t, "")
	gone.Close()
	for claim, tt := range map[string]struct {
		all  *httptest.Server // at the address of all
		each []*httptest.Server
		want Answer
		why  string
	}{
		"one is enough where there is one":    {server(t, refuses), nil, Proven, ""},
		"all refuse it":                       {server(t, refuses), []*httptest.Server{server(t, refuses), server(t, refuses)}, Proven, ""},
		"one of them does not reach octagate": {server(t, refuses), []*httptest.Server{server(t, refuses), server(t, "")}, Broken, "a bad Service is not refused"},
		"one of them is closed to us":         {server(t, refuses), []*httptest.Server{gone, server(t, refuses)}, Proven, ""},
		"the first does not reach octagate":   {server(t, ""), []*httptest.Server{server(t, refuses)}, Broken, "a bad Service is not refused"},
		"nobody is there":                     {gone, []*httptest.Server{server(t, refuses)}, Silent, "connection refused"},
		"somebody else refuses it":            {server(t, "by quota"), nil, Silent, "by quota"},
	} {
		p := Prover{Bad: Bad(policy.Config{}), Cluster: &rest.Config{Host: tt.all.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}}
		r := reader{}
		for _, s := range tt.each {
			r.at = append(r.at, strings.TrimPrefix(s.URL, "https://"))
		}
		p.Reader = r
		if got, why := p.Prove(t.Context()); got != tt.want || !strings.Contains(why, tt.why) {
			t.Errorf("%s: got %v: %s", claim, got, why)
		}
	}
}
