package webhook

import (
	"errors"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A review is an AdmissionReview, as far as anybody here asks. The objects in it are not
// read yet, and may be anything.
//
// It is not read by controller-runtime's admission.Webhook: that goes through all of it four
// times, which takes longer than to judge it.
type review struct {
	metav1.TypeMeta `json:",inline"`
	Request         *request `json:"request"`
}

// A request is what the API server asks about one object.
type request struct {
	UID       types.UID             `json:"uid"`
	Operation admissionv1.Operation `json:"operation"`
	Namespace string                `json:"namespace"`
	Name      string                `json:"name"`
	UserInfo  struct {
		Username string `json:"username"`
	} `json:"userInfo"`
	Object    jsontext.Value `json:"object"`
	OldObject jsontext.Value `json:"oldObject"`
	DryRun    bool           `json:"dryRun"`
}

// versions are those of AdmissionReview, all with the same fields.
var versions = []string{"admission.k8s.io/v1", "admission.k8s.io/v1beta1"}

// errNoReview is why nobody can be answered.
var errNoReview = errors.New("it is no AdmissionReview of v1 with a request")

// reviewed reads a review.
func reviewed(body []byte) (r review, err error) {
	if err = json.Unmarshal(body, &r, exact); err != nil {
		return r, err
	}
	if r.Kind != "AdmissionReview" || !slices.Contains(versions, r.APIVersion) || r.Request == nil {
		return r, errNoReview
	}
	r.Request.Object, r.Request.OldObject = present(r.Request.Object), present(r.Request.OldObject)
	return r, nil
}

// present is an object; nil: there is none.
func present(object jsontext.Value) jsontext.Value {
	if object.Kind() == jsontext.KindNull {
		return nil
	}
	return object
}

// An answer is what the API server is told. The zero answer allows an object as it is.
type answer struct {
	refusal  *metav1.Status // nil: it is allowed
	patch    []operation
	warnings []string
}

// An operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitzero"`
}

// jsonPatch is the type of all patches.
var jsonPatch = admissionv1.PatchTypeJSONPatch

// to is an answer to a review, as it is sent.
func (a answer) to(r review) ([]byte, error) {
	response := &admissionv1.AdmissionResponse{UID: r.Request.UID, Allowed: a.refusal == nil, Result: a.refusal, Warnings: a.warnings}
	if len(a.patch) > 0 {
		patch, err := json.Marshal(a.patch, exact)
		if err != nil {
			return nil, err
		}
		response.Patch, response.PatchType = patch, &jsonPatch
	}
	return json.Marshal(admissionv1.AdmissionReview{TypeMeta: r.TypeMeta, Response: response}, exact)
}

// send sends an answer to a review.
func (a answer) send(w http.ResponseWriter, r review) error {
	text, err := a.to(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(text)
	return err
}
