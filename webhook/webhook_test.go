package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// A memory is facts that are said and then confirmed.
type memory struct{ known, fresh facts.Snapshot }

func (m memory) Known(context.Context) facts.Snapshot              { return m.known }
func (m memory) Fresh(context.Context, facts.Kinds) facts.Snapshot { return m.fresh }

// A witness is facts that remember what they were asked for.
type witness struct {
	memory
	asked *facts.Kinds
}

func (w witness) Fresh(ctx context.Context, kinds facts.Kinds) facts.Snapshot {
	*w.asked = kinds
	return w.memory.Fresh(ctx, kinds)
}

// broken facts are a fault of our own.
type broken struct{}

func (broken) Known(context.Context) facts.Snapshot              { panic("broken") }
func (broken) Fresh(context.Context, facts.Kinds) facts.Snapshot { panic("broken") }

var config = policy.Config{
	ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/17")}, MemberMode: annotation.L3,
	ExternalNetwork: "3b4eb25e-e103-491f-a640-a6246d588561",
}

// holding is a cloud with one floating IP.
func holding(address string) facts.Snapshot {
	a := netip.MustParseAddr(address)
	return facts.Snapshot{FloatingIPs: map[netip.Addr]facts.FloatingIP{a: {ID: "x", Address: a, Network: config.ExternalNetwork}}}
}

func service(address string) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, LoadBalancerIP: address,
			Ports: []corev1.ServicePort{{Port: 80, Protocol: corev1.ProtocolTCP}}},
	}
}

// review is an AdmissionReview as the API server sends it.
func review(t *testing.T, svc, old *corev1.Service) []byte {
	t.Helper()
	request := &admissionv1.AdmissionRequest{
		UID: "u", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: encode(t, svc)},
		Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "Service"},
		Resource: metav1.GroupVersionResource{Version: "v1", Resource: "services"},
	}
	if old != nil {
		request.Operation, request.OldObject.Raw = admissionv1.Update, encode(t, old)
	}
	return encode(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asked is the answer to one request body.
func asked(t *testing.T, hook http.Handler, body []byte) *admissionv1.AdmissionResponse {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	hook.ServeHTTP(recorder, request)
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.Response == nil {
		t.Fatalf("%d %s: %v", recorder.Code, recorder.Body, err)
	}
	return answer.Response
}

func hooks(f Facts) (mutate, validate http.Handler) {
	h := Handler{Policy: config, Facts: f}
	return admission.WithDefaulter[*corev1.Service](scheme.Scheme, h), admission.WithValidator[*corev1.Service](scheme.Scheme, h)
}

func TestValidate(t *testing.T) {
	none := facts.Snapshot{FloatingIPs: map[netip.Addr]facts.FloatingIP{}}
	there := holding("172.24.4.13")
	for claim, tt := range map[string]struct {
		facts   Facts
		svc     *corev1.Service
		old     *corev1.Service
		allowed bool
		says    string
	}{
		"a good Service is allowed":                  {memory{there, there}, service("172.24.4.13"), nil, true, ""},
		"a bad one is refused":                       {memory{there, there}, service("172.24.4.99"), nil, false, `spec.loadBalancerIP: Invalid value: "172.24.4.99": is not a floating IP of this project; free here: 172.24.4.13`},
		"old evidence refuses nobody":                {memory{none, there}, service("172.24.4.13"), nil, true, ""},
		"a cloud that does not confirm only warns":   {memory{none, facts.Snapshot{}}, service("172.24.4.13"), nil, true, "is unverified: OpenStack did not answer in time"},
		"an old fault is forgiven, with a warning":   {memory{none, none}, service("172.24.4.13"), service("172.24.4.13"), true, "is not a floating IP of this project"},
		"our own fault refuses nobody":               {broken{}, service("172.24.4.13"), nil, true, "could not be judged by octagate"},
		"what needs no cloud is refused without one": {memory{}, service("172.24.4.013"), nil, false, "has leading zeros; write 172.24.4.13"},
	} {
		t.Run(claim, func(t *testing.T) {
			_, validate := hooks(tt.facts)
			answer := asked(t, validate, review(t, tt.svc, tt.old))
			said := strings.Join(answer.Warnings, "\n")
			if answer.Result != nil {
				said += answer.Result.Message
			}
			if answer.Allowed != tt.allowed || !strings.Contains(said, tt.says) || tt.says == "" && said != "" {
				t.Errorf("allowed %v, said %q", answer.Allowed, said)
			}
		})
	}
}

func TestMutateIsIdempotent(t *testing.T) {
	there := holding("172.24.4.13")
	mutate, _ := hooks(memory{there, there})
	first := service("172.24.4.13")
	if answer := asked(t, mutate, review(t, first, nil)); !answer.Allowed || len(answer.Patch) == 0 {
		t.Fatalf("got %+v", answer)
	}
	pinned := service("172.24.4.13")
	pinned.Annotations = policy.Evaluate(config, policy.Subject{Service: first}, there).Pinned(nil)
	if answer := asked(t, mutate, review(t, pinned, pinned)); !answer.Allowed || len(answer.Patch) > 2 {
		t.Errorf("a second pass still changes something: %s", answer.Patch)
	}
}

// The cloud is asked for what a denial rests on, and for nothing else.
func TestOnlyDoubtsAreResolved(t *testing.T) {
	taken := holding("172.24.4.13")
	taken.Ports = map[netip.Addr]facts.Port{netip.MustParseAddr("10.2.0.50"): {ID: "server"}}
	server := service("172.24.4.13")
	server.Spec.ClusterIP = "10.2.0.50"
	for claim, tt := range map[string]struct {
		svc  *corev1.Service
		want facts.Kinds
	}{
		"a good Service":        {service("172.24.4.13"), 0},
		"a strange floating IP": {service("172.24.4.99"), facts.FloatingIPs | facts.Externals | facts.Routes},
		"a server's ClusterIP":  {server, facts.Subnets | facts.Ports | facts.Balancers},
	} {
		var kinds facts.Kinds
		_, validate := hooks(witness{memory{taken, taken}, &kinds})
		asked(t, validate, review(t, tt.svc, nil))
		if kinds != tt.want {
			t.Errorf("%s: the cloud was asked for %b", claim, kinds)
		}
	}
}

func TestMutateRefusesWhatTheAPIServerWouldRefuseLessHelpfully(t *testing.T) {
	mutate, _ := hooks(memory{})
	outside := service("")
	outside.Spec.ClusterIP = "10.99.0.1"
	if answer := asked(t, mutate, review(t, outside, nil)); answer.Allowed || !strings.Contains(answer.Result.Message, "is outside the service range 10.2.0.0/17") {
		t.Errorf("got %+v", answer)
	}
	if answer := asked(t, mutate, review(t, service("nonsense"), nil)); !answer.Allowed {
		t.Errorf("the validating call was not waited for: %+v", answer)
	}
}

func TestOurOwnFaultIsWrittenDown(t *testing.T) {
	mutate, _ := hooks(broken{})
	answer := asked(t, mutate, review(t, service(""), nil))
	want := `[{"op":"add","path":"/metadata/annotations","value":{"octagate.dev/verdict":"unverified"}}]`
	if diff := cmp.Diff(want, string(answer.Patch)); !answer.Allowed || diff != "" {
		t.Error(diff)
	}
}

func TestMalformedReviewsAreAnswered(t *testing.T) {
	for claim, body := range map[string]string{
		"nothing":               ``,
		"not JSON":              `{`,
		"no review":             `{"kind":"Pod","apiVersion":"v1"}`,
		"no request":            `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}`,
		"no object":             `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE"}}`,
		"an object of no kind":  `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE","object":{"a":1}}}`,
		"an object of one word": `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE","object":"word"}}`,
		"ports that are words":  `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE","object":{"kind":"Service","apiVersion":"v1","spec":{"ports":"many"}}}}`,
		"an old object of one word": `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"UPDATE","oldObject":"word",
			"object":{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}}}`,
	} {
		t.Run(claim, func(t *testing.T) {
			mutate, validate := hooks(memory{})
			for _, hook := range []http.Handler{mutate, validate} {
				answer := asked(t, hook, []byte(body))
				if !answer.Allowed && (answer.Result == nil || answer.Result.Message == "") {
					t.Errorf("refused without a word: %+v", answer)
				}
			}
		})
	}
}

func FuzzReviews(f *testing.F) {
	f.Add([]byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"UPDATE","oldObject":"word","object":{}}}`))
	mutate, validate := hooks(memory{})
	f.Fuzz(func(t *testing.T, body []byte) {
		asked(t, mutate, body)
		asked(t, validate, body)
	})
}
