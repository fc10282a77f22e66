package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/reconcile"
	"github.com/octagate/octagate/reconcile/guard"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/openstack"
	"github.com/octagate/octagate/webhook"
	"github.com/octagate/octagate/webhook/enforce"
)

// idle is how often all load balancers are looked at, where that does not take the cloud long.
const idle = 30 * time.Second

// uncached are the objects that are read too rarely to be worth a watch.
var uncached = []client.Object{
	&admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}, &networkingv1.IPAddress{},
	&corev1.Secret{}, &cmapi.Certificate{},
}

// cluster is how to reach the API server: as kubectl would, else as a Pod does.
func cluster() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster in KUBECONFIG=%q, ~/.kube/config or a Pod's own account: %w",
			os.Getenv(clientcmd.RecommendedConfigPathEnvVar), err)
	}
	c.QPS = -1 // the API server's own fairness is the limit
	return c, nil
}

// manager connects to the API server and serves the webhooks.
func manager(c Configuration, serves *webhook.Server) (ctrl.Manager, error) {
	cluster, err := cluster()
	if err != nil {
		return nil, err
	}
	known := runtime.NewScheme()
	if err := errors.Join(scheme.AddToScheme(known), cmapi.AddToScheme(known)); err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(cluster, ctrl.Options{
		Scheme:                        known,
		Cache:                         cache.Options{DefaultTransform: (&slimmer{}).slim},
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: uncached}},
		Metrics:                       server.Options{BindAddress: c.Metrics.BindAddress},
		HealthProbeBindAddress:        c.Health.BindAddress,
		LeaderElection:                c.LeaderElection.Enabled,
		LeaderElectionID:              "octagate.dev",
		LeaderElectionNamespace:       c.LeaderElection.Namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 new(c.LeaderElection.LeaseDuration.value()),
		RenewDeadline:                 new(c.LeaderElection.RenewDeadline.value()),
		RetryPeriod:                   new(c.LeaderElection.RetryPeriod.value()),
		GracefulShutdownTimeout:       new(webhook.Drain),
		WebhookServer:                 serves,
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	return mgr, nil
}

func split(bindAddress string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(bindAddress)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(number)
	return host, port, err
}

// clouds are the ways to OpenStack: for what is built, and for what admission asks.
func clouds(c Configuration) (writer, reader *openstack.Client, err error) {
	if writer, err = openstack.Configure(c.OpenStack.Cloud, openstack.Rate(c.OpenStack.RateLimit)); err != nil {
		return nil, nil, err
	}
	writer.Legacy, writer.Opens, writer.Adopts = c.legacy(), !*c.Octavia.Enforce, c.Octavia.Adopt == adoptKuryr
	if c.OpenStack.Reader == "" {
		return writer, writer, nil
	}
	if reader, err = writer.Reader(c.OpenStack.Reader); err != nil {
		return nil, nil, fmt.Errorf("openstack.reader: %w", err)
	}
	return writer, reader, nil
}

// knowledge is what Services are judged by.
func knowledge(ctx context.Context, mgr ctrl.Manager, c Configuration, cloud *openstack.Client) (known, error) {
	cloud.Counts = openstack.NewCounts(metrics.Registry)
	k := known{cloud: &openstack.Facts{
		Client: cloud, Cluster: c.ClusterName, Refresh: c.OpenStack.Refresh.value(), Log: mgr.GetLogger().WithName("facts"),
		ServiceSubnets: c.Neutron.serviceSubnets(), PodSubnets: c.Neutron.podSubnets(), Counts: cloud.Counts,
	}, claims: &claims{policy: c.policy()}}
	var err error
	if k.system, err = system(ctx, mgr.GetAPIReader()); err != nil {
		return k, err
	}
	if err := k.follow(ctx, mgr, &corev1.Service{}, k.claims.see, k.claims.miss); err != nil {
		return k, fmt.Errorf("watching Services: %w", err)
	}
	if len(c.Kubernetes.ServiceCIDRs) > 0 {
		return k, nil
	}
	k.ranges = &clusterRanges{}
	if err := k.follow(ctx, mgr, &networkingv1.ServiceCIDR{}, k.ranges.see, k.ranges.miss); err != nil {
		return k, fmt.Errorf("watching ServiceCIDRs (name the ranges in kubernetes.serviceCIDRs instead): %w", err)
	}
	return k, nil
}

// admission answers the API server.
func admission(c Configuration, k known) webhook.Handler {
	return webhook.Handler{
		Policy: c.policy(), Facts: k, Slots: make(webhook.Slots, c.Webhook.InFlight), Room: webhook.NewRoom(), Counts: webhook.NewCounts(metrics.Registry),
		Strict: c.OpenStack.OnCloudError == cloudErrorDeny, Advise: c.Enforcement == enforce.Advise,
	}
}

// enforcement has the API server insist on the answers, on the leader.
func enforcement(mgr ctrl.Manager, c Configuration) *enforce.Enforcer {
	prover := enforce.Prover{Bad: enforce.Bad(c.policy()), Cluster: mgr.GetConfig(), Reader: mgr.GetClient()}
	e := &enforce.Enforcer{
		Client: mgr.GetClient(), Name: manifests.Name, Mode: c.Enforcement, Prove: prover.Prove,
		Events: mgr.GetEventRecorder("octagate"), Log: mgr.GetLogger().WithName("enforcement"),
	}
	metrics.Registry.MustRegister(e.Reading())
	return e
}

// building is all that works on load balancers: a Watch, and whom it tells.
func building(ctx context.Context, mgr ctrl.Manager, c Configuration, cloud *openstack.Client, known known) error {
	watch := &openstack.Watch{
		Client: cloud, Facts: known.cloud, Cluster: c.ClusterName, Poll: c.Octavia.Poll.value(), Idle: idle, Log: mgr.GetLogger().WithName("watch"),
	}
	counts := reconcile.NewCounts(metrics.Registry)
	reconciler := &reconcile.Reconciler{
		Cluster: c.ClusterName, System: known.system, Policy: c.policy(), Facts: known, Cloud: counts.Of(watch), Counts: counts, Mend: c.Octavia.MendAfter.value(),
		Client: mgr.GetClient(), Events: mgr.GetEventRecorder("octagate"),
	}
	collector := &reconcile.Collector{
		Cluster: c.ClusterName, System: known.system, Collect: c.Octavia.Orphans == orphansCollect, Grace: c.Octavia.Grace.value(), Cloud: counts.Of(watch), Counts: counts,
		Cache: mgr.GetClient(), Live: mgr.GetAPIReader(),
	}
	watch.Changed = func(ctx context.Context, o octavia.Owner) {
		reconciler.Changed(ctx, o)
		collector.Changed(ctx, o)
	}
	metrics.Registry.MustRegister(known.cloud.Reading(), watch.Reading(), reconciler.Reading())
	return errors.Join(reconciler.Register(ctx, mgr), collector.Register(mgr), mgr.Add(watch))
}

// addresses keeps from Services what others have in Neutron.
func addresses(mgr ctrl.Manager, c Configuration, k known) *guard.Guard {
	g := guard.New(guard.Guard{
		Facts: k, Cluster: c.ClusterName, Ranges: c.policy().ServiceCIDRs, Subnets: c.Neutron.serviceSubnets(),
		Off: !*c.Kubernetes.GuardAddresses, Every: c.OpenStack.Refresh.value(),
		Client: mgr.GetClient(), Log: mgr.GetLogger().WithName("guard"),
	})
	k.cloud.Renewed = g.Look
	return g
}
