package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/octagate/octagate/certs"
	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/webhook"
)

// serviceName is the webhook's host name in the cluster, as the manifests have it.
const serviceName = manifests.Name + "." + manifests.Namespace + ".svc"

// names are what the API server may call the webhook.
func names(bindAddress string) []string {
	host, _, _ := net.SplitHostPort(bindAddress)
	if host == "" {
		return []string{serviceName}
	}
	return []string{serviceName, host}
}

// served is the webhook's server, before there are webhooks. It begins to part with its
// clients when ctx ends.
func served(ctx context.Context, c Webhook, serving *certs.Serving) *webhook.Server {
	oldest := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	return &webhook.Server{
		DefaultServer: &crwebhook.DefaultServer{},
		Address:       c.BindAddress, Name: serviceName, Certificate: serving.GetCertificate,
		MinTLS: oldest[c.MinTLSVersion], ClientCA: c.ClientCA, Oldest: c.ConnectionAge.value(),
		Leaving: ctx.Done(), Linger: c.LameDuck.value(), Log: ctrl.Log.WithName("webhook"),
	}
}

// certificates has mgr see to the certificate that is served.
func certificates(mgr ctrl.Manager, c Configuration, s *certs.Serving) error {
	log := mgr.GetLogger().WithName("certs")
	s.Webhooks = certs.Webhooks{Client: mgr.GetClient(), Name: manifests.Name}
	s.Name, s.Settle, s.Log, s.Gauges = serviceName, c.Certificates.Settle.value(), log, certs.NewGauges(metrics.Registry)
	secret := client.ObjectKey{Namespace: manifests.Namespace, Name: c.Certificates.Secret}
	condition := &certs.Condition{Client: mgr.GetClient(), Service: client.ObjectKey{Namespace: manifests.Namespace, Name: manifests.Name}, Serving: s, Log: log}
	if c.Certificates.Source == sourceCertManager {
		s.Source = &certs.CertManager{
			Client: mgr.GetClient(), Directory: c.Certificates.Directory, Bundle: secret,
			Certificate: client.ObjectKey{Namespace: manifests.Namespace, Name: c.Certificates.Certificate},
		}
		return errors.Join(mgr.Add(s), mgr.Add(condition))
	}
	self := certs.NewSelf(certs.Self{Client: mgr.GetClient(), Secret: secret, Log: log}, mgr.GetConfig(), s.Webhooks,
		names(c.Webhook.BindAddress), c.Certificates.Lifetime.value())
	s.Source = self
	return errors.Join(mgr.Add(self), mgr.Add(s), mgr.Add(condition))
}

// errLeaving is why a replica is not ready any more.
var errLeaving = errors.New("this replica is about to end")

// staying is a readiness check that fails once ctx has ended.
func staying(ctx context.Context) func(*http.Request) error {
	return func(*http.Request) error {
		if ctx.Err() != nil {
			return errLeaving
		}
		return nil
	}
}

// lingering is a context that ends a while after ctx does: requests go on coming until
// everybody has learned that this replica is not ready any more.
func lingering(ctx context.Context, while time.Duration) (last context.Context, cancel context.CancelFunc) {
	last, cancel = context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		ctrl.Log.Info("Asked to end: not ready any more, and going on for a while", "while", while)
		time.AfterFunc(while, cancel)
	})
	return last, cancel
}

// system is the UID of the cluster, once the API server answers.
func system(ctx context.Context, live client.Reader) (uid types.UID, err error) {
	told := false
	err = wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		uid, err = reconcile.System(ctx, live)
		if offline := (*net.OpError)(nil); !errors.As(err, &offline) {
			return true, err
		}
		if !told {
			told = true
			ctrl.Log.Info("The API server does not answer yet", "reason", err.Error())
		}
		return false, nil
	})
	return uid, err
}
