package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/manifests"
)

// A pair is a certificate with its key, both as PEM.
type pair struct {
	certificate, key []byte
	cert             *x509.Certificate
	secret           *ecdsa.PrivateKey
}

// newPair is a certificate signed by another, or by itself.
func newPair(t *testing.T, by *pair, template *x509.Certificate) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.secret
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return &pair{encode("CERTIFICATE", raw), encode("PRIVATE KEY", secret), cert, key}
}

func newCA(t *testing.T) *pair {
	t.Helper()
	return newPair(t, nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "somebody's"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	})
}

// A certManager stands for cert-manager, its cainjector and the kubelets, as far as octagate
// sees them.
type certManager struct {
	*corner
	client client.Client
	ca     *pair
	leaf   *pair
}

// installCertManager makes the Certificate of the manifests, with the rights that ship with
// it, and issues it to both replicas.
func (c *corner) installCertManager() *certManager {
	c.Helper()
	dir, err := exec.CommandContext(c.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager").Output()
	if err != nil {
		c.Fatal(err)
	}
	crd := filepath.Join(strings.TrimSpace(string(dir)), "deploy", "crds", "cert-manager.io_certificates.yaml")
	if _, err := envtest.InstallCRDs(c.world.Cluster.Config, envtest.CRDInstallOptions{Paths: []string{crd}, ErrorIfPathMissing: true}); err != nil {
		c.Fatal(err)
	}
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, cmapi.AddToScheme} {
		if err := add(known); err != nil {
			c.Fatal(err)
		}
	}
	m := &certManager{corner: c, ca: newCA(c.T)}
	if m.client, err = client.New(c.world.Cluster.Config, client.Options{Scheme: known}); err != nil {
		c.Fatal(err)
	}
	m.install()
	m.says(cmmeta.ConditionTrue, "Ready", "Certificate is up to date and has not expired")
	m.issue()
	return m
}

// install installs of the manifests what is octagate's: the Certificate and the rights.
func (m *certManager) install() {
	m.Helper()
	file, err := os.ReadFile("../manifests/components/cert-manager/certificate.yaml")
	if err != nil {
		m.Fatal(err)
	}
	for document := range bytes.SplitSeq(file, []byte("\n---\n")) {
		var kind metav1.PartialObjectMetadata
		if err := yaml.Unmarshal(document, &kind); err != nil {
			m.Fatal(err)
		}
		var object client.Object
		switch kind.Kind + "/" + kind.Name {
		case "Certificate/octagate":
			object = &cmapi.Certificate{}
		case "Role/octagate-certificates":
			object = &rbacv1.Role{}
		case "RoleBinding/octagate-certificates":
			object = &rbacv1.RoleBinding{}
		default:
			continue
		}
		if err := yaml.Unmarshal(document, object); err != nil {
			m.Fatal(err)
		}
		if err := m.client.Create(m.Context(), object); err != nil {
			m.Fatal(err)
		}
	}
}

// says has the Certificate be in a state.
func (m *certManager) says(status cmmeta.ConditionStatus, reason, message string) {
	m.Helper()
	object := &cmapi.Certificate{}
	if err := m.client.Get(m.Context(), client.ObjectKey{Namespace: manifests.Namespace, Name: manifests.Name}, object); err != nil {
		m.Fatal(err)
	}
	object.Status.Conditions = []cmapi.CertificateCondition{{
		Type: cmapi.CertificateConditionReady, Status: status, Reason: reason, Message: message, LastTransitionTime: new(metav1.Now()),
	}}
	if err := m.client.Status().Update(m.Context(), object); err != nil {
		m.Fatal(err)
	}
}

// directory is where a replica has the Secret mounted.
func (m *certManager) directory(replica int) string {
	return filepath.Join(m.world.Dir, "tls-"+string(rune('0'+replica)))
}

// issue issues a new leaf and brings it to one replica after the other, as kubelets do: by
// a link to a directory that is exchanged.
func (m *certManager) issue() {
	m.Helper()
	m.leaf = newPair(m.T, m.ca, &x509.Certificate{
		DNSNames: []string{"octagate.octagate-system.svc"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	for i := range m.world.Replicas {
		if err := m.mount(m.directory(i)); err != nil {
			m.Fatal(err)
		}
	}
}

func (m *certManager) mount(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	version, err := os.MkdirTemp(dir, "..version")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"tls.crt": m.leaf.certificate, "tls.key": m.leaf.key, "ca.crt": m.ca.certificate} {
		if err := os.WriteFile(filepath.Join(version, name), content, 0o600); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	if err := os.Symlink(filepath.Base(version), filepath.Join(dir, "..new")); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data"))
}

// inject does what cainjector does for the annotation of the manifests, until the test ends:
// the bundle in the Secret is that of both configurations.
func (m *certManager) inject() {
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			secret := &corev1.Secret{}
			if m.client.Get(m.Context(), client.ObjectKey{Namespace: manifests.Namespace, Name: "octagate-bundle"}, secret) == nil {
				m.injectBundle(secret.Data["ca.crt"])
			}
			select {
			case <-m.Context().Done():
				return
			case <-tick.C:
			}
		}
	}()
}

func (m *certManager) injectBundle(bundle []byte) {
	v := &admissionv1.ValidatingWebhookConfiguration{}
	err := m.client.Get(m.Context(), client.ObjectKey{Name: manifests.Name}, v)
	if err != nil || bytes.Equal(v.Webhooks[0].ClientConfig.CABundle, bundle) {
		return
	}
	m.rewrite(func(m *admissionv1.MutatingWebhookConfiguration, v *admissionv1.ValidatingWebhookConfiguration) {
		m.Webhooks[0].ClientConfig.CABundle, v.Webhooks[0].ClientConfig.CABundle = bundle, bundle
	})
}
