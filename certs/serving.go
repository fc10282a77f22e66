package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// Settle is how long a new authority is in the webhook configurations beside the old one
// before a certificate of it is served, where nobody says otherwise. Each API server learns
// of it by a watch, within milliseconds; one whose connection to etcd has broken silently
// finds that out by its keepalive, 30 s and 10 s for the answer, and then reads on.
const Settle = time.Minute

// kept is how long other authorities stay in the bundle beside one that is served. A
// replica that did not change its certificate in all that time answers nobody.
const kept = time.Hour

// How long it is until the next look: at most slowest, and quick before there is a
// certificate that is trusted.
const (
	slowest = 5 * time.Second
	quick   = 100 * time.Millisecond
)

// Serving decides which certificate is served.
type Serving struct {
	Source   Source
	Webhooks Webhooks
	Name     string        // the webhook's host name, which certificates have to bear
	Settle   time.Duration // at least 1ms
	Log      logr.Logger
	Gauges   *Gauges // nil: nobody measures

	mu      sync.Mutex
	served  *tls.Certificate // nil: none
	trusted bool             // the API server has trusted it, or one before it
	trouble Trouble
	seen    sighting
}

// A sighting is since when a certificate is known to be trusted.
type sighting struct {
	leaf  *tls.Certificate
	since time.Time
}

// NeedLeaderElection is false: each replica serves.
func (s *Serving) NeedLeaderElection() bool { return false }

// Start looks again and again until ctx ends.
func (s *Serving) Start(ctx context.Context) error {
	for {
		if now := s.look(ctx, time.Now()); ctx.Err() == nil {
			s.tell(now)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.pause()):
		}
	}
}

func (s *Serving) pause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.trusted {
		return quick
	}
	return min(s.Settle, slowest)
}

// look sees to it that the newest certificate is trusted, and serves it once it may.
func (s *Serving) look(ctx context.Context, now time.Time) Trouble {
	offer, err := s.Source.Offer(ctx)
	if err != nil {
		return s.worst(now, Trouble{noOffer, err.Error()})
	}
	if s.current() == nil {
		s.serve(offer.Leaf) // who is not trusted either way loses nothing
	}
	edit := func(bundle []byte) []byte { return With(bundle, offer.Authority, now) }
	if s.seen.age(offer.Leaf, now) >= kept {
		edit = func(bundle []byte) []byte { return Only(bundle, offer.Authority) }
	}
	if err := s.Source.Edit(ctx, edit); err != nil {
		return s.worst(now, Trouble{notTrusted, err.Error()})
	}
	v, err := s.Webhooks.look(ctx)
	if err != nil {
		return s.worst(now, Trouble{notTrusted, fmt.Sprintf("whether the API server trusts the certificate is not known: %v", err)})
	}
	return s.choose(offer, v, now)
}

// choose serves the offer if the API servers know it, or nothing better is there, and tells
// what is wrong then.
func (s *Serving) choose(offer Offer, v view, now time.Time) Trouble {
	doubt := v.doubts(offer.Leaf, s.Name, now)
	s.seen = s.seen.next(offer.Leaf, doubt == nil, v.changed, now)
	settled := doubt == nil && (s.seen.age(offer.Leaf, now) >= s.Settle || v.lonely())
	young := now.Sub(offer.Leaf.Leaf.NotBefore) < s.Settle // for an API server whose clock is slow, not good yet
	switch served := s.current(); {
	case !good(served, now), settled && !young, doubt == nil && v.doubts(served, s.Name, now) != nil:
		s.serve(offer.Leaf)
	}
	if settled {
		s.trust()
	}
	if err := v.doubts(s.current(), s.Name, now); err != nil {
		return s.worst(now, Trouble{notTrusted, fmt.Sprintf("the webhook configurations do not vouch for the certificate: %v", err)})
	}
	return s.worst(now, offer.Trouble)
}

// doubts reports why not every webhook vouches for a certificate; nil: each does.
func (v view) doubts(leaf *tls.Certificate, name string, now time.Time) error {
	for _, b := range v.bundles {
		if err := vouches(b, leaf, name, now); err != nil {
			return err
		}
	}
	return nil
}

// lonely reports whether no bundle has more than one authority: nobody else is trusted, so
// there is nothing to wait for.
func (v view) lonely() bool {
	return !slices.ContainsFunc(v.bundles, func(b []byte) bool { return len(certificates(b)) > 1 })
}

// next is what is known after a look at the configurations, which were last written when
// they say so: what they hold now they have held since then.
func (s sighting) next(leaf *tls.Certificate, trusted bool, changed, now time.Time) sighting {
	if !trusted {
		return sighting{}
	}
	if s.leaf == nil || !s.leaf.Leaf.Equal(leaf.Leaf) {
		s = sighting{leaf, now}
	}
	if !changed.IsZero() && changed.Before(s.since) {
		s.since = changed
	}
	return s
}

// age is how long a certificate is known to be trusted; negative: it is not.
func (s sighting) age(leaf *tls.Certificate, now time.Time) time.Duration {
	if s.leaf == nil || !s.leaf.Leaf.Equal(leaf.Leaf) {
		return -1
	}
	return now.Sub(s.since)
}

// worst is what there is to tell: that the certificate is missing or expired comes before
// anything else that is wrong, and that it soon will be after.
func (s *Serving) worst(now time.Time, other Trouble) Trouble {
	served := s.current()
	switch {
	case served == nil:
		return Trouble{noCertificate, other.Message}
	case !good(served, now):
		return Trouble{expired, fmt.Sprintf("the certificate expired at %s; %s", served.Leaf.NotAfter.UTC().Format(time.RFC3339), other.Message)}
	case other.None() && late(served.Leaf, now):
		return Trouble{expiresSoon, fmt.Sprintf("the certificate expires at %s and was not renewed", served.Leaf.NotAfter.UTC().Format(time.RFC3339))}
	}
	return other
}

func (s *Serving) current() *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

func (s *Serving) serve(leaf *tls.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served != nil && s.served.Leaf.Equal(leaf.Leaf) {
		return
	}
	s.served = leaf
	s.Log.Info("Another certificate is served", "issuer", leaf.Leaf.Issuer.CommonName, "serial", fmt.Sprintf("%x", leaf.Leaf.SerialNumber), "expires", leaf.Leaf.NotAfter)
	s.Gauges.expire(leaf.Leaf.NotAfter)
}

func (s *Serving) trust() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trusted = true
}

// tell remembers what is wrong, and logs it once.
func (s *Serving) tell(now Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case now.None() && !s.trouble.None():
		s.Log.Info("The certificate is well again")
	case !now.None() && now.Reason != s.trouble.Reason:
		s.Log.Info("The certificate is not as it should be", "trouble", now.Reason, "reason", now.Message)
	}
	s.trouble = now
	s.Gauges.ready(now.None())
}

// GetCertificate is what tls.Config asks at each handshake.
func (s *Serving) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if leaf := s.current(); leaf != nil {
		return leaf, nil
	}
	return nil, errors.New("there is no certificate yet")
}

// Ready is a readiness check. It fails before the API server first trusts the certificate
// and after that has expired. What is wrong in between is told by the condition, the log
// and the metrics: replicas that are all unready for it would be an outage of our own.
func (s *Serving) Ready(*http.Request) error { return s.readyAt(time.Now()) }

func (s *Serving) readyAt(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trusted && good(s.served, now) {
		return nil
	}
	if s.trouble.None() {
		return errors.New("the API servers may not know yet who signed the certificate")
	}
	return fmt.Errorf("%s: %s", s.trouble.Reason, s.trouble.Message)
}
