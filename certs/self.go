package certs

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"time"

	cmtls "github.com/cert-manager/cert-manager/pkg/server/tls"
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

	webhooks Webhooks
	source   *cmtls.DynamicSource
}

// NewSelf is a source of certificates for names, which are host names or addresses, each
// good for a lifetime.
func NewSelf(s Self, cluster *rest.Config, webhooks Webhooks, names []string, lifetime time.Duration) *Self {
	signing := signer{DynamicAuthority: &authority.DynamicAuthority{
		SecretNamespace: s.Secret.Namespace, SecretName: s.Secret.Name, RESTConfig: cluster,
		CommonName: "octagate", LeafDuration: lifetime,
	}}
	var hosts []string
	for _, n := range names {
		if a := net.ParseIP(n); a != nil {
			signing.addresses = append(signing.addresses, a)
		} else {
			hosts = append(hosts, n)
		}
	}
	s.webhooks, s.source = webhooks, &cmtls.DynamicSource{DNSNames: hosts, Authority: signing, RetryInterval: quick}
	return &s
}

// A signer signs for addresses, too.
type signer struct {
	*authority.DynamicAuthority
	addresses []net.IP
}

// Sign implements cert-manager's Authority.
func (s signer) Sign(template *x509.Certificate) (*x509.Certificate, error) {
	template.IPAddresses = s.addresses
	return s.DynamicAuthority.Sign(template)
}

// NeedLeaderElection is false: each replica serves with a certificate of its own.
func (s *Self) NeedLeaderElection() bool { return false }

// Start keeps the authority and the certificate until ctx ends. What cert-manager's library
// tells of its work is for those who look closely; its errors are for everybody.
func (s *Self) Start(ctx context.Context) error {
	return s.source.Start(logr.NewContext(ctx, s.Log.V(1)))
}

// Offer implements Source. There is none while the Secret does not hold the authority that
// signed the certificate: one of them is about to follow the other.
func (s *Self) Offer(ctx context.Context) (Offer, error) {
	leaf, err := s.source.GetCertificate(nil)
	if err != nil {
		return Offer{}, fmt.Errorf("the authority in Secret %s has signed nothing yet", s.Secret)
	}
	secret := &corev1.Secret{}
	if err := s.Client.Get(ctx, s.Secret, secret); err != nil {
		return Offer{}, fmt.Errorf("reading the authority: %w", err)
	}
	ca := secret.Data[corev1.TLSCertKey]
	if err := signed(ca, leaf.Leaf); err != nil {
		return Offer{}, fmt.Errorf("the authority in Secret %s did not sign the certificate: %w", s.Secret, err)
	}
	return Offer{Leaf: leaf, Authority: ca}, nil
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
