package guard

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-logr/logr/testr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Before Kubernetes 1.33 there are no IPAddresses to hold addresses by.
func TestAnOldAPIServerIsLeftInPeace(t *testing.T) {
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers := map[string]string{
			"/api":                       `{"kind":"APIVersions","versions":["v1"]}`,
			"/api/v1":                    `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"services","namespaced":true,"kind":"Service"}]}`,
			"/apis":                      `{"kind":"APIGroupList","groups":[{"name":"networking.k8s.io","versions":[{"groupVersion":"networking.k8s.io/v1","version":"v1"}]}]}`,
			"/apis/networking.k8s.io":    `{"kind":"APIGroup","name":"networking.k8s.io","versions":[{"groupVersion":"networking.k8s.io/v1","version":"v1"}]}`,
			"/apis/networking.k8s.io/v1": `{"kind":"APIResourceList","groupVersion":"networking.k8s.io/v1","resources":[{"name":"ingresses","namespaced":true,"kind":"Ingress"}]}`,
		}
		answer, known := answers[r.URL.Path]
		if !known {
			t.Errorf("it was asked for %s", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, answer)
	}))
	defer old.Close()
	api, err := client.New(&rest.Config{Host: old.URL}, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := New(Guard{Client: api, Log: testr.New(t)}).Start(t.Context()); err != nil {
		t.Error(err)
	}
}
