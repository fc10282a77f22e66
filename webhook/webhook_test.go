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
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
)

// A memory is facts that are said and then confirmed.
type memory struct{ known, fresh facts.Snapshot }

func (m memory) Known(context.Context) facts.Snapshot                 { return m.known }
func (m memory) Fresh(context.Context, facts.Question) facts.Snapshot { return m.fresh }

// A witness is facts that remember what they were asked for.
type witness struct {
	memory
	asked *facts.Question
}

func (w witness) Fresh(ctx context.Context, asked facts.Question) facts.Snapshot {
	*w.asked = asked
	return w.memory.Fresh(ctx, asked)
}

// watched are facts that remember until when they were waited for.
type watched struct {
	memory
	looks []time.Time
}

func (w *watched) Fresh(ctx context.Context, asked facts.Question) facts.Snapshot {
	until, _ := ctx.Deadline()
	w.looks = append(w.looks, until)
	return w.memory.Fresh(ctx, asked)
}

// broken facts are a fault of our own.
type broken struct{}

func (broken) Known(context.Context) facts.Snapshot                 { panic("broken") }
func (broken) Fresh(context.Context, facts.Question) facts.Snapshot { panic("broken") }

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

// reviewOf is an AdmissionReview as the API server sends it.
func reviewOf(t *testing.T, svc, old *corev1.Service) []byte {
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

func encode(t testing.TB, v any) []byte {
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
	return askedAt(t, hook, "/", body)
}

func askedAt(t *testing.T, hook http.Handler, url string, body []byte) *admissionv1.AdmissionResponse {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, url, bytes.NewReader(body))
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
	return h.Mutating(), h.Validating()
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
			answer := asked(t, validate, reviewOf(t, tt.svc, tt.old))
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
	if answer := asked(t, mutate, reviewOf(t, first, nil)); !answer.Allowed || len(answer.Patch) == 0 {
		t.Fatalf("got %+v", answer)
	}
	pinned := service("172.24.4.13")
	pinned.Annotations = policy.Evaluate(config, policy.Subject{Service: first}, there).Pinned(nil)
	if answer := asked(t, mutate, reviewOf(t, pinned, pinned)); !answer.Allowed || len(answer.Patch) > 2 {
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
		want facts.Question
	}{
		"a good Service":        {service("172.24.4.13"), facts.Question{}},
		"a strange floating IP": {service("172.24.4.99"), facts.Question{Kinds: facts.Externals | facts.Routes, FloatingIP: netip.MustParseAddr("172.24.4.99")}},
		"a server's ClusterIP":  {server, facts.Question{Kinds: facts.Subnets | facts.Ports | facts.Balancers}},
	} {
		var got facts.Question
		_, validate := hooks(witness{memory{taken, taken}, &got})
		asked(t, validate, reviewOf(t, tt.svc, nil))
		if got != tt.want {
			t.Errorf("%s: the cloud was asked for %+v", claim, got)
		}
	}
}

func TestMutateRefusesWhatTheAPIServerWouldRefuseLessHelpfully(t *testing.T) {
	mutate, _ := hooks(memory{})
	outside := service("")
	outside.Spec.ClusterIP = "10.99.0.1"
	if answer := asked(t, mutate, reviewOf(t, outside, nil)); answer.Allowed || !strings.Contains(answer.Result.Message, "is outside the service range 10.2.0.0/17") {
		t.Errorf("got %+v", answer)
	}
	if answer := asked(t, mutate, reviewOf(t, service("nonsense"), nil)); !answer.Allowed {
		t.Errorf("the validating call was not waited for: %+v", answer)
	}
}

// Who copies a Service copies that it is built, which the copy is not.
func TestANewServiceIsNotBuilt(t *testing.T) {
	there := holding("172.24.4.13")
	mutate, _ := hooks(memory{there, there})
	copied := service("172.24.4.13")
	copied.Annotations = map[string]string{annotation.LoadBalancerID.Key: "72d5d4a9-8a3f-4d11-9d0a-1f2b1a0c5d72"}
	const taken = `{"op":"remove","path":"/metadata/annotations/octagate.dev~1load-balancer-id"}`
	if patch := asked(t, mutate, reviewOf(t, copied, nil)).Patch; !strings.Contains(string(patch), taken) {
		t.Errorf("created: %s", patch)
	}
	if patch := asked(t, mutate, reviewOf(t, copied, copied)).Patch; strings.Contains(string(patch), taken) {
		t.Errorf("updated: %s", patch)
	}
}

// The operator's configuration may leave a Service out that something was built for: that
// goes on, so what the Service says of it stays, until its author gives it up.
func TestWhatTheOperatorLeavesOutStaysMarked(t *testing.T) {
	there := holding("172.24.4.13")
	before := service("172.24.4.13")
	before.Annotations = policy.Evaluate(config, policy.Subject{Service: before}, there).Pinned(nil)
	without := config
	without.ServiceTypes = []corev1.ServiceType{corev1.ServiceTypeClusterIP}
	h := Handler{Policy: without, Facts: memory{there, there}}
	relabelled, retyped := before.DeepCopy(), before.DeepCopy()
	relabelled.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
	retyped.Spec.Type = corev1.ServiceTypeNodePort
	if patch := asked(t, h.Mutating(), reviewOf(t, relabelled, before)).Patch; len(patch) > 0 {
		t.Errorf("the operator left it out, and it is marked anew: %s", patch)
	}
	if patch := asked(t, h.Mutating(), reviewOf(t, retyped, before)).Patch; !strings.Contains(string(patch), `"remove"`) {
		t.Errorf("its author gave it up, and it is still marked: %s", patch)
	}
}

func TestOurOwnFaultIsWrittenDown(t *testing.T) {
	mutate, _ := hooks(broken{})
	answer := asked(t, mutate, reviewOf(t, service(""), nil))
	want := `[{"op":"add","path":"/metadata/annotations","value":{"octagate.dev/verdict":"unverified"}}]`
	if diff := cmp.Diff(want, string(answer.Patch)); !answer.Allowed || diff != "" {
		t.Error(diff)
	}
}

// What cannot be read as a Service is allowed.
func TestMalformedObjectsAreAllowed(t *testing.T) {
	const service = `"kind":"Service","apiVersion":"v1"`
	for claim, request := range map[string]string{
		"no object":             `"operation":"CREATE"`,
		"an unknown operation":  `"operation":"SHOUT"`,
		"an object of no kind":  `"operation":"CREATE","object":{"a":1}`,
		"an object of one word": `"operation":"CREATE","object":"word"`,
		"an object of nothing":  `"operation":"CREATE","object":null`,
		"ports that are words":  `"operation":"CREATE","object":{` + service + `,"spec":{"ports":"many"}}`,
		"an old object of one word": `"operation":"UPDATE","oldObject":"word",
			"object":{` + service + `,"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}`,
		"a deletion of nothing": `"operation":"DELETE","oldObject":"word"`,
	} {
		mutate, validate := hooks(memory{})
		for _, hook := range []http.Handler{mutate, validate} {
			body := `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u",` + request + `}}`
			if answer := asked(t, hook, []byte(body)); !answer.Allowed || answer.UID != "u" {
				t.Errorf("%s: got %+v", claim, answer)
			}
		}
	}
}

// What is no review has no UID to answer to: the API server takes that for no answer, and
// does what failurePolicy says.
func TestWhatIsNoReviewIsNotHeard(t *testing.T) {
	const review = `"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"`
	for _, body := range []string{
		``, `{`, `null`, `[]`, `{"kind":"Pod","apiVersion":"v1"}`, `{` + review + `}`, `{` + review + `,"request":null}`, `{` + review + `,"request":{"uid":5}}`,
		`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v2","request":{"uid":"u"}}`, `{` + review + `,"request":{"uid":"u"}}{}`,
	} {
		registry := prometheus.NewRegistry()
		hook := Handler{Policy: config, Facts: memory{}, Counts: NewCounts(registry)}.Mutating()
		unheard(t, hook, []byte(body))
		if n := counted(t, registry)["fault=unreadable webhook=mutate"]; n != 1 {
			t.Errorf("%s: counted %v", body, n)
		}
	}
}

// The answer to a review of an older version is one of that version.
func TestReviewsOfV1beta1AreAnswered(t *testing.T) {
	_, validate := hooks(memory{})
	recorder := httptest.NewRecorder()
	body := strings.Replace(string(reviewOf(t, service(""), nil)), "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1)
	validate.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.APIVersion != "admission.k8s.io/v1beta1" || answer.Kind != "AdmissionReview" || !answer.Response.Allowed {
		t.Errorf("%v: %s", err, recorder.Body)
	}
}

// Of a Service that cannot be read as one, the annotations still can.
func TestWhatCannotBeReadIsMarked(t *testing.T) {
	mutate, _ := hooks(memory{})
	for object, want := range map[string]string{
		`{"kind":"Service","apiVersion":"v1","spec":{"ports":"many"}}`:                                      `[{"op":"add","path":"/metadata","value":{"annotations":{"octagate.dev/verdict":"unverified"}}}]`,
		`{"kind":"Service","apiVersion":"v1","metadata":{"annotations":{"a":"b"}},"spec":{"ports":"many"}}`: `[{"op":"add","path":"/metadata/annotations/octagate.dev~1verdict","value":"unverified"}]`,
	} {
		answer := asked(t, mutate, []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE","object":`+object+`}}`))
		if diff := cmp.Diff(want, string(answer.Patch)); !answer.Allowed || len(answer.Warnings) != 1 || diff != "" {
			t.Errorf("%v: %s", answer.Warnings, diff)
		}
	}
}

// The API server says how long it waits. It is answered before that, and the cloud is asked
// once at most.
func TestTheCloudIsAskedOnceAndInTime(t *testing.T) {
	none := facts.Snapshot{FloatingIPs: map[netip.Addr]facts.FloatingIP{}}
	for query, want := range map[string]time.Duration{
		"?timeout=2s": 1800 * time.Millisecond, "?timeout=10s": 9800 * time.Millisecond, "?timeout=100ms": 0,
		"": 1800 * time.Millisecond, "?timeout=soon": 1800 * time.Millisecond,
	} {
		w := &watched{memory: memory{none, none}}
		mutate, validate := hooks(w)
		for _, hook := range []http.Handler{mutate, validate} {
			w.looks = nil
			begun := time.Now()
			askedAt(t, hook, "/"+query, reviewOf(t, service("172.24.4.13"), nil))
			if len(w.looks) != 1 {
				t.Fatalf("%q: the cloud was asked %d times", query, len(w.looks))
			}
			if until := w.looks[0]; until.After(time.Now().Add(want)) || want > 0 && until.Before(begun.Add(want)) {
				t.Errorf("%q: the cloud has until %s", query, until.Sub(begun))
			}
		}
	}
}

// The operator may want nothing stored that cannot be verified. What was so before stays.
func TestStrict(t *testing.T) {
	known := holding("172.24.4.13")
	old := known
	old.Old = facts.FloatingIPs
	h := Handler{Policy: config, Facts: memory{known, old}, Strict: true}
	other := service("172.24.4.99")
	other.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
	for claim, tt := range map[string]struct {
		svc, old *corev1.Service
		facts    Facts
		want     string
	}{
		"a good Service":             {service("172.24.4.13"), nil, h.Facts, ""},
		"one that is not confirmed":  {service("172.24.4.99"), nil, h.Facts, `spec.loadBalancerIP: Invalid value: "172.24.4.99": is not a floating IP of this project; apply once OpenStack answers`},
		"one of which nobody knows":  {service("172.24.4.13"), nil, memory{}, "is unverified: OpenStack did not answer in time; apply once OpenStack answers"},
		"a new address":              {service("172.24.4.99"), service("172.24.4.13"), h.Facts, "is not a floating IP of this project; apply once"},
		"a change of something else": {other, service("172.24.4.99"), h.Facts, ""},
		"our own fault":              {service("172.24.4.13"), nil, broken{}, ""},
	} {
		strict := h
		strict.Facts = tt.facts
		answer := asked(t, strict.Validating(), reviewOf(t, tt.svc, tt.old))
		if answer.Allowed != (tt.want == "") || !answer.Allowed && !strings.Contains(answer.Result.Message, tt.want) {
			t.Errorf("%s: allowed %v, %+v", claim, answer.Allowed, answer.Result)
		}
		if answer := asked(t, strict.Mutating(), reviewOf(t, tt.svc, tt.old)); !answer.Allowed {
			t.Errorf("%s: the mutating webhook does not leave it to the validating one: %+v", claim, answer.Result)
		}
	}
}

// Who advises refuses nobody, and says what will come of it.
func TestAdvise(t *testing.T) {
	there := holding("172.24.4.13")
	h := Handler{Policy: config, Facts: memory{there, there}, Advise: true}
	outside := service("")
	outside.Spec.ClusterIP = "10.99.0.1"
	for claim, svc := range map[string]*corev1.Service{"a denial": service("172.24.4.99"), "a denial of the mutating webhook": outside} {
		mutated, validated := asked(t, h.Mutating(), reviewOf(t, svc, nil)), asked(t, h.Validating(), reviewOf(t, svc, nil))
		if !mutated.Allowed || !strings.Contains(string(mutated.Patch), `"octagate.dev/verdict":"denied"`) {
			t.Errorf("%s: the mutating webhook answers %+v", claim, mutated)
		}
		if !validated.Allowed || len(validated.Warnings) < 2 || validated.Warnings[0] != "nothing is built until this is put right:" {
			t.Errorf("%s: the validating webhook answers %+v", claim, validated)
		}
	}
}

func TestAnswersAreCounted(t *testing.T) {
	there, registry := holding("172.24.4.13"), prometheus.NewPedanticRegistry()
	h := Handler{Policy: config, Facts: memory{there, there}, Counts: NewCounts(registry)}
	headless := service("")
	headless.Spec.ClusterIP = corev1.ClusterIPNone
	for _, svc := range []*corev1.Service{service("172.24.4.13"), service("172.24.4.99"), headless} {
		asked(t, h.Mutating(), reviewOf(t, svc, nil))
		asked(t, h.Validating(), reviewOf(t, svc, nil))
	}
	asked(t, h.Validating(), reviewOf(t, service("172.24.4.99"), service("172.24.4.99")))
	h.Facts = memory{}
	asked(t, h.Validating(), reviewOf(t, service("172.24.4.99"), nil))
	h.Facts = broken{}
	asked(t, h.Mutating(), reviewOf(t, service("172.24.4.13"), nil))
	asked(t, h.Validating(), []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE"}}`))
	want := map[string]float64{
		"allowed=true verdict=accepted webhook=mutate": 1, "allowed=true verdict=accepted webhook=validate": 1,
		"allowed=true verdict=denied webhook=mutate": 1, "allowed=false verdict=denied webhook=validate": 1,
		"allowed=true verdict=none webhook=mutate": 1, "allowed=true verdict=none webhook=validate": 1,
		"allowed=true verdict=denied webhook=validate": 1, "allowed=true verdict=unverified webhook=validate": 2,
		"allowed=true verdict=unverified webhook=mutate": 1,
		"fault=panic webhook=mutate":                     1, "fault=unreadable webhook=validate": 1,
		"outcome=denied rule=floating-ip-exists": 1, "outcome=forgiven rule=floating-ip-exists": 1, "outcome=unverified rule=floating-ip-exists": 1,
	}
	if diff := cmp.Diff(want, counted(t, registry)); diff != "" {
		t.Error(diff)
	}
}

// counted are all counters by their labels, but for those that are zero.
func counted(t *testing.T, from prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			if n := m.GetCounter().GetValue(); n != 0 {
				all[strings.Join(labels, " ")] = n
			}
		}
	}
	return all
}
