package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/manifests"
	"github.com/octagate/octagate/webhook"
)

// The namespaces in which Services are created, each with more that looks at them.
const (
	plain    = "bench-plain"    // nobody
	noops    = "bench-noop"     // a mutating and a validating webhook that judge nothing
	notes    = "bench-notes"    // the same, but the mutating one annotates as octagate does
	ours     = "bench-ours"     // octagate's
	policies = "bench-policies" // octagate's, and the API server's own policies
)

var namespaces = []string{plain, noops, notes, ours, policies}

// mostAdded is the goal for what octagate adds to a create, of what webhooks add that judge
// nothing.
const mostAdded = 1.2

// apiserver creates Services of each kind in turns, so that noise is everybody's. octagate
// does not lead, and so does nothing but answer: what it builds would be noise.
func apiserver(ctx context.Context, b *bench) (err error) {
	elected := func(config string) string {
		return strings.Replace(usual(config), "leaderElection:\n  enabled: false\n", "leaderElection:\n  enabled: true\n  namespace: octagate-system\n", 1)
	}
	w, err := b.world(ctx, "apiserver", testbed.Options{Edit: elected})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Stop()) }()
	n, err := startNoop()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	if err := errors.Join(follower(ctx, w), divide(ctx, w.Cluster.Client, n)); err != nil {
		return err
	}
	took, err := createAll(ctx, w.Cluster.Client, b.size.creates)
	if err != nil {
		return err
	}
	for _, of := range namespaces {
		b.created(of, took)
	}
	return nil
}

// created reports what the creates in one namespace took, and what they took more than
// those that nobody looked at.
func (b *bench) created(of string, took map[string][]time.Duration) {
	at := func(namespace string, part float64) float64 {
		return percentile(slices.Sorted(slices.Values(took[namespace])), part)
	}
	more := func(namespace string, part float64) float64 { return at(namespace, part) - at(plain, part) }
	values := []value{is(at(of, 0.5), "p50-ms"), is(at(of, 0.99), "p99-ms"), is(more(of, 0.5), "p50-more-ms"), is(more(of, 0.99), "p99-more-ms")}
	if of != plain && of != noops {
		low, high := span(took[plain], took[noops], took[of])
		values = append(values, atMost(more(of, 0.5)/more(noops, 0.5), mostAdded, "p50-ratio"), is(low, "p50-ratio-low"), is(high, "p50-ratio-high"),
			atMost(more(of, 0.99)/more(noops, 0.99), mostAdded, "p99-ratio"), is(more(of, 0.5)/more(notes, 0.5), "p50-to-notes"))
	}
	b.report.add("apiserver", "create/"+strings.TrimPrefix(of, "bench-"), values...)
}

// span is where nine of ten of the ratios lie that parts of the run have by themselves.
func span(plain, noop, of []time.Duration) (low, high float64) {
	const parts = 20
	var ratios []float64
	for i := range parts {
		median := func(all []time.Duration) float64 {
			from, to := i*len(all)/parts, (i+1)*len(all)/parts
			return percentile(slices.Sorted(slices.Values(all[from:to])), 0.5)
		}
		ratios = append(ratios, (median(of)-median(plain))/(median(noop)-median(plain)))
	}
	slices.Sort(ratios)
	return ratios[1], ratios[parts-2]
}

// follower has octagate start again while somebody else leads, for longer than this takes.
func follower(ctx context.Context, w *testbed.World) error {
	if err := w.Octagate.Stop(); err != nil {
		return err
	}
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		lease := &coordinationv1.Lease{}
		if err := w.Cluster.Client.Get(ctx, client.ObjectKey{Namespace: manifests.Namespace, Name: "octagate.dev"}, lease); err != nil {
			return err
		}
		lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds, lease.Spec.RenewTime = new("bench"), new(int32(3600)), new(metav1.NowMicro())
		return w.Cluster.Client.Update(ctx, lease)
	})
	if err != nil {
		return fmt.Errorf("taking the lease: %w", err)
	}
	return errors.Join(w.RestartOctagate(ctx), w.Cluster.AwaitArmed(ctx))
}

// divide makes the namespaces, and has everybody look only where they should.
func divide(ctx context.Context, c client.Client, n *noop) error {
	for _, name := range namespaces {
		if err := c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return fmt.Errorf("making a namespace: %w", err)
		}
	}
	return errors.Join(leaveOut(ctx, c), restrict(ctx, c), n.install(ctx, c))
}

// within selects namespaces.
func within(is metav1.LabelSelectorOperator, names ...string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: corev1.LabelMetadataName, Operator: is, Values: names}
}

// leaveOut has octagate's webhooks not asked about what is not theirs.
func leaveOut(ctx context.Context, c client.Client) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		m, v := &admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}
		for _, o := range []client.Object{m, v} {
			if err := c.Get(ctx, client.ObjectKey{Name: manifests.Name}, o); err != nil {
				return err
			}
		}
		for _, selector := range []*metav1.LabelSelector{m.Webhooks[0].NamespaceSelector, v.Webhooks[0].NamespaceSelector} {
			selector.MatchExpressions = append(selector.MatchExpressions, within(metav1.LabelSelectorOpNotIn, plain, noops, notes))
		}
		return errors.Join(c.Update(ctx, m), c.Update(ctx, v))
	})
}

// restrict has the API server's own policies look only where they are measured.
func restrict(ctx context.Context, c client.Client) error {
	only := &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{within(metav1.LabelSelectorOpNotIn, plain, noops, notes, ours)},
	}}
	var validating admissionv1.ValidatingAdmissionPolicyBindingList
	var mutating admissionv1.MutatingAdmissionPolicyBindingList
	if err := errors.Join(c.List(ctx, &validating), c.List(ctx, &mutating)); err != nil {
		return fmt.Errorf("looking for policies: %w", err)
	}
	var errs []error
	for i := range validating.Items {
		validating.Items[i].Spec.MatchResources = only
		errs = append(errs, c.Update(ctx, &validating.Items[i]))
	}
	for i := range mutating.Items {
		mutating.Items[i].Spec.MatchResources = only
		errs = append(errs, c.Update(ctx, &mutating.Items[i]))
	}
	return errors.Join(errs...)
}

// install has the webhooks that judge nothing asked in their namespaces. They are what
// ships in all else, conditions among it.
func (n *noop) install(ctx context.Context, c client.Client) error {
	return errors.Join(n.ask(ctx, c, noops, webhook.MutatePath), n.ask(ctx, c, notes, notePath))
}

// ask has two webhooks asked in a namespace, one of which may mutate.
func (n *noop) ask(ctx context.Context, c client.Client, namespace, mutatePath string) error {
	m, v, err := manifests.Webhooks()
	if err != nil {
		return err
	}
	selector := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{within(metav1.LabelSelectorOpIn, namespace)}}
	url := func(path string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{URL: new("https://" + n.address + path), CABundle: n.ca}
	}
	fail := new(admissionv1.Fail) // so that it is seen
	m.Name, v.Name = namespace, namespace
	one, other := &m.Webhooks[0], &v.Webhooks[0]
	one.NamespaceSelector, one.ClientConfig, one.FailurePolicy = selector, url(mutatePath), fail
	other.NamespaceSelector, other.ClientConfig, other.FailurePolicy = selector, url(webhook.ValidatePath), fail
	return errors.Join(c.Create(ctx, m), c.Create(ctx, v))
}

// warming is how many Services are created before it counts.
const warming = 50

// createAll creates so many Services in each namespace, one in each before the next, and tells
// how long each create took. Whose turn it is changes each time, for each leaves work behind
// that the next one waits for.
func createAll(ctx context.Context, c client.Client, n int) (map[string][]time.Duration, error) {
	if err := pause(ctx, time.Second); err != nil { // the API server may not know all of the configurations yet
		return nil, err
	}
	took, luck := map[string][]time.Duration{}, rand.New(rand.NewPCG(1, 2))
	for i := range warming + n {
		for _, turn := range luck.Perm(len(namespaces)) {
			namespace := namespaces[turn]
			each, err := create(ctx, c, namespace, i)
			if err != nil {
				return nil, err
			}
			if i >= warming {
				took[namespace] = append(took[namespace], each)
			}
		}
	}
	return took, nil
}

// create creates one Service, and makes sure that who should have looked at it did.
func create(ctx context.Context, c client.Client, namespace string, number int) (time.Duration, error) {
	svc := newService()
	svc.Namespace, svc.Name = namespace, fmt.Sprint("web-", number)
	begun := time.Now()
	if err := c.Create(ctx, svc); err != nil {
		return 0, fmt.Errorf("creating a Service in %s: %w", namespace, err)
	}
	took := time.Since(begun)
	verdict := svc.Annotations["octagate.dev/verdict"]
	if annotated := namespace != plain && namespace != noops; annotated != (verdict == "accepted") {
		return 0, fmt.Errorf("in %s the verdict is %q", namespace, verdict)
	}
	return took, nil
}

// newService is what is created.
func newService() *corev1.Service {
	svc := usualService("")
	svc.UID, svc.Spec.Type, svc.Spec.ClusterIP, svc.Spec.ClusterIPs = "", corev1.ServiceTypeClusterIP, "", nil
	return svc
}
