package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// An issuer is a Source that says what it is told, and keeps its bundle in the webhook
// configurations.
type issuer struct {
	offer Offer
	err   error
	Webhooks
}

func (i *issuer) Offer(context.Context) (Offer, error) { return i.offer, i.err }
func (i *issuer) Edit(ctx context.Context, edit func([]byte) []byte) error {
	return i.edit(ctx, edit)
}

// A scene is a Serving, its Source, and the API server that holds the configurations.
type scene struct {
	*testing.T
	*Serving
	from *issuer
	api  client.Client
	now  time.Time
}

// patient is how long the scenes wait.
const patient = 10 * time.Second

func newScene(t *testing.T) *scene {
	hook := admissionv1.WebhookClientConfig{}
	api := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "octagate"}, Webhooks: []admissionv1.MutatingWebhook{{Name: "m", ClientConfig: hook}}},
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "octagate"}, Webhooks: []admissionv1.ValidatingWebhook{{Name: "v", ClientConfig: hook}}},
	).Build()
	webhooks := Webhooks{api, "octagate"}
	from := &issuer{Webhooks: webhooks, err: errors.New("nothing yet")}
	return &scene{t, &Serving{Source: from, Webhooks: webhooks, Name: host, Settle: patient, Log: logr.Discard()}, from, api, noon}
}

// offers has the source offer a certificate from now on.
func (s *scene) offers(a ca, life time.Duration) *tls.Certificate {
	leaf := a.pair(life)
	s.from.offer, s.from.err = Offer{Leaf: leaf, Authority: a.pem}, nil
	return leaf
}

// after is what is wrong some time later.
func (s *scene) after(d time.Duration) string {
	s.now = s.now.Add(d)
	trouble := s.look(s.Context(), s.now)
	s.tell(trouble)
	return trouble.Reason
}

// hold replaces both bundles.
func (s *scene) hold(bundle []byte) {
	s.Helper()
	if err := s.from.edit(s.Context(), func([]byte) []byte { return bundle }); err != nil {
		s.Fatal(err)
	}
}

// is fails unless a certificate is served, and both bundles are as they should be.
func (s *scene) is(claim string, served *tls.Certificate, bundle ...[]byte) {
	s.Helper()
	if got, _ := s.GetCertificate(nil); got != served {
		s.Errorf("%s: another certificate is served", claim)
	}
	v, err := s.Webhooks.look(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, b := range v.bundles {
		if want := bytes.Join(bundle, nil); !bytes.Equal(b, want) {
			s.Errorf("%s: the bundle is\n%s\nwant\n%s", claim, b, want)
		}
	}
}

func TestTheFirstCertificateIsServedAtOnce(t *testing.T) {
	s := newScene(t)
	if got := s.after(0); got != noCertificate {
		t.Errorf("before there is one: %s", got)
	}
	if _, err := s.GetCertificate(nil); err == nil {
		t.Error("something is served")
	}
	a := newCA(t, noon.Add(24*time.Hour))
	leaf := s.offers(a, 12*time.Hour)
	if got := s.after(time.Second); got != "" || !s.trusted {
		t.Errorf("nobody else was trusted, and yet: %s, trusted %v", got, s.trusted)
	}
	s.is("the first", leaf, a.pem)
}

func TestANewAuthorityIsKnownBeforeItIsServed(t *testing.T) {
	s := newScene(t)
	a, b := newCA(t, noon.Add(24*time.Hour)), newCA(t, noon.Add(24*time.Hour))
	old := s.offers(a, 12*time.Hour)
	s.after(0)
	young := s.offers(b, 12*time.Hour)
	if got := s.after(time.Second); got != "" {
		t.Errorf("said %s", got)
	}
	s.is("at once", old, a.pem, b.pem)
	s.after(patient - time.Second)
	s.is("too early", old, a.pem, b.pem)
	s.after(time.Second)
	s.is("when it is known", young, a.pem, b.pem)
	s.after(kept - patient - time.Second)
	s.is("while others may serve the old one", young, a.pem, b.pem)
	s.after(time.Second)
	s.after(time.Second)
	s.is("in the end", young, b.pem)
	again := s.offers(b, 12*time.Hour)
	s.after(time.Second)
	s.is("of an authority that is known already", again, b.pem)
}

// A replica that starts while an authority follows another is not ready before the API
// servers know it.
func TestWhoStartsAmidAChangeWaits(t *testing.T) {
	s := newScene(t)
	a, b := newCA(t, noon.Add(24*time.Hour)), newCA(t, noon.Add(24*time.Hour))
	s.hold(a.pem)
	leaf := s.offers(b, 12*time.Hour)
	s.after(0)
	s.is("at once", leaf, a.pem, b.pem)
	if s.trusted || s.Ready(nil) == nil {
		t.Error("it is ready")
	}
	s.after(patient)
	if !s.trusted {
		t.Error("it is not ready")
	}
}

func TestSomebodyReplacesTheBundle(t *testing.T) {
	s := newScene(t)
	a, b := newCA(t, noon.Add(24*time.Hour)), newCA(t, noon.Add(24*time.Hour))
	old := s.offers(a, 12*time.Hour)
	s.after(0)
	s.hold(nil)
	if got := s.after(time.Second); got != "" {
		t.Errorf("an emptied bundle: %s", got)
	}
	s.is("after it was emptied", old, a.pem)
	young := s.offers(b, 12*time.Hour)
	s.hold(b.pem) // as cainjector does
	s.after(time.Second)
	s.is("after it was exchanged", young, b.pem)
}

func TestTroubles(t *testing.T) {
	a := newCA(t, noon.Add(24*time.Hour))
	for claim, tt := range map[string]struct {
		happens func(*scene)
		after   time.Duration
		want    string
		says    string // why it is not ready; empty: it is
	}{
		"nothing":                    {func(*scene) {}, time.Hour, "", ""},
		"the source falls silent":    {func(s *scene) { s.from.err = errors.New("no Secret") }, time.Hour, noOffer, ""},
		"it was not renewed":         {func(*scene) {}, 11 * time.Hour, expiresSoon, ""},
		"its time is over":           {func(*scene) {}, 13 * time.Hour, expired, "Expired: the certificate expired at 2026-11-23T00:00:00Z"},
		"and the source is silent":   {func(s *scene) { s.from.err = errors.New("no Secret") }, 13 * time.Hour, expired, "; no Secret"},
		"cert-manager is not well":   {func(s *scene) { s.from.offer.Trouble = Trouble{"Pending", "wait"} }, time.Hour, "Pending", ""},
		"it is for another host":     {func(s *scene) { s.Name = "example.org" }, time.Hour, notTrusted, ""},
		"a configuration is deleted": {func(s *scene) { s.uninstall() }, time.Hour, notTrusted, ""},
	} {
		t.Run(claim, func(t *testing.T) {
			s := newScene(t)
			s.offers(a, 12*time.Hour)
			s.after(0)
			tt.happens(s)
			if got := s.after(tt.after); got != tt.want {
				t.Errorf("got %q", got)
			}
			if err := s.readyAt(s.now); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("ready: %v", err)
			}
			c := s.condition(1)
			if c.Type != Ready || (c.Status == metav1.ConditionTrue) != (tt.want == "") || tt.want != "" && c.Reason != tt.want {
				t.Errorf("condition %+v", c)
			}
		})
	}
}

func (s *scene) uninstall() {
	s.Helper()
	if err := s.api.Delete(s.Context(), &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "octagate"}}); err != nil {
		s.Fatal(err)
	}
}

// What one replica adds and another adds at the same time are both there in the end.
func TestTwoReplicasAtOnce(t *testing.T) {
	s := newScene(t)
	a, b := newCA(t, noon.Add(24*time.Hour)), newCA(t, noon.Add(24*time.Hour))
	first := true
	err := s.from.edit(t.Context(), func(bundle []byte) []byte {
		if first {
			first = false
			s.hold(b.pem)
		}
		return With(bundle, a.pem, noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	leaf := s.offers(a, 12*time.Hour)
	s.after(0)
	s.is("both", leaf, b.pem, a.pem)
}
