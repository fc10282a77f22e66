package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// Ready is the condition that tells whether the cloud is as the Service wants it.
const Ready = annotation.Prefix + "Ready"

// report writes into svc's status what there is and what is missing. What has not
// changed is not written.
func (r *Reconciler) report(ctx context.Context, svc *corev1.Service, v policy.Verdict, t octavia.Tree, o Outcome) error {
	stored := svc.DeepCopy()
	svc.Status = r.status(svc, v, t, o)
	if equality.Semantic.DeepEqual(stored.Status, svc.Status) {
		return nil
	}
	r.announce(svc, stored, o)
	if err := r.Client.Status().Patch(ctx, svc, statusSince(stored)); err != nil {
		return err
	}
	r.Counts.changed(stored, svc, time.Now())
	return overtaken(stored, svc)
}

// overtaken is a conflict when a Service is not any more as it was judged. A write to its
// status succeeds all the same, and makes now of the newest version: what was decided of the
// one before is not to be written onto that. Services have no generation by which to tell.
func overtaken(judged, now *corev1.Service) error {
	leaves := func(svc *corev1.Service) bool { return !svc.DeletionTimestamp.IsZero() }
	if leaves(now) == leaves(judged) && maps.Equal(annotations(now), annotations(judged)) && equality.Semantic.DeepEqual(now.Spec, judged.Spec) {
		return nil
	}
	return apierrors.NewConflict(corev1.Resource("services"), now.Name, errors.New("it has changed while it was reconciled"))
}

// annotations are svc's less what kubectl remembers there, which a cache need not have.
func annotations(svc *corev1.Service) map[string]string {
	all := maps.Clone(svc.Annotations)
	delete(all, corev1.LastAppliedConfigAnnotation)
	return all
}

// mark writes our annotations onto svc, and takes the finalizer off one that has
// left. It comes last: without the finalizer a leaving Service is gone.
func (r *Reconciler) mark(ctx context.Context, svc *corev1.Service, v policy.Verdict, t octavia.Tree, o Outcome) error {
	marked := svc.DeepCopy()
	marks(marked, v, t, o)
	if equality.Semantic.DeepEqual(marked.ObjectMeta, svc.ObjectMeta) {
		return nil
	}
	return r.Client.Patch(ctx, marked, marksSince(svc))
}

// marks puts on svc what reconciling found out, and takes off a Service that has
// left what nobody but us writes. Where another load balancer is named, that is taken off
// first: as long as it is there, the webhook holds on to what was decided for that one,
// whoever writes.
func marks(svc *corev1.Service, v policy.Verdict, t octavia.Tree, o Outcome) {
	if leaving(svc, v) {
		if t.Empty() && o.Finished() {
			controllerutil.RemoveFinalizer(svc, Finalizer)
			svc.Annotations = annotation.WithoutDecisions(svc.Annotations)
			delete(svc.Annotations, annotation.LoadBalancerID.Key)
		}
		return
	}
	written := maps.Clone(svc.Annotations)
	if written == nil {
		written = map[string]string{}
	}
	if v.Stale(written) || o.Finished() && (!v.Unverified() || !verified(written)) {
		written = v.Pinned(written)
	}
	switch before, built := annotation.LoadBalancerID.Read(svc.Annotations); {
	case t.ID != "" && built && before != t.ID:
		delete(written, annotation.LoadBalancerID.Key)
	case t.ID != "":
		annotation.LoadBalancerID.Write(written, t.ID)
	case o.Finished():
		delete(written, annotation.LoadBalancerID.Key)
	}
	svc.Annotations = written
}

// verified reports whether it was written that a Service is as it should be. A cloud that
// does not answer for a while takes nothing of that back.
func verified(written map[string]string) bool {
	answer, _ := annotation.Verdict.Read(written)
	return answer == annotation.Accepted
}

// status is svc's status as it should be. A Service that is ready stays so while
// its members follow its Pods.
func (r *Reconciler) status(svc *corev1.Service, v policy.Verdict, t octavia.Tree, o Outcome) corev1.ServiceStatus {
	s := *svc.Status.DeepCopy()
	if leaving(svc, v) && t.Empty() && o.Finished() {
		apimeta.RemoveStatusCondition(&s.Conditions, Ready)
		return s // the API server clears the addresses; another load balancer's are not ours to touch
	}
	if !o.Upkeep || !apimeta.IsStatusConditionTrue(s.Conditions, Ready) && !underWay(svc, t, o) {
		c := condition(svc, v, t, o)
		if o.Finished() && t.Exists() {
			c.Message += kept(r.Policy, v.Intent, t)
		}
		apimeta.SetStatusCondition(&s.Conditions, c)
	}
	if svc.Spec.Type == corev1.ServiceTypeLoadBalancer && t.Status == octavia.Active && !leaving(svc, v) {
		s.LoadBalancer.Ingress = ingress(v, t)
	}
	return s
}

// underWay reports whether it is written already which load balancer Octavia is making, and
// there is nothing to say beside that.
func underWay(svc *corev1.Service, t octavia.Tree, o Outcome) bool {
	c := apimeta.FindStatusCondition(svc.Status.Conditions, Ready)
	return o == atWork(nil) && t.Status == octavia.Creating &&
		c != nil && c.Reason == working && c.ObservedGeneration == svc.Generation && plan.Creates(c.Message, t)
}

func condition(svc *corev1.Service, v policy.Verdict, t octavia.Tree, o Outcome) metav1.Condition {
	c := metav1.Condition{Type: Ready, Status: metav1.ConditionFalse, ObservedGeneration: svc.Generation, Reason: o.Reason, Message: o.Waiting}
	switch {
	case !o.Finished():
	case !t.Exists():
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, nothing, "no port of the Service gets a listener"
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, ready, "load balancer "+t.Name+" is as the Service wants it"
	}
	return c
}

// kept is the rest of a sentence about what a load balancer keeps although the
// configuration says otherwise by now, which holds for new ones only; empty: nothing.
func kept(cfg policy.Config, in policy.Intent, t octavia.Tree) string {
	var b strings.Builder
	for _, one := range []struct{ what, has, says string }{
		{"provider", cmp.Or(in.Provider, t.Provider), cfg.Provider},
		{"flavor", cmp.Or(in.Flavor, t.Flavor), cfg.Flavor},
		{"availability zone", cmp.Or(in.Zone, t.Zone), cfg.Zone},
		{"service subnet", t.VIP.Subnet, cfg.ServiceSubnet},
	} {
		switch {
		case one.says == "" || one.says == one.has:
		case one.has == "":
			fmt.Fprintf(&b, "; it keeps the cloud's default %s: the configuration says %s", one.what, one.says)
		default:
			fmt.Fprintf(&b, "; it keeps %s %s: the configuration says %s", one.what, one.has, one.says)
		}
	}
	return b.String()
}

// ingress is where the Service is reached from outside, once it is.
func ingress(v policy.Verdict, t octavia.Tree) []corev1.LoadBalancerIngress {
	addresses := []netip.Addr{t.FloatingIP.Address}
	switch {
	case v.Intent.ExternalIP.Method == policy.None:
		addresses[0] = t.VIP.Address
		for _, more := range t.More {
			addresses = append(addresses, more.Address)
		}
	case t.FloatingIP.Port != t.VIP.Port || !t.FloatingIP.Address.IsValid():
		return nil
	}
	var all []corev1.LoadBalancerIngress
	for _, a := range addresses {
		all = append(all, corev1.LoadBalancerIngress{IP: a.String(), IPMode: new(ipMode(v.Intent))})
	}
	return all
}

// ipMode tells kube-proxy whether it may take a short cut from Pods to Pods past the load
// balancer: not where that adds something on the way that the Pods rely on.
func ipMode(in policy.Intent) corev1.LoadBalancerIPMode {
	proxied := in.Traffic.Proxy == annotation.ProxyV1 || in.Traffic.Proxy == annotation.ProxyV2
	if proxied || in.Traffic.Forwarded || in.Traffic.Certificate != "" {
		return corev1.LoadBalancerIPModeProxy
	}
	return corev1.LoadBalancerIPModeVIP
}

// announce puts an event beside a condition that has changed for the worse or to Ready. A
// change that the cache does not show yet was announced already.
func (r *Reconciler) announce(svc, stored *corev1.Service, o Outcome) {
	now, before := apimeta.FindStatusCondition(svc.Status.Conditions, Ready), apimeta.FindStatusCondition(stored.Status.Conditions, Ready)
	if now != nil && before != nil && before.Reason == now.Reason && before.Message == now.Message {
		return
	}
	if now == nil || !o.Warn && now.Status != metav1.ConditionTrue {
		r.announced.forget(svc.UID)
		return
	}
	if r.announced.already(svc.UID, now.Reason+": "+now.Message) {
		return
	}
	kind := corev1.EventTypeNormal
	if o.Warn {
		kind = corev1.EventTypeWarning
	}
	r.Events.Eventf(svc, nil, kind, now.Reason, "Reconcile", "%s", now.Message)
}
