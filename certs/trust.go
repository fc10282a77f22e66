package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// pause is how long after a look at the webhook configurations comes the next:
// they may not be there yet, or be applied again without our authority.
const pause = 5 * time.Second

// most is how many authorities stay in a caBundle: more than there are replicas,
// with their predecessors of a rolling update.
const most = 16

// Trust keeps an authority in the caBundle of octagate's webhook configurations.
type Trust struct {
	Client    client.Client
	Name      string // of both webhook configurations
	Authority []byte // PEM
	Log       logr.Logger

	trouble atomic.Pointer[error] // of the last look; nil: there was none yet
}

// NeedLeaderElection is false: each replica serves with an authority of its own.
func (t *Trust) NeedLeaderElection() bool { return false }

// Start looks at the configurations again and again until ctx ends.
func (t *Trust) Start(ctx context.Context) error {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		err := t.Ensure(ctx)
		if before := t.trouble.Swap(&err); err != nil && (before == nil || *before == nil) {
			t.Log.Info("The API server does not trust this webhook yet", "reason", err.Error())
		}
	}, pause)
	return nil
}

// errUntried is what is wrong before the first look at the configurations.
var errUntried = errors.New("the webhook configurations have not been looked at yet")

// Ready is a readiness check: whom the API server does not trust, it must not ask.
func (t *Trust) Ready(*http.Request) error {
	if trouble := t.trouble.Load(); trouble != nil {
		return *trouble
	}
	return errUntried
}

// Ensure adds the authority to both configurations where it is missing.
func (t *Trust) Ensure(ctx context.Context) error {
	return errors.Join(
		t.ensure(ctx, &admissionv1.MutatingWebhookConfiguration{}),
		t.ensure(ctx, &admissionv1.ValidatingWebhookConfiguration{}),
	)
}

// bundles are the caBundles of a configuration, to be written to.
func bundles(configuration client.Object) (all []*[]byte) {
	switch c := configuration.(type) {
	case *admissionv1.MutatingWebhookConfiguration:
		for i := range c.Webhooks {
			all = append(all, &c.Webhooks[i].ClientConfig.CABundle)
		}
	case *admissionv1.ValidatingWebhookConfiguration:
		for i := range c.Webhooks {
			all = append(all, &c.Webhooks[i].ClientConfig.CABundle)
		}
	}
	return all
}

// ensure adds the authority to the bundles of one configuration, and tries again
// when another replica was faster.
func (t *Trust) ensure(ctx context.Context, configuration client.Object) error {
	for {
		if err := t.Client.Get(ctx, client.ObjectKey{Name: t.Name}, configuration); err != nil {
			return err
		}
		changed := false
		for _, b := range bundles(configuration) {
			with := Bundle(*b, t.Authority)
			changed = changed || !bytes.Equal(with, *b)
			*b = with
		}
		if !changed {
			return nil
		}
		err := t.Client.Update(ctx, configuration)
		if err == nil {
			t.Log.Info("The API server trusts this webhook", "configuration", fmt.Sprintf("%T", configuration))
		}
		if !apierrors.IsConflict(err) {
			return err
		}
	}
}

// Bundle is bundle with authority at its end, less what is not a certificate
// and the oldest beyond most. A bundle that has it stays as it is.
func Bundle(bundle, authority []byte) []byte {
	if bytes.Contains(bundle, authority) {
		return bundle
	}
	var all [][]byte
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, pem.EncodeToMemory(block))
		}
	}
	all = append(all, authority)
	return bytes.Join(all[max(0, len(all)-most):], nil)
}
