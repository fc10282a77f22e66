package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

// How long the server waits for whom. The API server waits for an answer for 30 s at most,
// and drops a connection that was idle for 90 s: it must be the first of the two to do so,
// or a request may meet a connection that is just being closed.
const (
	readHeader = 5 * time.Second
	readAll    = 10 * time.Second
	write      = 35 * time.Second
	idle       = 2 * time.Minute
)

// Drain is how long requests that have begun may take when the server ends.
const Drain = 20 * time.Second

// headers is how large those of a request may be, in bytes.
const headers = 64 << 10

// A Server serves the webhooks over TLS and HTTP/1.1, which is what API servers speak to
// webhooks. It is what a manager of controller-runtime takes for its webhook server.
type Server struct {
	*crwebhook.DefaultServer // of which Start and StartedChecker are replaced

	Address     string // host:port
	Name        string // that the certificate has to bear
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	MinTLS      uint16          // such as tls.VersionTLS13
	ClientCA    string          // a PEM file: who does not come with a certificate by it is not heard; empty: everybody is
	Oldest      time.Duration   // no connection becomes older; 0: each may
	Leaving     <-chan struct{} // once closed, no connection is used for another request
	Linger      time.Duration   // how long it serves on when it is to end and Leaving was not closed before
	Log         logr.Logger

	started, ending atomic.Bool
	running         sync.WaitGroup
}

// Start serves until ctx ends and all requests have ended that had begun, or Drain has.
func (s *Server) Start(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	defer s.running.Done()
	s.running.Add(1)
	server := s.server(ctx)
	drained := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.linger()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), Drain)
		defer cancel()
		drained <- server.Shutdown(last)
	}()
	s.started.Store(true)
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

// linger goes on for a while where nobody has been told that the server ends, as when its
// manager has lost a lease: that is no reason to answer nobody.
func (s *Server) linger() {
	s.ending.Store(true)
	select {
	case <-s.Leaving:
	case <-time.After(s.Linger):
	}
}

// Wait waits until nothing is served any more.
func (s *Server) Wait() { s.running.Wait() }

// server is what serves. The contexts of requests do not end with ctx: whoever has begun to
// wait is answered.
func (s *Server) server(ctx context.Context) *http.Server {
	only1 := new(http.Protocols)
	only1.SetHTTP1(true)
	return &http.Server{
		Handler: s.parting(s.WebhookMux()), TLSConfig: s.tls(), Protocols: only1,
		ReadHeaderTimeout: readHeader, ReadTimeout: readAll, WriteTimeout: write, IdleTimeout: idle, MaxHeaderBytes: headers,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, born{}, time.Now())
		},
		ErrorLog: slog.NewLogLogger(logr.ToSlogHandler(s.Log), slog.LevelDebug), // whoever knocks could fill the log
	}
}

func (s *Server) tls() *tls.Config {
	c := &tls.Config{GetCertificate: s.Certificate, MinVersion: s.MinTLS}
	if s.ClientCA == "" {
		return c
	}
	return &tls.Config{MinVersion: s.MinTLS, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return s.exclusive(c)
	}}
}

// exclusive is c for those only who come with a certificate by ClientCA as it is now: the
// file may be exchanged at any time. Without it nobody is heard.
func (s *Server) exclusive(c *tls.Config) (*tls.Config, error) {
	file, err := os.ReadFile(s.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("reading webhook.clientCA: %w", err)
	}
	known := x509.NewCertPool()
	if !known.AppendCertsFromPEM(file) {
		return nil, fmt.Errorf("webhook.clientCA %s holds no certificate", s.ClientCA)
	}
	c = c.Clone()
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, known
	return c, nil
}

// born is the key of a connection's context under which stands when it began.
type born struct{}

// parting asks API servers to take another connection for their next request, which may
// lead to another replica and shows them the certificate of now, when this one is old or
// its server is about to leave.
func (s *Server) parting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, _ := r.Context().Value(born{}).(time.Time)
		old := s.ending.Load() || s.Oldest > 0 && time.Since(begun) > s.Oldest
		select {
		case <-s.Leaving:
			old = true
		default:
		}
		if old {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// StartedChecker is a readiness check: whether who dials is shown a certificate that is
// good, and that we know as ours.
func (s *Server) StartedChecker() healthz.Checker {
	return func(r *http.Request) error {
		if !s.started.Load() {
			return errors.New("the webhook is not served yet")
		}
		leaf, err := s.Certificate(nil)
		if err != nil {
			return err
		}
		ours := x509.NewCertPool()
		ours.AddCert(leaf.Leaf)
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: ours, ServerName: s.Name}}
		connection, err := dialer.DialContext(r.Context(), "tcp", s.Address)
		if err != nil {
			return fmt.Errorf("the webhook does not answer: %w", err)
		}
		return connection.Close()
	}
}
