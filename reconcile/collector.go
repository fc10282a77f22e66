package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// A Collector deletes what the cloud has for Services that are no more: somebody took
// our finalizer off them. It keeps an address that Kubernetes may give to another
// Service, which could not be built then.
//
// What another cluster made that was given the same name is only told, and left alone.
// So is everything, unless Collect.
type Collector struct {
	Cluster string        // its name in the cloud
	System  types.UID     // the UID of its namespace kube-system
	Collect bool          // whether to delete
	Grace   time.Duration // how long a tree has no Service before it is deleted
	Cloud   Cloud
	Cache   client.Reader // what is known of Services, by Register of the Reconciler
	Live    client.Reader // the API server, asked before anything is deleted
	Counts  *Counts       // of trees without a Service; nil: nobody counts

	changed  chan changedOwner
	orphans  orphans
	partings partings
}

// Register makes mgr run c: for each tree when it changes, and when its Service goes.
func (c *Collector) Register(mgr ctrl.Manager) error {
	c.changed = make(chan changedOwner, 1024)
	self := func(_ context.Context, o octavia.Owner) []octavia.Owner { return []octavia.Owner{o} }
	return builder.TypedControllerManagedBy[octavia.Owner](mgr).Named("collector").
		WatchesRawSource(source.TypedChannel(c.changed, handler.TypedEnqueueRequestsFromMapFunc(self))).
		Watches(&corev1.Service{}, handler.TypedFuncs[client.Object, octavia.Owner]{DeleteFunc: c.bereft}).
		Complete(c)
}

// bereft asks for a look at the tree of a Service that is no more.
func (c *Collector) bereft(_ context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[octavia.Owner]) {
	queue.Add(octavia.Owner{Cluster: c.Cluster, System: c.System, UID: e.Object.GetUID()})
}

// Changed asks for a look at an owner's tree.
func (c *Collector) Changed(ctx context.Context, o octavia.Owner) { tell(ctx, c.changed, o) }

// Reconcile brings the cloud closer to nothing for an owner that is no more. It is
// called for one at a time.
func (c *Collector) Reconcile(ctx context.Context, o octavia.Owner) (ctrl.Result, error) {
	defer func() { c.Counts.told(c.orphans.all, string(c.System)) }()
	return c.attend(ctx, o, time.Now()).Result()
}

// attend looks whether o's tree has a Service, and sees to it if it has none.
func (c *Collector) attend(ctx context.Context, o octavia.Owner, now time.Time) Outcome {
	t, trouble := c.Cloud.Observe(o)
	if reason := plan.ReasonOf(trouble); reason == plan.Busy || reason == plan.Away {
		return Outcome{} // the Watch asks for a look when it knows more
	}
	var services corev1.ServiceList
	if err := c.Cache.List(ctx, &services, client.MatchingFields{byUID: string(o.UID)}, client.UnsafeDisableDeepCopy); err != nil {
		return stopped(fmt.Errorf("looking up the Service of a load balancer: %w", err))
	}
	switch {
	case len(services.Items) > 0, trouble == nil && t.Empty():
		c.forget(o)
		return Outcome{}
	case trouble != nil:
		c.say(ctx, o, t, "This has no Service, and is left alone: "+trouble.Error())
		return stopped(trouble)
	case o.System != c.System:
		c.say(ctx, o, t, "This has no Service here and is left alone: it is of another cluster of the same name")
		return Outcome{}
	case !c.Collect:
		c.say(ctx, o, t, "This has no Service; it would be deleted with octavia.orphans: Collect")
		return Outcome{}
	}
	return c.collect(ctx, o, t, now)
}

// collect deletes a tree of ours without a Service when it is time to.
func (c *Collector) collect(ctx context.Context, o octavia.Owner, t octavia.Tree, now time.Time) Outcome {
	if pause := c.orphans.wait(o, c.Grace, now); pause > 0 {
		c.say(ctx, o, t, "This has no Service; it is deleted if that stays so for as long as octavia.orphanGrace")
		return Outcome{Again: pause}
	}
	if unparted := c.partings.unparted(o.UID, t, now); !unparted.Finished() {
		c.orphans.pass(o)
		c.say(ctx, o, t, unparted.Waiting)
		return unparted
	}
	if t.Status.Busy() {
		return Outcome{} // the Watch tells when it is over
	}
	alive, err := c.alive(ctx, o.UID)
	switch {
	case err != nil:
		return stopped(err)
	case alive: // the cache does not know yet
		c.orphans.spare(o, now)
		return Outcome{Again: c.Grace}
	}
	p := c.Cloud.Manner().Plan(octavia.Tree{FloatingIP: octavia.FloatingIP{Keep: t.FloatingIP.Keep}}, t)
	outcome := advance(ctx, c.Cloud, o, p, t, func(step plan.Step) {
		c.orphans.begun(o, now)
		if t.Status == octavia.Failed && step.Locks() {
			c.partings.tried(o.UID)
		}
	})
	if outcome.Warn {
		c.say(ctx, o, t, "This has no Service, and cannot be deleted: "+outcome.Waiting)
	}
	return outcome
}

func (c *Collector) forget(o octavia.Owner) {
	c.orphans.forget(o)
	c.partings.over(o.UID)
}

// say tells something of a tree, once.
func (c *Collector) say(ctx context.Context, o octavia.Owner, t octavia.Tree, what string) {
	if c.orphans.said(o, what) {
		return
	}
	ctrl.LoggerFrom(ctx).Info(what, "loadBalancer", t.Name, "id", t.ID, "floatingIP", t.FloatingIP.Address, "service", o.UID, "kube-system", o.System)
}

// alive reports whether the API server itself knows a Service. It looks for the UID
// among all of them, since names in the cloud may be cut short, and changed by anybody.
// An API server that is not of our cluster any more has nothing to say.
func (c *Collector) alive(ctx context.Context, service types.UID) (bool, error) {
	system, err := System(ctx, c.Live)
	if err != nil {
		return false, err
	}
	if system != c.System {
		return false, fmt.Errorf("the API server has become another cluster's: its kube-system is %s, not %s", system, c.System)
	}
	var all metav1.PartialObjectMetadataList
	all.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ServiceList"))
	if err := c.Live.List(ctx, &all); err != nil {
		return false, fmt.Errorf("listing Services: %w", err)
	}
	return slices.ContainsFunc(all.Items, func(o metav1.PartialObjectMetadata) bool { return o.UID == service }), nil
}

// System is the UID of the namespace kube-system, which tells a cluster from all others.
func System(ctx context.Context, live client.Reader) (types.UID, error) {
	var namespace metav1.PartialObjectMetadata
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := live.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, &namespace); err != nil {
		return "", fmt.Errorf("reading the namespace %s, whose UID tells the cluster from others: %w", metav1.NamespaceSystem, err)
	}
	return namespace.UID, nil
}
