package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/octagate/octagate/policy/annotation"
)

// Whatever is sent, the answer is an AdmissionReview that allows, or says why not; to what
// is no review, the answer is no review either.
func FuzzReviews(f *testing.F) {
	f.Add([]byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"UPDATE","oldObject":"word","object":{}}}`))
	f.Add(requested(f, futureService, futureService, false))
	f.Add(requested(f, `{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"ports":"many"}}`, "", true))
	f.Fuzz(answered)
}

func answered(t *testing.T, body []byte) {
	mutate, validate := hooks(memory{})
	for _, hook := range []http.Handler{mutate, validate} {
		if _, err := reviewed(body); err != nil {
			unheard(t, hook, body)
			continue
		}
		reasoned(t, asked(t, hook, body))
	}
}

// unheard demands that a request is answered in a way that an API server takes for no answer.
func unheard(t *testing.T, hook http.Handler, body []byte) {
	t.Helper()
	recorder := httptest.NewRecorder()
	hook.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)))
	if recorder.Code != http.StatusBadRequest || !strings.HasPrefix(recorder.Body.String(), "the request cannot be read: ") {
		t.Errorf("%s is answered by %d %s", body, recorder.Code, recorder.Body)
	}
}

// futureService is a Service with fields that Kubernetes may have some day.
const futureService = `{"kind":"Service","apiVersion":"v1",
	"metadata":{"name":"web","namespace":"shop","annotations":{"example.org/x":"y"},"future":{"a":[1,null,{"b":1.5}]}},
	"spec":{"type":"LoadBalancer","loadBalancerIP":"172.24.4.13","someFutureField":"kept","clusterIP":"10.2.0.7",
		"ports":[{"port":80,"protocol":"TCP","weight":3},{"port":53,"protocol":"UDP","future":[]}]},
	"status":{"loadBalancer":{"ingress":[{"ip":"172.24.4.13","future":true}]}}}`

// What the mutating webhook does to a Service is to annotate it, once: what it does not know
// is left alone, and there is nothing left to do the next time.
func FuzzServices(f *testing.F) {
	plain := string(encodeService(f))
	for _, object := range []string{
		futureService, plain, `{}`, `{"metadata":{"annotations":null}}`, `{"kind":"Service","apiVersion":"v1","metadata":{},"spec":{}}`,
		`{"kind":"Service","apiVersion":"v1","metadata":{"annotations":{"octagate.dev/verdict":"forged","octagate.dev/provider":"ovn"},"creationTimestamp":null},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}`,
		`{"kind":"Service","apiVersion":"v1","metadata":{"annotations":{"a":1}},"spec":{"ports":[{"port":"80"}]}}`,
		`{"kind":"Service","apiVersion":"v1","spec":{"type":"ClusterIP","clusterIP":"10.99.0.1","ports":[]}}`,
	} {
		f.Add(object, "", false)
		f.Add(object, plain, true)
	}
	f.Fuzz(onlyAnnotated)
}

func onlyAnnotated(t *testing.T, object, old string, dry bool) {
	if !json.Valid([]byte(object)) || old != "" && !json.Valid([]byte(old)) {
		t.Skip("the API server sends JSON")
	}
	there := holding("172.24.4.13")
	mutate, validate := hooks(memory{there, there})
	answer := reasoned(t, asked(t, mutate, requested(t, object, old, dry)))
	after := applied(t, object, answer.Patch)
	if what := lost("", decoded(t, object), decoded(t, after)); what != "" {
		t.Errorf("%s is lost by %s", what, answer.Patch)
	}
	if again := asked(t, mutate, requested(t, after, old, dry)); len(again.Patch) > 0 {
		t.Errorf("after %s there is still %s", answer.Patch, again.Patch)
	}
	reasoned(t, asked(t, validate, requested(t, after, old, dry)))
}

func encodeService(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(service("172.24.4.13"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// requested is an AdmissionReview with objects as they are written.
func requested(t testing.TB, object, old string, dry bool) []byte {
	t.Helper()
	request := &admissionv1.AdmissionRequest{UID: "u", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: []byte(object)}, DryRun: &dry}
	if old != "" {
		request.Operation, request.OldObject.Raw = admissionv1.Update, []byte(old)
	}
	b, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reasoned demands that an answer which refuses says why, and that a patch can be read, and
// is of annotations only.
func reasoned(t *testing.T, answer *admissionv1.AdmissionResponse) *admissionv1.AdmissionResponse {
	t.Helper()
	switch {
	case !answer.Allowed && (answer.Result == nil || answer.Result.Message == ""):
		t.Errorf("refused without a word: %+v", answer)
	case !answer.Allowed && len(answer.Patch) > 0, (len(answer.Patch) > 0) != (answer.PatchType != nil):
		t.Errorf("a patch that is none: %+v", answer)
	}
	var patch []struct{ Path string }
	if len(answer.Patch) > 0 && json.Unmarshal(answer.Patch, &patch) != nil {
		t.Errorf("no patch: %s", answer.Patch)
	}
	for _, p := range patch {
		if !strings.HasPrefix(p.Path, "/metadata/annotations") && p.Path != "/metadata" {
			t.Errorf("%s is patched", p.Path)
		}
	}
	return answer
}

// applied is an object after a patch.
func applied(t *testing.T, object string, patch []byte) string {
	t.Helper()
	if len(patch) == 0 {
		return object
	}
	p, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatalf("%s: %v", patch, err)
	}
	after, err := p.Apply([]byte(object))
	if err != nil {
		t.Fatalf("%s cannot be applied to %s: %v", patch, object, err)
	}
	return string(after)
}

func decoded(t *testing.T, object string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(object), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// lost is the first thing of an object that another does not have, by its path; ours is
// not counted.
func lost(path string, before, after any) string {
	switch before := before.(type) {
	case map[string]any:
		after, _ := after.(map[string]any)
		for key, value := range before {
			if strings.HasPrefix(key, annotation.Prefix) {
				continue
			}
			if what := lost(path+"/"+key, value, after[key]); what != "" {
				return what
			}
		}
		return ""
	case []any:
		after, _ := after.([]any)
		if len(before) > 0 && len(before) != len(after) {
			return path
		}
		for i, value := range before {
			if what := lost(fmt.Sprint(path, "/", i), value, after[i]); what != "" {
				return what
			}
		}
		return ""
	case nil:
		return ""
	}
	if !reflect.DeepEqual(before, after) {
		return path
	}
	return ""
}

func TestLost(t *testing.T) {
	for claim, tt := range map[string]struct{ before, after, want string }{
		"nothing":             {`{"a":[{"b":1}]}`, `{"a":[{"b":1,"c":2}],"d":3}`, ""},
		"a field":             {`{"a":{"b":1}}`, `{"a":{}}`, "/a/b"},
		"a value":             {`{"a":[1,2]}`, `{"a":[1,3]}`, "/a/1"},
		"an element too many": {`{"a":[1]}`, `{"a":[1,1]}`, "/a"},
		"ours":                {`{"octagate.dev/verdict":"x"}`, `{}`, ""},
	} {
		if got := lost("", decoded(t, tt.before), decoded(t, tt.after)); got != tt.want {
			t.Errorf("%s: %q", claim, got)
		}
	}
}
