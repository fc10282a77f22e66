package certs

import (
	"bytes"
	"crypto/x509"
	"testing"
)

func made(t *testing.T, names ...string) *Certificate {
	t.Helper()
	c, err := SelfSigned(names...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// trusted reports whether who has bundle trusts c to be name.
func trusted(t *testing.T, bundle []byte, c *Certificate, name string) bool {
	t.Helper()
	served, err := c.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	_, err = served.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
	return err == nil
}

func TestTheAuthorityVouchesForTheNames(t *testing.T) {
	c := made(t, "octagate.octagate-system.svc", "localhost", "127.0.0.1")
	for name, want := range map[string]bool{
		"octagate.octagate-system.svc": true, "localhost": true, "127.0.0.1": true, "example.org": false,
	} {
		if got := trusted(t, c.Authority, c, name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestTwoReplicasAreBothTrusted(t *testing.T) {
	a, b := made(t, "localhost"), made(t, "localhost")
	if trusted(t, a.Authority, b, "localhost") {
		t.Fatal("one replica's authority vouches for the other")
	}
	bundle := Bundle(Bundle(nil, a.Authority), b.Authority)
	if !trusted(t, bundle, a, "localhost") || !trusted(t, bundle, b, "localhost") {
		t.Error("a replica is not trusted")
	}
	if again := Bundle(bundle, a.Authority); !bytes.Equal(again, bundle) {
		t.Error("a bundle that has the authority was changed")
	}
}

func TestABundleKeepsTheNewest(t *testing.T) {
	first := made(t, "localhost")
	bundle := Bundle([]byte("\nnot a certificate\n"), first.Authority)
	for range most - 1 {
		bundle = Bundle(bundle, made(t, "localhost").Authority)
	}
	if !trusted(t, bundle, first, "localhost") {
		t.Error("the oldest was dropped too early")
	}
	newest := made(t, "localhost")
	bundle = Bundle(bundle, newest.Authority)
	if trusted(t, bundle, first, "localhost") || !trusted(t, bundle, newest, "localhost") {
		t.Error("the oldest was kept, or the newest was not")
	}
}
