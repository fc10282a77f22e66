package certs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// mounted is a CertManager whose Certificate is in this state; nil: there is none.
func mounted(t *testing.T, ready *cmapi.CertificateCondition) *CertManager {
	t.Helper()
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, cmapi.AddToScheme} {
		if err := add(known); err != nil {
			t.Fatal(err)
		}
	}
	api := fake.NewClientBuilder().WithScheme(known)
	if ready != nil {
		object := &cmapi.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: "octagate-system", Name: "octagate"}}
		if ready.Type != "" {
			object.Status.Conditions = []cmapi.CertificateCondition{*ready}
		}
		api = api.WithObjects(object)
	}
	return &CertManager{
		Client: api.Build(), Directory: t.TempDir(),
		Certificate: client.ObjectKey{Namespace: "octagate-system", Name: "octagate"},
		Bundle:      client.ObjectKey{Namespace: "octagate-system", Name: "octagate-ca"},
	}
}

// write writes files into the mounted directory; nil takes one away.
func (c *CertManager) write(t *testing.T, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(c.Directory, name)
		err := os.WriteFile(path, content, 0o600)
		if content == nil {
			err = os.Remove(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func condition(status cmmeta.ConditionStatus, reason, message string) *cmapi.CertificateCondition {
	return &cmapi.CertificateCondition{Type: cmapi.CertificateConditionReady, Status: status, Reason: reason, Message: message}
}

func TestCertManager(t *testing.T) {
	a := newCA(t, noon.Add(24*time.Hour))
	certificate, key := a.leaf(time.Hour)
	_, strange := a.leaf(time.Hour)
	files := map[string][]byte{"tls.crt": certificate, "tls.key": key, "ca.crt": a.pem}
	for claim, tt := range map[string]struct {
		ready   *cmapi.CertificateCondition
		change  map[string][]byte
		trouble string // its reason
		err     string
		alone   bool // the authority is not known
	}{
		"all is well":                          {ready: condition("True", "Ready", "")},
		"an issuer that does not say who":      {ready: condition("True", "Ready", ""), change: map[string][]byte{"ca.crt": nil}, alone: true},
		"it is not Ready":                      {ready: condition("False", "Pending", "the order failed"), trouble: "Pending"},
		"it is not Ready for no reason":        {ready: condition("False", "", ""), trouble: "NotReady"},
		"cert-manager has said nothing":        {ready: &cmapi.CertificateCondition{}, trouble: "NotReady"},
		"there is no Certificate":              {trouble: "CertificateUnknown"},
		"there are no files":                   {ready: condition("False", "DoesNotExist", "issuing"), change: map[string][]byte{"tls.crt": nil}, err: "; Certificate octagate-system/octagate is not Ready: issuing"},
		"the key is of another certificate":    {ready: condition("True", "Ready", ""), change: map[string][]byte{"tls.key": strange}, err: "private key does not match"},
		"the certificate is garbage":           {ready: condition("True", "Ready", ""), change: map[string][]byte{"tls.crt": []byte("garbage")}, err: "reading the certificate"},
		"half of the certificate is there":     {ready: condition("True", "Ready", ""), change: map[string][]byte{"tls.crt": certificate[:len(certificate)/2]}, err: "reading the certificate"},
		"nothing is there and nobody knows it": {change: map[string][]byte{"tls.key": nil}, err: "cannot be read"},
	} {
		t.Run(claim, func(t *testing.T) {
			c := mounted(t, tt.ready)
			c.write(t, files)
			c.write(t, tt.change)
			offer, err := c.Offer(t.Context())
			if err != nil {
				if tt.err == "" || !strings.Contains(err.Error(), tt.err) {
					t.Error(err)
				}
				return
			}
			if tt.err != "" || offer.Trouble.Reason != tt.trouble || (len(offer.Authority) == 0) != tt.alone || offer.Leaf.Leaf == nil {
				t.Errorf("got %+v, want %+v", offer, tt)
			}
		})
	}
}

// What cainjector takes is made when there is something to take, and edited then.
func TestTheBundleForCainjector(t *testing.T) {
	c := mounted(t, nil)
	edit := func(to []byte) (before []byte) {
		t.Helper()
		err := c.Edit(t.Context(), func(bundle []byte) []byte {
			before = bundle
			return to
		})
		if err != nil {
			t.Fatal(err)
		}
		return before
	}
	secret := &corev1.Secret{}
	edit(nil)
	if err := c.Client.Get(t.Context(), c.Bundle, secret); err == nil {
		t.Error("an empty Secret was made")
	}
	edit([]byte("one"))
	if before := edit([]byte("two")); !bytes.Equal(before, []byte("one")) {
		t.Errorf("found %s", before)
	}
	if err := c.Client.Get(t.Context(), c.Bundle, secret); err != nil || string(secret.Data["ca.crt"]) != "two" || secret.Annotations["cert-manager.io/allow-direct-injection"] != "true" {
		t.Errorf("%v %+v", err, secret)
	}
}
