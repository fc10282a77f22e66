// Package certs gives the webhook its serving certificate and makes the API
// server trust it.
//
// A Source says which certificate would be served now: octagate's own authority
// signs it (Self), or cert-manager issues it (CertManager). Serving decides which
// one is served: a new one not before both webhook configurations vouch for it and
// the API servers have had time to learn so, for an API server that does not know
// the authority of a certificate fails every request until it does. Nothing here
// ever takes away a certificate that is still good.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// A Source is where the serving certificate comes from.
type Source interface {
	// Offer is the newest certificate that there is.
	Offer(context.Context) (Offer, error)
	// Edit changes the bundle of authorities that the API server is to trust, wherever
	// that is kept. What edit leaves as it is is not written.
	Edit(ctx context.Context, edit func(bundle []byte) []byte) error
}

// An Offer is a certificate that could be served.
type Offer struct {
	Leaf      *tls.Certificate
	Authority []byte // that signed it, as PEM
	Trouble   Trouble
}

// A Trouble is what is wrong; the zero value: nothing.
type Trouble struct {
	Reason  string // one word, for a condition
	Message string
}

// None reports whether there is no trouble.
func (t Trouble) None() bool { return t.Reason == "" }

// The reasons of troubles that are not a Source's own.
const (
	noCertificate = "NoCertificate" // there is nothing to serve
	expired       = "Expired"
	expiresSoon   = "ExpiresSoon" // and should have been renewed long ago
	notTrusted    = "NotTrusted"  // the API server does not know who signed it
	noOffer       = "NoOffer"     // nobody knows whether there is a newer one
)

// good reports whether a certificate can be served at a time.
func good(leaf *tls.Certificate, now time.Time) bool {
	return leaf != nil && now.Before(leaf.Leaf.NotAfter)
}

// late reports whether less than a sixth of its life is left of a certificate: everybody
// here renews at two thirds.
func late(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/6
}

// vouches reports why who has a bundle does not take a certificate for name's; nil: who
// has it does.
func vouches(bundle []byte, leaf *tls.Certificate, name string, now time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	for _, raw := range leaf.Certificate[1:] {
		if c, err := x509.ParseCertificate(raw); err == nil {
			between.AddCert(c)
		}
	}
	_, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: name, CurrentTime: now})
	return err
}
