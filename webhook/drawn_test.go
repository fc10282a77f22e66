package webhook

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
	kjson "sigs.k8s.io/json"
)

// many is of how many drawn requests the same is asked in every run of the tests as of
// what is fuzzed. They are the same each time.
const many = 1_000

// fields are what a Service has, and values that they mostly take.
var fields = map[string][]any{
	"type": {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName", ""}, "clusterIP": {"", "None", "10.2.0.7", "10.99.0.1", "fd00::7"},
	"clusterIPs": {[]any{"10.2.0.7"}, []any{"10.2.0.7", "fd00::7"}, []any{}}, "loadBalancerIP": {"", "172.24.4.13", "172.24.4.013", "::1"},
	"ports":           {[]any{map[string]any{"port": 80}}, []any{map[string]any{"port": 53, "protocol": "UDP", "appProtocol": "http"}}, []any{map[string]any{"port": "80"}}, []any{nil}, []any{}},
	"sessionAffinity": {"ClientIP", "None"}, "sessionAffinityConfig": {map[string]any{"clientIP": map[string]any{"timeoutSeconds": 5}}, nil},
	"loadBalancerSourceRanges": {[]any{"0.0.0.0/0"}, []any{"home"}}, "loadBalancerClass": {"octagate", nil}, "ipFamilyPolicy": {"RequireDualStack", nil},
	"externalIPs": {[]any{"192.0.2.1"}}, "selector": {map[string]any{"app": "web"}, nil}, "weight": {1.5, true},
}

// words are values of annotations.
var words = []any{"true", "L2", "ovn", "50s", "172.24.4.13", "accepted", "", "a,b", 1, nil}

// keys are annotations.
var keys = []string{
	"octagate.dev/verdict", "octagate.dev/provider", "octagate.dev/internal", "octagate.dev/load-balancer-ip", "octagate.dev/load-balancer-id", "octagate.dev/vip-subnet-id",
	"octagate.dev/timeout-client-data", "octagate.dev/unknown", "loadbalancer.openstack.org/proxy-protocol", "openstack.org/kuryr-timeout-client-data", "example.org/a",
}

// drawn is a Service, or what is much like one.
func drawn(t *rapid.T) any {
	if rapid.IntRange(0, 30).Draw(t, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, "word", 1, []any{}, map[string]any{}}).Draw(t, "thing")
	}
	spec, annotations := map[string]any{}, map[string]any{}
	for _, field := range rapid.SliceOfDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(fields))), rapid.ID).Draw(t, "fields") {
		spec[field] = rapid.SampledFrom(fields[field]).Draw(t, field)
		if rapid.IntRange(0, 40).Draw(t, "odd") == 0 {
			spec[field] = rapid.SampledFrom([]any{nil, 7, "word", []any{nil}, map[string]any{"a": nil}}).Draw(t, "thing")
		}
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 4, rapid.ID).Draw(t, "keys") {
		annotations[key] = rapid.SampledFrom(words[:rapid.SampledFrom([]int{8, 8, 8, 8, len(words)}).Draw(t, "text")]).Draw(t, key)
	}
	metadata := map[string]any{"name": "web", "namespace": "shop", "uid": rapid.SampledFrom([]any{"", "ours"}).Draw(t, "uid")}
	if rapid.Bool().Draw(t, "annotated") {
		metadata["annotations"] = annotations
	}
	return map[string]any{"kind": "Service", "apiVersion": "v1", "metadata": metadata, "spec": spec, "future": rapid.SampledFrom([]any{nil, 1.5}).Draw(t, "future")}
}

// A pair is an object and its predecessor, as they are sent.
type pair struct {
	object, old string
	dry         bool
}

var requests = rapid.Custom(func(t *rapid.T) pair {
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	r := pair{object: text(drawn(t)), dry: rapid.Bool().Draw(t, "dry")}
	if rapid.Bool().Draw(t, "update") {
		r.old = text(drawn(t))
	}
	return r
})

func TestDrawnServices(t *testing.T) {
	patched := 0
	for seed := range many {
		r := requests.Example(seed)
		onlyAnnotated(t, r.object, r.old, r.dry)
		mutate, _ := hooks(memory{})
		if len(asked(t, mutate, requested(t, r.object, r.old, r.dry)).Patch) > 0 {
			patched++
		}
		if t.Failed() {
			t.Fatalf("%+v", r)
		}
	}
	if patched < many/4 {
		t.Errorf("%d of %d were Services of ours: the webhook was hardly asked", patched, many)
	}
}

// Services are read as the API server reads them, by its library.
func TestServicesAreReadAsTheAPIServerReadsThem(t *testing.T) {
	objects := []string{
		futureService, `{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"Spec":{"type":"LoadBalancer"},"spec":{"Type":"NodePort","ports":[{"port":80,"port":81}]}}`,
		`{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","labels":{"a":"b","a":"c"},"labels":{"d":"e"}},"spec":{"selector":null,"ports":[]},"spec":{"clusterIP":"10.2.0.7"}}`,
		"{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"w\xffb\",\"namespace\":\"\\ud800\"}}", string(encode(t, appliedService())),
	}
	for seed := range many {
		objects = append(objects, requests.Example(seed).object)
	}
	read := 0
	for _, object := range objects {
		theirs := &corev1.Service{}
		refused := kjson.UnmarshalCaseSensitivePreserveInts([]byte(object), theirs) != nil
		ours, err := parsed([]byte(object))
		switch {
		case err == errNoService || err == errNameless: // which is another question
		case refused != (err != nil):
			t.Errorf("%s: theirs refused: %v, ours: %v", object, refused, err)
		case err == nil:
			read++
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("%s: %s", object, diff)
			}
		}
	}
	if read < many/2 {
		t.Errorf("only %d of %d could be read at all", read, len(objects))
	}
}

// What is sent breaks off, or something in it is another byte.
func TestDrawnReviews(t *testing.T) {
	damage := rapid.Custom(func(t *rapid.T) []byte {
		r := requests.Draw(t, "request")
		body := []byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"UPDATE","object":` + r.object + `,"oldObject":` + r.object + `}}`)
		at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "broken off") {
			return body[:at]
		}
		body[at] = rapid.Byte().Draw(t, "byte")
		return body
	})
	for seed := range many {
		if answered(t, damage.Example(seed)); t.Failed() {
			t.Fatalf("%s", damage.Example(seed))
		}
	}
}
