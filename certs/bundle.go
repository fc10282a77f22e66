package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

// most is how many authorities stay in a bundle. Two are needed while one follows the
// other; more are there only when somebody changes them again and again by hand.
const most = 8

// With is bundle with authority in it, less what is not a certificate or has expired, and
// the oldest beyond most. A bundle that has the authority stays as it is.
func With(bundle, authority []byte, now time.Time) []byte {
	if len(authority) == 0 || bytes.Contains(bundle, authority) {
		return bundle
	}
	all := slices.DeleteFunc(certificates(bundle), func(c *x509.Certificate) bool { return now.After(c.NotAfter) })
	all = append(all, certificates(authority)...)
	return encode(all[max(0, len(all)-most):])
}

// Only is a bundle of nothing but authority, whatever was in it. Who does not know the
// authority leaves the bundle as it is.
func Only(bundle, authority []byte) []byte {
	if len(authority) == 0 {
		return bundle
	}
	return authority
}

// certificates are those of a PEM file, in order. What else is in it is left out.
func certificates(file []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

func encode(all []*x509.Certificate) []byte {
	var file []byte
	for _, c := range all {
		file = append(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return file
}
