package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"time"

	"github.com/cert-manager/cert-manager/pkg/server/tls/authority"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Self is an authority of octagate's own, kept in a Secret that all replicas share: the
// first one makes it, and whoever finds it missing, spoilt or at two thirds of its life
// makes it anew. Each replica has it sign a certificate of its own.
type Self struct {
	Client client.Client // that reads the Secret from the API server itself
	Secret client.ObjectKey
	Log    logr.Logger

	webhooks  Webhooks
	authority signer
	hosts     []string
	addresses []net.IP
	leaf      *tls.Certificate // nil: nothing was signed yet
}

// A signer is an authority that is kept in a Secret while it runs.
type signer interface {
	Run(context.Context) error
	Sign(template *x509.Certificate) (*x509.Certificate, error)
}

// NewSelf is a source of certificates for names, which are host names or addresses, each
// good for a lifetime.
func NewSelf(s Self, cluster *rest.Config, webhooks Webhooks, names []string, lifetime time.Duration) *Self {
	s.webhooks, s.authority = webhooks, &authority.DynamicAuthority{
		SecretNamespace: s.Secret.Namespace, SecretName: s.Secret.Name, RESTConfig: cluster,
		CommonName: "octagate", LeafDuration: lifetime,
	}
	for _, n := range names {
		if a := net.ParseIP(n); a != nil {
			s.addresses = append(s.addresses, a)
		} else {
			s.hosts = append(s.hosts, n)
		}
	}
	return &s
}

// NeedLeaderElection is false: each replica serves with a certificate of its own.
func (s *Self) NeedLeaderElection() bool { return false }

// Start keeps the authority until ctx ends. What cert-manager's library tells of its work
// is for those who look closely; its errors are for everybody.
func (s *Self) Start(ctx context.Context) error {
	return s.authority.Run(logr.NewContext(ctx, s.Log.V(1)))
}

// Offer implements Source: a certificate that the authority in the Secret signed, less than
// two thirds of its life ago.
func (s *Self) Offer(ctx context.Context) (Offer, error) {
	secret := &corev1.Secret{}
	if err := s.Client.Get(ctx, s.Secret, secret); client.IgnoreNotFound(err) != nil {
		return Offer{}, fmt.Errorf("reading the authority: %w", err)
	}
	ca := secret.Data[corev1.TLSCertKey]
	if s.leaf == nil || old(s.leaf.Leaf, time.Now()) || signed(ca, s.leaf.Leaf) != nil {
		leaf, err := s.sign()
		if err != nil {
			return Offer{}, fmt.Errorf("the authority in Secret %s signs nothing yet: %w", s.Secret, err)
		}
		// When the authority is another, the library learns of it sooner or later than this read.
		if err := signed(ca, leaf.Leaf); err != nil {
			return Offer{}, fmt.Errorf("the authority in Secret %s did not sign the certificate: %w", s.Secret, err)
		}
		s.leaf = leaf
	}
	return Offer{Leaf: s.leaf, Authority: ca}, nil
}

// old reports whether two thirds of the life of a certificate are over.
func old(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/3
}

// sign has the authority sign a certificate of a new key. The key is one of P-256: of the
// curves that every client knows, Go computes quickest with that. Whoever asks much at once
// makes new connections, and a slower handshake than the answer would be what he waits for.
func (s *Self) sign() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf, err := s.authority.Sign(&x509.Certificate{
		PublicKeyAlgorithm: x509.ECDSA, PublicKey: key.Public(), DNSNames: s.hosts, IPAddresses: s.addresses,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// signed reports why an authority did not sign a certificate; nil: it did.
func signed(authority []byte, leaf *x509.Certificate) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: leaf.NotBefore})
	return err
}

// Edit implements Source: the bundle is in the webhook configurations themselves.
func (s *Self) Edit(ctx context.Context, edit func([]byte) []byte) error {
	return s.webhooks.edit(ctx, edit)
}
