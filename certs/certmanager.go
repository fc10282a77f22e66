package certs

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CertManager is a Certificate of cert-manager, whose Secret is mounted as files.
//
// cainjector would take a new authority into the webhook configurations at once, in place
// of the old one, and the kubelet brings the files up to a minute later: until then nobody
// would be trusted. So octagate keeps both authorities in a Secret of its own, from which
// cainjector takes them (its annotation is cert-manager.io/inject-ca-from-secret).
type CertManager struct {
	Client      client.Client // that reads from the API server itself
	Directory   string        // with tls.crt, tls.key and ca.crt
	Certificate client.ObjectKey
	Bundle      client.ObjectKey // the Secret from which cainjector takes ca.crt
}

// Offer implements Source. The files are read each time: there are only three.
func (c *CertManager) Offer(ctx context.Context) (Offer, error) {
	leaf, err := tls.LoadX509KeyPair(filepath.Join(c.Directory, corev1.TLSCertKey), filepath.Join(c.Directory, corev1.TLSPrivateKeyKey))
	if err != nil {
		return Offer{}, fmt.Errorf("reading the certificate: %w%s", err, c.also(ctx))
	}
	authority, err := os.ReadFile(filepath.Join(c.Directory, cmmeta.TLSCAKey))
	if err != nil && !errors.Is(err, os.ErrNotExist) { // some issuers do not tell who they are
		return Offer{}, fmt.Errorf("reading the authority: %w", err)
	}
	return Offer{Leaf: &leaf, Authority: authority, Trouble: c.trouble(ctx)}, nil
}

// also is what cert-manager has to say when there is no certificate, as the rest of a sentence.
func (c *CertManager) also(ctx context.Context) string {
	if t := c.trouble(ctx); !t.None() {
		return "; " + t.Message
	}
	return ""
}

// trouble is what is wrong with the Certificate object.
func (c *CertManager) trouble(ctx context.Context) Trouble {
	object := &cmapi.Certificate{}
	if err := c.Client.Get(ctx, c.Certificate, object); err != nil {
		return Trouble{"CertificateUnknown", fmt.Sprintf("Certificate %s cannot be read: %v", c.Certificate, err)}
	}
	for _, condition := range object.Status.Conditions {
		if condition.Type == cmapi.CertificateConditionReady && condition.Status == cmmeta.ConditionTrue {
			return Trouble{}
		}
		if condition.Type == cmapi.CertificateConditionReady {
			return Trouble{cmp.Or(condition.Reason, "NotReady"), fmt.Sprintf("Certificate %s is not Ready: %s", c.Certificate, condition.Message)}
		}
	}
	return Trouble{"NotReady", fmt.Sprintf("Certificate %s says nothing yet; is cert-manager running?", c.Certificate)}
}

// Edit implements Source.
func (c *CertManager) Edit(ctx context.Context, edit func([]byte) []byte) error {
	secret := &corev1.Secret{}
	err := change(ctx, c.Client, c.Bundle, secret, func() bool {
		before := secret.Data[cmmeta.TLSCAKey]
		now := edit(before)
		secret.Data = map[string][]byte{cmmeta.TLSCAKey: now} // whatever else was in it
		return !bytes.Equal(before, now)
	})
	if apierrors.IsNotFound(err) {
		err = c.begin(ctx, edit(nil))
	}
	if err != nil {
		return fmt.Errorf("writing the authorities down for cainjector: %w", err)
	}
	return nil
}

// begin makes the Secret, once there is something to be in it.
func (c *CertManager) begin(ctx context.Context, bundle []byte) error {
	if len(bundle) == 0 {
		return nil
	}
	return c.Client.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.Bundle.Namespace, Name: c.Bundle.Name,
			Annotations: map[string]string{cmapi.AllowsInjectionFromSecretAnnotation: "true"},
		},
		Data: map[string][]byte{cmmeta.TLSCAKey: bundle},
	})
}
