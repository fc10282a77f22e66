package e2e

import (
	"cmp"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/manifests"
)

// The API server insists on octagate's answer once there is one, and nothing that octagate
// or the cluster needs waits for it: not where octagate was killed, and not where the
// webhook configurations are there before octagate ever was.
func TestEnforcementArmsItself(t *testing.T) {
	if ground.Real != nil {
		t.Skip("NOT RUN: nothing of this depends on the cloud")
	}
	options := ground
	options.Name, options.FloatingIPs = "armed", nil
	options.Edit = func(config string) string {
		return strings.NewReplacer("enforcement: Deny", "enforcement: Arm",
			"enabled: false", "enabled: true\n  namespace: "+manifests.Namespace).Replace(ground.Edit(config))
	}
	c := cornerOf(t, anotherWorld(t, options), "armed")
	c.until("Fail", c.failurePolicy)

	c.kill()
	c.refused(`failed calling webhook "validate.octagate.dev"`)
	c.nobodyElseWaits("killed")
	c.reinstall(admissionv1.Fail)
	c.refused(`failed calling webhook "mutate.octagate.dev"`)
	c.nobodyElseWaits("never-started")
	c.theAPIServersOwnComesBack()

	c.start()
	c.apply(manifest("  type: NodePort\n" + http80))
	c.refusesABadOne()
	c.disarms()
	c.kill()
	c.apply(named("unjudged", manifest("  type: NodePort\n"+http80)))

	c.reinstall(admissionv1.Ignore)
	c.forgetTheLeader()
	c.start()
	c.until("Fail", c.failurePolicy)
}

func (c *corner) kill() {
	c.Helper()
	if err := c.world.Octagate.Kill(); err != nil {
		c.Fatal(err)
	}
}

func (c *corner) start() {
	c.Helper()
	if err := c.world.RestartOctagate(c.Context()); err != nil {
		c.Fatal(err)
	}
}

// forgetTheLeader takes away the lease of who was killed, rather than wait for its end.
func (c *corner) forgetTheLeader() {
	c.Helper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: manifests.Namespace, Name: "octagate.dev"}}
	if err := c.world.Cluster.Client.Delete(c.Context(), lease); err != nil {
		c.Fatal(err)
	}
}

// failurePolicy is that of the validating webhook.
func (c *corner) failurePolicy() string {
	c.Helper()
	configuration := &admissionv1.ValidatingWebhookConfiguration{}
	if err := c.world.Cluster.Client.Get(c.Context(), client.ObjectKey{Name: manifests.Name}, configuration); err != nil {
		c.Fatal(err)
	}
	return string(*configuration.Webhooks[0].FailurePolicy)
}

// refused wants a good Service refused for a reason.
func (c *corner) refused(why string) {
	c.Helper()
	code, said := c.kubectl(manifest(http80), "apply", "-f", "-")
	if code == 0 || !strings.Contains(said, why) || !strings.Contains(said, "connection refused") {
		c.Errorf("kubectl ended with %d: %s", code, said)
	}
}

// nobodyElseWaits wants Services stored that octagate is not asked about.
func (c *corner) nobodyElseWaits(name string) {
	c.Helper()
	for _, namespace := range []string{metav1.NamespaceSystem, manifests.Namespace} {
		svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80}}}}
		err := c.world.Cluster.Client.Create(c.Context(), svc)
		if err = cmp.Or(err, c.world.Cluster.Client.Delete(c.Context(), svc)); err != nil {
			c.Errorf("in %s: %v", namespace, err)
		}
	}
}

// theAPIServersOwnComesBack takes default/kubernetes away and waits for it, as at the first
// start of a cluster.
func (c *corner) theAPIServersOwnComesBack() {
	c.Helper()
	own := &corner{c.T, c.world, metav1.NamespaceDefault, c.cloud}
	before := own.service("kubernetes").UID
	if code, said := own.kubectl("", "delete", "service", "kubernetes"); code != 0 {
		c.Fatal(said)
	}
	c.until("new", func() string {
		svc := &corev1.Service{}
		if err := c.world.Cluster.Client.Get(c.Context(), client.ObjectKey{Namespace: own.namespace, Name: "kubernetes"}, svc); err != nil {
			return err.Error()
		}
		return map[bool]string{true: "old", false: "new"}[svc.UID == before]
	})
}

// reinstall puts both webhook configurations there as they were before octagate saw them,
// but for the failurePolicy.
func (c *corner) reinstall(policy admissionv1.FailurePolicyType) {
	c.Helper()
	api, key := c.world.Cluster.Client, client.ObjectKey{Name: manifests.Name}
	mutating, validating := &admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{}
	if err := cmp.Or(api.Get(c.Context(), key, mutating), api.Get(c.Context(), key, validating)); err != nil {
		c.Fatal(err)
	}
	fresh := metav1.ObjectMeta{Name: manifests.Name}
	mutating.ObjectMeta, validating.ObjectMeta = fresh, fresh
	mutating.Webhooks[0].FailurePolicy, mutating.Webhooks[0].ClientConfig.CABundle = &policy, nil
	validating.Webhooks[0].FailurePolicy, validating.Webhooks[0].ClientConfig.CABundle = &policy, nil
	for _, o := range []client.Object{mutating, validating} {
		if err := cmp.Or(api.Delete(c.Context(), o), api.Create(c.Context(), o)); err != nil {
			c.Fatal(err)
		}
	}
}

func (c *corner) refusesABadOne() {
	c.Helper()
	code, said := c.kubectl(named("bad", manifest(balanced+"  loadBalancerIP: nonsense\n"+http80)), "apply", "-f", "-")
	if code == 0 || !strings.Contains(said, "spec.loadBalancerIP") {
		c.Errorf("kubectl ended with %d: %s", code, said)
	}
}

// disarms runs `octagate disarm`, as one does before an uninstallation.
func (c *corner) disarms() {
	c.Helper()
	out, err := c.world.Command(c.Context(), "disarm")
	if err != nil || out.Code != 0 || !strings.Contains(out.Stdout, "octagate is disarmed") {
		c.Errorf("%v: %+v", err, out)
	}
	if policy := c.failurePolicy(); policy != "Ignore" {
		c.Errorf("the failurePolicy is %s", policy)
	}
}
