package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/webhook"
)

// noopCommand has this program serve webhooks that judge nothing, as a process of its own,
// until nobody holds its standard input open.
const noopCommand = "noop"

// passing is a webhook that reads what it is asked, and allows it.
func passing() http.Handler { return saying(admission.Allowed("")) }

// notePath is where a mutating webhook is that judges nothing either, but annotates.
const notePath = "/note"

// noting is a webhook that writes onto everything what octagate writes onto a Service.
func noting() http.Handler {
	const id = "705ab4f5-6393-11e8-b7cc-42010a800002"
	cfg := policy.Config{ServiceSubnet: id, PodSubnet: id, ExternalNetwork: id, MemberMode: annotation.L3}
	pins := policy.Evaluate(cfg, policy.Subject{Service: newService()}, facts.Snapshot{}).Pins
	var patch []map[string]string
	for key, value := range pins {
		patch = append(patch, map[string]string{"op": "add", "path": "/metadata/annotations/" + strings.ReplaceAll(key, "/", "~1"), "value": value})
	}
	return saying(admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: true, Patch: encode(patch), PatchType: new(admissionv1.PatchTypeJSONPatch),
	}})
}

// saying is a webhook that always says the same.
func saying(answer admission.Response) http.Handler {
	return &admission.Webhook{Handler: admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return answer })}
}

// A leaf is a certificate that stands for itself.
type leaf struct {
	served tls.Certificate
	pem    []byte
}

func newLeaf() (leaf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return leaf{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{serviceName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return leaf{}, err
	}
	parsed, err := x509.ParseCertificate(der)
	return leaf{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}, err
}

// newServer is octagate's own server, before it has webhooks.
func newServer(address string, l leaf) *webhook.Server {
	return &webhook.Server{
		DefaultServer: &crwebhook.DefaultServer{}, Address: address, Name: serviceName, MinTLS: tls.VersionTLS13, Oldest: time.Minute, Log: logr.Discard(),
		Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &l.served, nil },
	}
}

// serveNoop serves at an address, and tells its certificate.
func serveNoop(args []string) {
	l, err := newLeaf()
	if err == nil && len(args) == 1 {
		fmt.Print(string(l.pem))
		os.Stdout.Close()
		ctx, stop := context.WithCancel(context.Background())
		go func() {
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
		server := newServer(args[0], l)
		server.Register(webhook.MutatePath, passing())
		server.Register(notePath, noting())
		server.Register(webhook.ValidatePath, passing())
		err = server.Start(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench noop:", err)
		os.Exit(1)
	}
}

// A noop is that process.
type noop struct {
	address string
	ca      []byte
	cmd     *exec.Cmd
	leash   io.Closer
}

func startNoop() (*noop, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	n := &noop{address: address, cmd: exec.Command(os.Args[0], noopCommand, address)}
	n.cmd.Stderr = os.Stderr
	if n.leash, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := n.cmd.StdoutPipe()
	if err == nil {
		err = n.cmd.Start()
	}
	if err == nil {
		n.ca, err = io.ReadAll(out)
	}
	return n, err
}

func (n *noop) stop() error {
	n.leash.Close()
	return n.cmd.Wait()
}

// freeAddress is one that nobody listens on at the moment.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("choosing a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}
