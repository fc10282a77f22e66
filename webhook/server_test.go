package webhook

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

const host = "octagate.octagate-system.svc"

// A pass is a certificate, and who trusts it.
type pass struct {
	pair      tls.Certificate
	roots     *x509.CertPool
	authority []byte
}

// issue makes a pass by an authority of its own.
func issue(t *testing.T) pass {
	t.Helper()
	sign := func(template, by *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		raw, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		var err error
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	ca := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca = sign(ca, ca, keys[0], keys[0])
	leaf := sign(&x509.Certificate{
		DNSNames: []string{host}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, ca, keys[1], keys[0])
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	return pass{
		tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: keys[1], Leaf: leaf}, roots,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}),
	}
}

// A served is a Server that runs until stop is called, which returns how it ended.
type served struct {
	*testing.T
	*Server
	pass
	leave func()
	stop  func() error
}

// serve starts a Server whose webhooks are two small handlers: /echo and /wait, which
// answers what it is asked once somebody sends on asked.
func serve(t *testing.T, asked chan struct{}, edit func(*Server)) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, leaving := issue(t), make(chan struct{})
	s := &Server{
		DefaultServer: &crwebhook.DefaultServer{}, Address: listener.Addr().String(), Name: host, MinTLS: tls.VersionTLS13,
		Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &p.pair, nil },
		Leaving:     leaving, Log: logr.Discard(),
	}
	if edit != nil {
		edit(s)
	}
	s.Register("/echo", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	s.Register("/wait", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-asked
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusGone)
		}
	}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	listener.Close() // whose port is ours now
	go func() { ended <- s.Start(ctx) }()
	stop := func() error { cancel(); return <-ended }
	one := &served{t, s, p, func() { close(leaving) }, stop}
	one.awaitStart()
	return one
}

func (s *served) awaitStart() {
	for !s.started.Load() {
		select {
		case <-s.Context().Done():
			s.Fatal("it does not start")
		default:
		}
	}
}

// client trusts the server; edit makes another client of it.
func (s *served) client(edit func(*tls.Config)) *http.Client {
	c := &tls.Config{RootCAs: s.roots, ServerName: host}
	if edit != nil {
		edit(c)
	}
	transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
	s.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// says posts hello to /echo, and returns what comes back.
func (s *served) says(c *http.Client) (*http.Response, error) {
	answer, err := c.Post("https://"+s.Address+"/echo", "text/plain", strings.NewReader("hello"))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if said, err := io.ReadAll(answer.Body); err != nil || string(said) != "hello" {
		s.Errorf("%q: %v", said, err)
	}
	return answer, nil
}

func TestOldTLSIsRefused(t *testing.T) {
	for claim, tt := range map[string]struct {
		min, client uint16
		want        bool
	}{
		"1.3 is served":                         {tls.VersionTLS13, tls.VersionTLS13, true},
		"1.2 is refused":                        {tls.VersionTLS13, tls.VersionTLS12, false},
		"1.2 is served where the operator says": {tls.VersionTLS12, tls.VersionTLS12, true},
		"1.1 never is":                          {tls.VersionTLS12, tls.VersionTLS11, false},
	} {
		t.Run(claim, func(t *testing.T) {
			s := serve(t, nil, func(s *Server) { s.MinTLS = tt.min })
			answer, err := s.says(s.client(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tt.client }))
			if (err == nil) != tt.want {
				t.Error(err)
			}
			if err == nil && answer.ProtoMajor != 1 {
				t.Errorf("spoke %s", answer.Proto)
			}
			if err := s.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClientsWithoutTheCertificateAreNotHeard(t *testing.T) {
	friend, stranger := issue(t), issue(t)
	file := filepath.Join(t.TempDir(), "ca.crt")
	s := serve(t, nil, func(s *Server) { s.ClientCA = file })
	with := func(p pass) *http.Client {
		return s.client(func(c *tls.Config) { c.Certificates = []tls.Certificate{p.pair} })
	}
	heard := func(claim string, c *http.Client, want bool) {
		t.Helper()
		if _, err := s.says(c); (err == nil) != want {
			t.Errorf("%s: %v", claim, err)
		}
	}
	heard("while there is no file", with(friend), false)
	for _, tt := range []struct {
		claim            string
		file             []byte
		friend, stranger bool
	}{
		{"while the file is garbage", []byte("garbage"), false, false},
		{"by the file", friend.authority, true, false},
		{"by another file", stranger.authority, false, true},
	} {
		if err := os.WriteFile(file, tt.file, 0o600); err != nil {
			t.Fatal(err)
		}
		heard("a friend "+tt.claim, with(friend), tt.friend)
		heard("a stranger "+tt.claim, with(stranger), tt.stranger)
		heard("nobody "+tt.claim, s.client(nil), false)
	}
	if err := s.StartedChecker()(httptest.NewRequest(http.MethodGet, "/", nil)); err != nil {
		t.Error("it is not ready:", err)
	}
}

func TestGarbageIsRefused(t *testing.T) {
	s := serve(t, nil, nil)
	for claim, sent := range map[string]string{
		"plain HTTP":       "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"random bytes":     "\x16\x03\x01\xff\xff\x00\x01\x02\x03",
		"HTTP/2 unasked":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"nothing but ends": "\r\n\r\n\r\n",
	} {
		raw, err := net.Dial("tcp", s.Address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.Write([]byte(sent)); err != nil {
			t.Error(err)
		}
		raw.(*net.TCPConn).CloseWrite()
		if answer, _ := io.ReadAll(raw); strings.Contains(string(answer), "200") {
			t.Errorf("%s: %q", claim, answer)
		}
		raw.Close()
	}
	for claim, tt := range map[string]struct {
		sent string
		want int
	}{
		"a header without end": {"POST /echo HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 2*headers), http.StatusRequestHeaderFieldsTooLarge},
		"another path":         {"POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", http.StatusNotFound},
		"two lengths":          {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", http.StatusBadRequest},
	} {
		c, err := tls.Dial("tcp", s.Address, &tls.Config{RootCAs: s.roots, ServerName: host})
		if err != nil {
			t.Fatal(err)
		}
		go c.Write([]byte(tt.sent)) // which may end before all is sent
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != tt.want {
			t.Errorf("%s: %+v %v", claim, answer, err)
		}
		c.Close()
	}
	if _, err := s.says(s.client(nil)); err != nil {
		t.Error("it does not serve any more:", err)
	}
}

// Whoever is slow is not waited for, and the API server is the first to drop what is idle.
func TestNobodyIsWaitedForForEver(t *testing.T) {
	s := (&Server{DefaultServer: &crwebhook.DefaultServer{}, Log: logr.Discard()}).server(t.Context())
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 30e9 || s.IdleTimeout <= 90e9 || s.MaxHeaderBytes <= 0 {
		t.Errorf("%v %v %v %v %v", s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.MaxHeaderBytes)
	}
}

// A request that has begun is answered, and its context does not end; one that comes later
// goes elsewhere.
func TestTheEndIsGraceful(t *testing.T) {
	asked := make(chan struct{})
	s := serve(t, asked, nil)
	answered := make(chan int)
	go func() {
		answer, err := s.client(nil).Post("https://"+s.Address+"/wait", "text/plain", nil)
		if err != nil {
			t.Error(err)
			answer = &http.Response{}
		}
		answered <- answer.StatusCode
	}()
	<-asked
	if answer, err := s.says(s.client(nil)); err != nil || answer.Close {
		t.Errorf("%+v %v", answer, err)
	}
	s.leave()
	if answer, err := s.says(s.client(nil)); err != nil || !answer.Close {
		t.Errorf("a connection is kept: %+v %v", answer, err)
	}
	ended := make(chan error)
	go func() { ended <- s.stop() }()
	for { // until nobody listens
		if c, err := net.Dial("tcp", s.Address); err != nil {
			break
		} else {
			c.Close()
		}
	}
	asked <- struct{}{}
	if code := <-answered; code != http.StatusOK {
		t.Errorf("answered %d", code)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Whose lease is lost is to end at once, and nobody knows.
func TestWhoEndsUnexpectedlyServesOn(t *testing.T) {
	s := serve(t, nil, func(s *Server) { s.Linger = time.Hour })
	ended := make(chan error)
	go func() { ended <- s.stop() }()
	for !s.ending.Load() {
		runtime.Gosched()
	}
	if answer, err := s.says(s.client(nil)); err != nil || !answer.Close {
		t.Errorf("%+v %v", answer, err)
	}
	s.leave()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.Wait()
}

func TestAnOldConnectionIsGivenUp(t *testing.T) {
	s := serve(t, nil, func(s *Server) { s.Oldest = 1 })
	if answer, err := s.says(s.client(nil)); err != nil || !answer.Close {
		t.Errorf("%+v %v", answer, err)
	}
}

func TestReadyIsWhoShowsItsCertificate(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	other := issue(t)
	var trouble error
	s := serve(t, nil, func(s *Server) {
		was := s.Certificate
		s.Certificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if trouble != nil {
				return nil, trouble
			}
			if h == nil && s.Name == "other" {
				return &other.pair, nil
			}
			return was(h)
		}
	})
	check := s.StartedChecker()
	if err := check(request); err != nil {
		t.Error(err)
	}
	s.Name = "other"
	if err := check(request); err == nil {
		t.Error("it is ready with somebody else's certificate")
	}
	trouble = errors.New("there is none")
	if err := check(request); !errors.Is(err, trouble) {
		t.Error(err)
	}
	if err := (&Server{}).StartedChecker()(request); err == nil {
		t.Error("it is ready before it has started")
	}
}
