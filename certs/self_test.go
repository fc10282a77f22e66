package certs

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// A pen signs for a ca, for an hour from some time on. The zero value signs nothing.
type pen struct {
	of    *ca
	from  time.Time
	signs int // how often it did
}

func (p *pen) Run(context.Context) error { return nil }

func (p *pen) Sign(template *x509.Certificate) (*x509.Certificate, error) {
	if p.of == nil {
		return nil, errors.New("no authority")
	}
	p.signs++
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(int64(p.signs)), p.from, p.from.Add(time.Hour)
	raw, err := x509.CreateCertificate(rand.Reader, template, p.of.cert, template.PublicKey, p.of.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// keeps is a Self with such a pen, whose Secret holds an authority; nil: there is none.
func keeps(t *testing.T, p *pen, holds *ca) *Self {
	t.Helper()
	s := &Self{Secret: client.ObjectKey{Namespace: "octagate-system", Name: "octagate-ca"}, authority: p, hosts: []string{host}, addresses: []net.IP{net.IPv4(10, 0, 0, 1)}}
	s.hold(holds)
	return s
}

// hold has the Secret hold another authority.
func (s *Self) hold(a *ca) {
	api := fake.NewClientBuilder()
	if a != nil {
		api = api.WithObjects(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Secret.Namespace, Name: s.Secret.Name}, Data: map[string][]byte{corev1.TLSCertKey: a.pem}})
	}
	s.Client = api.Build()
}

func TestSelfOffersWhatTheSecretVouchesFor(t *testing.T) {
	here, other := newCA(t, time.Now().Add(24*time.Hour)), newCA(t, time.Now().Add(24*time.Hour))
	for claim, tt := range map[string]struct {
		signs, holds *ca
		want         string // the error; empty: there is an offer
	}{
		"the authority in the Secret":    {&here, &here, ""},
		"no authority yet":               {nil, nil, "the authority in Secret octagate-system/octagate-ca signs nothing yet: no authority"},
		"one that is not in the Secret":  {&here, &other, "the authority in Secret octagate-system/octagate-ca did not sign the certificate: x509: certificate signed by unknown authority"},
		"one whose Secret is gone again": {&here, nil, "the authority in Secret octagate-system/octagate-ca did not sign the certificate: x509: certificate signed by unknown authority"},
	} {
		offer, err := keeps(t, &pen{of: tt.signs, from: time.Now()}, tt.holds).Offer(t.Context())
		switch {
		case tt.want != "" && (err == nil || err.Error() != tt.want):
			t.Errorf("%s: got %v, want %s", claim, err, tt.want)
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", claim, err)
		case tt.want == "":
			for _, name := range []string{host, "10.0.0.1"} {
				if err := vouches(offer.Authority, offer.Leaf, name, time.Now()); err != nil {
					t.Errorf("%s: of %s: %v", claim, name, err)
				}
			}
		}
	}
}

func TestSelfSignsAnewOnlyWhenItHasTo(t *testing.T) {
	first, second := newCA(t, time.Now().Add(24*time.Hour)), newCA(t, time.Now().Add(24*time.Hour))
	p := &pen{of: &first, from: time.Now().Add(-39 * time.Minute)} // nearly two thirds of its life are over
	s := keeps(t, p, &first)
	for _, step := range []struct {
		what  string
		do    func()
		signs int
	}{
		{"the first time", func() {}, 1},
		{"a second time", func() {}, 1},
		{"when another authority came", func() { p.of = &second; s.hold(&second) }, 2},
		{"after that", func() {}, 2},
		{"when two thirds of its life are over", func() {
			s.leaf.Leaf.NotBefore = time.Now().Add(-41 * time.Minute)
			s.leaf.Leaf.NotAfter = time.Now().Add(19 * time.Minute)
		}, 3},
		{"after that, too", func() {}, 3},
	} {
		step.do()
		if _, err := s.Offer(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if p.signs != step.signs {
			t.Errorf("%s: %d certificates were signed, want %d", step.what, p.signs, step.signs)
		}
	}
}
