package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// host is whom the certificates of these tests are for.
const host = "octagate.octagate-system.svc"

// noon is when these tests begin.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A ca signs certificates.
type ca struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

var serials int64

func newCA(t *testing.T, until time.Time) ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serials++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serials), Subject: pkix.Name{CommonName: fmt.Sprint("authority ", serials)}, NotBefore: noon.Add(-time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return ca{t, cert, key, encode([]*x509.Certificate{cert})}
}

// leaf is a certificate for host from noon on, as a pair of PEM files.
func (a ca) leaf(life time.Duration) (certificate, key []byte) {
	a.t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	serials++
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serials), NotBefore: noon, NotAfter: noon.Add(life), DNSNames: []string{host},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}, a.cert, own.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func (a ca) pair(life time.Duration) *tls.Certificate {
	a.t.Helper()
	pair, err := tls.X509KeyPair(a.leaf(life))
	if err != nil {
		a.t.Fatal(err)
	}
	return &pair
}

func TestABundle(t *testing.T) {
	old, now, gone := newCA(t, noon.Add(time.Hour)), newCA(t, noon.Add(time.Hour)), newCA(t, noon.Add(-time.Minute))
	join := func(all ...[]byte) []byte { return bytes.Join(all, nil) }
	for claim, tt := range map[string]struct{ got, want []byte }{
		"begins with one":                       {With(nil, now.pem, noon), now.pem},
		"gets the new one at its end":           {With(old.pem, now.pem, noon), join(old.pem, now.pem)},
		"that has it stays as it is":            {With(join([]byte("# a comment\n"), now.pem), now.pem, noon), join([]byte("# a comment\n"), now.pem)},
		"loses what is no certificate":          {With([]byte("\nnot a certificate\n"), now.pem, noon), now.pem},
		"loses what has expired":                {With(join(gone.pem, old.pem), now.pem, noon), join(old.pem, now.pem)},
		"stays as it is for who does not know":  {With(old.pem, nil, noon), old.pem},
		"is of one alone in the end":            {Only(join(old.pem, now.pem), now.pem), now.pem},
		"is not emptied by who does not know":   {Only(old.pem, nil), old.pem},
		"of one whose bundle was lost is anew":  {Only(nil, now.pem), now.pem},
		"takes a chain of authorities as it is": {With(nil, join(old.pem, now.pem), noon), join(old.pem, now.pem)},
	} {
		if !bytes.Equal(tt.got, tt.want) {
			t.Errorf("a bundle %s: got\n%s\nwant\n%s", claim, tt.got, tt.want)
		}
	}
}

func TestABundleKeepsTheNewest(t *testing.T) {
	var all []ca
	var bundle []byte
	for range most + 1 {
		all = append(all, newCA(t, noon.Add(time.Hour)))
		bundle = With(bundle, all[len(all)-1].pem, noon)
	}
	if got := len(certificates(bundle)); got != most || bytes.Contains(bundle, all[0].pem) || !bytes.Contains(bundle, all[1].pem) {
		t.Errorf("%d are kept, or not the newest", got)
	}
}

func TestVouches(t *testing.T) {
	a, b := newCA(t, noon.Add(time.Hour)), newCA(t, noon.Add(time.Hour))
	leaf := a.pair(time.Minute)
	for claim, tt := range map[string]struct {
		bundle []byte
		name   string
		at     time.Time
		want   bool
	}{
		"who signed it":            {a.pem, host, noon, true},
		"one of two":               {With(b.pem, a.pem, noon), host, noon, true},
		"somebody else":            {b.pem, host, noon, false},
		"nobody":                   {nil, host, noon, false},
		"for another host":         {a.pem, "example.org", noon, false},
		"after it expired":         {a.pem, host, noon.Add(2 * time.Minute), false},
		"before it became good":    {a.pem, host, noon.Add(-time.Second), false},
		"whose PEM is broken":      {a.pem[:len(a.pem)/2], host, noon, false},
		"with garbage around it":   {append([]byte("garbage\n"), a.pem...), host, noon, true},
		"which expires after that": {a.pem, host, noon.Add(59 * time.Second), true},
	} {
		if got := vouches(tt.bundle, leaf, tt.name, tt.at) == nil; got != tt.want {
			t.Errorf("%s: got %v", claim, got)
		}
	}
}
