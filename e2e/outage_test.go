package e2e

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/manifests"
)

// What octagate's own certificates are in these tests: known after half a second, and, when
// they are to become old, good for 20 s, of which a slow machine needs some.
const (
	lasting  = "certificates: {settle: 500ms}\n"
	fleeting = "certificates: {lifetime: 20s, settle: 500ms}\n"
)

// Two replicas behind one address, of an API server that refuses what they do not answer:
// whatever becomes of their certificates and of one of them, nobody is refused for it.
func TestNoOutageIsOurs(t *testing.T) {
	if ground.Real != nil {
		t.Skip("NOT RUN: what depends on the cloud in this, others try")
	}
	options := ground
	options.Name, options.Replicas, options.Pending, options.FloatingIPs = "replicas", 2, 500*time.Millisecond, nil
	options.Edit = func(config string) string {
		return strings.Replace(ground.Edit(config), "lameDuck: 1s", "lameDuck: 1s\n  connectionAge: 200ms", 1) + lasting
	}
	whole := cornerOf(t, anotherWorld(t, options), "outage")
	whole.insist()
	for _, part := range []struct {
		name string
		run  func(*corner)
	}{
		{"replicas are restarted", (*corner).replicasAreRestarted},
		{"certificates of its own change", (*corner).ownCertificatesChange},
		{"the leader is killed", (*corner).theLeaderIsKilled},
		{"certificates of cert-manager change", (*corner).certManagersCertificatesChange},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(&corner{t, whole.world, whole.namespace, whole.cloud}) })
	}
}

// ownCertificatesChange by themselves when they become old, and when the Secret with their
// authority is deleted, spoilt, or replaced by somebody's.
func (c *corner) ownCertificatesChange() {
	f := c.flood()
	first, _ := c.served()
	c.changed("a leaf grows old", func() bool {
		now, known := c.served()
		return known && now[0] != first[0] && now[1] != first[1]
	})
	for claim, meddle := range map[string]func(*corev1.Secret){
		"the Secret is deleted": nil,
		"the Secret is spoilt":  func(s *corev1.Secret) { s.Data["tls.key"] = []byte("garbage") },
		"the Secret is emptied": func(s *corev1.Secret) { s.Data = nil },
		"somebody replaces it": func(s *corev1.Secret) {
			ca := newCA(c.T)
			s.Data = map[string][]byte{"tls.crt": ca.certificate, "tls.key": ca.key, "ca.crt": ca.certificate}
		},
	} {
		old := c.authority()
		c.meddle(old, meddle)
		c.changed(claim, func() bool {
			_, known := c.served()
			return known && !bytes.Equal(c.authority().Data["ca.crt"], old.Data["ca.crt"])
		})
	}
	f.end()
}

// changed waits for something to be seen.
func (c *corner) changed(claim string, seen func() bool) {
	c.Helper()
	c.until(claim+": seen", func() string {
		if seen() {
			return claim + ": seen"
		}
		return claim + ": not yet"
	})
}

// authority is the Secret with octagate's own, an empty one if there is none at the moment.
func (c *corner) authority() *corev1.Secret {
	c.Helper()
	secret := &corev1.Secret{}
	err := c.world.Cluster.Client.Get(c.Context(), client.ObjectKey{Namespace: manifests.Namespace, Name: "octagate-ca"}, secret)
	if client.IgnoreNotFound(err) != nil {
		c.Fatal(err)
	}
	return secret
}

// meddle deletes a Secret or changes it.
func (c *corner) meddle(secret *corev1.Secret, edit func(*corev1.Secret)) {
	c.Helper()
	changed := secret.DeepCopy()
	if edit == nil {
		if err := c.world.Cluster.Client.Delete(c.Context(), changed); err != nil {
			c.Fatal(err)
		}
		return
	}
	edit(changed)
	if err := c.world.Cluster.Client.Update(c.Context(), changed); err != nil {
		c.Fatal(err)
	}
}

// served are the serial numbers of what the replicas serve, and whether the authority that
// is in the Secret signed them all.
func (c *corner) served() (serials []string, known bool) {
	c.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.authority().Data["ca.crt"])
	known = true
	for _, r := range c.world.Replicas {
		leaf, err := r.Certificate(c.Context())
		if err != nil {
			c.Fatal(err)
		}
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "octagate.octagate-system.svc"})
		serials, known = append(serials, leaf.SerialNumber.String()), known && err == nil
	}
	return serials, known
}

// replicasAreRestarted one after the other, the leader among them, until enough have come;
// each first as it was, then with certificates that do not live long.
func (c *corner) replicasAreRestarted() {
	f := c.flood()
	for round := 0; round < 2 || f.sent.Load() < enough; round++ {
		for _, r := range c.world.Replicas {
			if round == 1 {
				c.edit(r.Config, lasting, fleeting)
			}
			c.restart(r)
		}
	}
	f.end()
}

func (c *corner) restart(r *testbed.Replica) {
	c.Helper()
	if err := r.Stop(); err != nil {
		c.Fatal(err)
	}
	if err := r.Start(c.Context()); err != nil {
		c.Fatal(err)
	}
}

// dozen is how many Services are being built when the leader dies.
const dozen = 12

// theLeaderIsKilled while it builds. The other one finishes everything that is half made,
// and makes nothing twice.
func (c *corner) theLeaderIsKilled() {
	free := len(c.floatingIPs())
	c.pod("a", "10.1.11.1", webPorts)
	var manifests []string
	for n := range dozen {
		manifests = append(manifests, named(fmt.Sprint("web-", n), manifest(balanced+http80)))
	}
	leader := c.leader()
	c.apply(strings.Join(manifests, "---\n"))
	c.changed("some are half made", func() bool { return c.balancers(c.Context()) >= dozen/4 })
	if err := leader.Kill(); err != nil {
		c.Fatal(err)
	}
	if ready := c.allReady(); ready == fmt.Sprint(dozen, " ready") {
		c.Error("the leader was killed too late")
	} else {
		c.Logf("when the leader was killed there were %d load balancers, %s", c.balancers(c.Context()), ready)
	}
	c.until(fmt.Sprint(dozen, " ready"), c.allReady)
	if n := c.balancers(c.Context()); n != dozen {
		c.Errorf("%d Services have %d load balancers", dozen, n)
	}
	if n := len(c.floatingIPs()) - free; n != dozen {
		c.Errorf("%d Services have %d floating IPs", dozen, n)
	}
	if err := leader.Start(c.Context()); err != nil {
		c.Fatal(err)
	}
}

// leader waits for one of the replicas to lead.
func (c *corner) leader() (leader *testbed.Replica) {
	c.Helper()
	c.changed("one leads", func() bool {
		for _, r := range c.world.Replicas {
			if leads, err := r.Leads(c.Context()); err == nil && leads {
				leader = r
			}
		}
		return leader != nil
	})
	return leader
}

// certManagersCertificatesChange, and so does their authority. What cert-manager says of the
// Certificate is seen at octagate's Service.
func (c *corner) certManagersCertificatesChange() {
	m := c.installCertManager()
	for i, r := range c.world.Replicas {
		if err := r.Stop(); err != nil {
			c.Fatal(err)
		}
		c.edit(r.Config, fleeting, "certificates: {source: CertManager, settle: 500ms, directory: "+m.directory(i)+"}\n")
	}
	m.inject()
	for _, r := range c.world.Replicas {
		if err := r.Start(c.Context()); err != nil {
			c.Fatal(err)
		}
	}
	c.until("True Serving", c.ownService())
	f := c.flood()
	for i, ca := range []*pair{m.ca, newCA(c.T), m.ca, newCA(c.T)} { // a leaf by the same one, and three changes
		m.ca = ca
		m.issue()
		c.changed(fmt.Sprint("change ", i), func() bool { return c.all(m.leaf.cert) })
	}
	m.says(cmmeta.ConditionFalse, "Failed", "the issuer is gone")
	c.until("False Failed", c.ownService())
	m.says(cmmeta.ConditionTrue, "Ready", "")
	c.until("True Serving", c.ownService())
	f.end()
}

// all reports whether each replica serves a certificate.
func (c *corner) all(leaf *x509.Certificate) bool {
	c.Helper()
	for _, r := range c.world.Replicas {
		now, err := r.Certificate(c.Context())
		if err != nil {
			c.Fatal(err)
		}
		if !now.Equal(leaf) {
			return false
		}
	}
	return true
}

// edit changes a file.
func (c *corner) edit(file, old, new string) {
	c.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(old), []byte(new), 1), 0o600); err != nil {
		c.Fatal(err)
	}
}

// ownService makes octagate's own Service, without an address that would have to be
// balanced, and returns what tells the condition of its certificate.
func (c *corner) ownService() (condition func() string) {
	c.Helper()
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: manifests.Namespace, Name: manifests.Name},
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Ports: []corev1.ServicePort{{Port: 443}}},
	}
	if err := c.world.Cluster.Client.Create(c.Context(), svc); client.IgnoreAlreadyExists(err) != nil {
		c.Fatal(err)
	}
	return func() string {
		if err := c.world.Cluster.Client.Get(c.Context(), client.ObjectKeyFromObject(svc), svc); err != nil {
			c.Fatal(err)
		}
		for _, condition := range svc.Status.Conditions {
			if condition.Type == "octagate.dev/CertificateReady" {
				return string(condition.Status) + " " + condition.Reason
			}
		}
		return "none"
	}
}
