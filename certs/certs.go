// Package certs gives the webhook its serving certificate and makes the API
// server trust it.
//
// The certificate is signed at start by an authority that lives and dies with
// the process, and that every replica adds to the webhook configurations: no
// Secret, no other controller. It is good for a year, which no process lives.
package certs

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"

	"k8s.io/client-go/util/cert"
)

// A Certificate is what one process serves with.
type Certificate struct {
	Authority []byte // the CA's certificate, PEM
	pair      tls.Certificate
}

// SelfSigned is a new certificate for the names, which are host names or addresses.
func SelfSigned(names ...string) (*Certificate, error) {
	var addresses []net.IP
	var hosts []string
	for _, n := range names {
		if a := net.ParseIP(n); a != nil {
			addresses = append(addresses, a)
		} else {
			hosts = append(hosts, n)
		}
	}
	chain, key, err := cert.GenerateSelfSignedCertKey(names[0], addresses, hosts)
	if err != nil {
		return nil, fmt.Errorf("making a serving certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("reading the serving certificate: %w", err)
	}
	return &Certificate{Authority: last(chain), pair: pair}, nil
}

// last is the last certificate of a chain: its authority.
func last(chain []byte) []byte {
	var authority []byte
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		authority = pem.EncodeToMemory(block)
	}
	return authority
}

// GetCertificate is what tls.Config asks at each handshake.
func (c *Certificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return &c.pair, nil
}
