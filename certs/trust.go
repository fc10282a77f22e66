package certs

import (
	"bytes"
	"context"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Webhooks are the two webhook configurations: what the API server trusts is what their
// caBundles hold.
type Webhooks struct {
	Client client.Client
	Name   string // of both
}

// configurations are empty ones of both kinds, to be read into.
func configurations() []client.Object {
	return []client.Object{&admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}}
}

// A view is what the API server trusts.
type view struct {
	bundles [][]byte  // one of each webhook
	changed time.Time // when the configurations were last written; zero: they do not say
}

// look reads both configurations.
func (w Webhooks) look(ctx context.Context) (view, error) {
	var v view
	for _, c := range configurations() {
		if err := w.Client.Get(ctx, client.ObjectKey{Name: w.Name}, c); err != nil {
			return view{}, err
		}
		for _, b := range bundles(c) {
			v.bundles = append(v.bundles, *b)
		}
		for _, f := range c.GetManagedFields() {
			if f.Time != nil && f.Time.After(v.changed) {
				v.changed = f.Time.Time
			}
		}
	}
	return v, nil
}

// edit changes the caBundles of both configurations.
func (w Webhooks) edit(ctx context.Context, edit func([]byte) []byte) error {
	for _, c := range configurations() {
		err := change(ctx, w.Client, client.ObjectKey{Name: w.Name}, c, func() bool {
			changed := false
			for _, b := range bundles(c) {
				now := edit(*b)
				changed = changed || !bytes.Equal(now, *b)
				*b = now
			}
			return changed
		})
		if err != nil {
			return fmt.Errorf("having the API server trust the certificate: %w", err)
		}
	}
	return nil
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

// change reads an object, edits it and writes it if that changed it, and does so again
// when somebody else was faster.
func change(ctx context.Context, c client.Client, key client.ObjectKey, into client.Object, edit func() (changed bool)) error {
	for {
		if err := c.Get(ctx, key, into); err != nil {
			return err
		}
		if !edit() {
			return nil
		}
		if err := c.Update(ctx, into); !apierrors.IsConflict(err) {
			return err
		}
	}
}
