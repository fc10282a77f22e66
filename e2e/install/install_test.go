// Package install tests what is installed, on a real API server: that it takes all of it,
// that the Pods keep to the profile "restricted", what octagate may do, and what becomes of
// an octagate at work when it is installed once more.
package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/manifests"
)

// A site is a cluster without octagate.
type site struct {
	*testing.T
	cluster *testbed.Cluster
}

func newSite(t *testing.T) *site {
	t.Helper()
	c, err := testbed.StartCluster(t.Context(), t.TempDir(), "10.2.0.0/24")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &site{t, c}
}

// file is the absolute path of one of the manifests.
func (s *site) file(name string) string {
	s.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "manifests", name))
	if err != nil {
		s.Fatal(err)
	}
	return path
}

// kubectl wants kubectl to succeed without a warning, and returns what it said.
func (s *site) kubectl(stdin string, args ...string) string {
	s.Helper()
	out, err := s.cluster.Kubectl(s.Context(), stdin, args...)
	if err != nil || out.Code != 0 || out.Stderr != "" {
		s.Fatalf("kubectl %q: %v: %+v", args, err, out)
	}
	return out.Stdout
}

// overlay is an overlay as kubectl renders it.
func (s *site) overlay(name string) string {
	s.Helper()
	return s.kubectl("", "kustomize", s.file(filepath.Join("overlays", name)))
}

func (s *site) read(key client.ObjectKey, into client.Object) {
	s.Helper()
	if err := s.cluster.Client.Get(s.Context(), key, into); err != nil {
		s.Fatal(err)
	}
}

func TestWhatIsInstalled(t *testing.T) {
	s := newSite(t)
	if said := s.kubectl("", "apply", "-f", s.file("install.yaml")); !strings.Contains(said, "deployment.apps/octagate created") {
		t.Error(said)
	}
	for _, name := range []string{"self", "cert-manager", "ha", "legacy"} {
		rendered := withoutCertManager(s.overlay(name))
		s.kubectl(rendered, "apply", "--dry-run=server", "-f", "-")
		s.restricted(name, rendered)
	}
	s.kubectl(s.kubectl("", "kustomize", s.file("example")), "apply", "--dry-run=server", "-f", "-")
	s.rights()
	s.installedOnceMore()
	s.leaves()
}

// withoutCertManager leaves out the kinds that only cert-manager brings.
func withoutCertManager(text string) string {
	var rest []string
	for document := range strings.SplitSeq(text, "\n---\n") {
		if !strings.Contains(document, "apiVersion: cert-manager.io/v1") {
			rest = append(rest, document)
		}
	}
	return strings.Join(rest, "\n---\n")
}

// restricted has the API server admit a Pod of the Deployment in octagate's own namespace,
// and shows that it would not admit much else.
func (s *site) restricted(overlay, rendered string) {
	s.Helper()
	var deployment appsv1.Deployment
	for document := range strings.SplitSeq(rendered, "\n---\n") {
		if strings.Contains(document, "\nkind: Deployment\n") {
			if err := yaml.UnmarshalStrict([]byte(document), &deployment); err != nil {
				s.Fatal(err)
			}
		}
	}
	for claim, spoil := range map[string]func(*corev1.PodSpec){
		"":                  func(*corev1.PodSpec) {},
		"as root":           func(p *corev1.PodSpec) { p.SecurityContext.RunAsNonRoot = nil },
		"unconfined":        func(p *corev1.PodSpec) { p.SecurityContext.SeccompProfile = nil },
		"with capabilities": func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Capabilities = nil },
		"on the host":       func(p *corev1.PodSpec) { p.HostNetwork = true },
	} {
		template := deployment.Spec.Template.DeepCopy()
		spoil(&template.Spec)
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		pod.Namespace, pod.GenerateName = manifests.Namespace, "octagate-"
		err := s.cluster.Client.Create(s.Context(), pod)
		if refused := err != nil && strings.Contains(err.Error(), `violates PodSecurity "restricted`); err != nil && !refused || refused != (claim != "") {
			s.Errorf("%s: a Pod %s: %v", overlay, claim, err)
		}
	}
}

// rights are what octagate may do, and some of what it may not.
func (s *site) rights() {
	s.Helper()
	for claim, tt := range map[string]struct {
		asked authorizationv1.ResourceAttributes
		want  bool
	}{
		"writes onto any Service":       {authorizationv1.ResourceAttributes{Namespace: "shop", Verb: "patch", Resource: "services"}, true},
		"deletes none":                  {authorizationv1.ResourceAttributes{Namespace: "shop", Verb: "delete", Resource: "services"}, false},
		"makes none":                    {authorizationv1.ResourceAttributes{Namespace: "shop", Verb: "create", Resource: "services"}, false},
		"tries one in default":          {authorizationv1.ResourceAttributes{Namespace: "default", Verb: "create", Resource: "services"}, true},
		"reads no Secrets of others":    {authorizationv1.ResourceAttributes{Namespace: "shop", Verb: "get", Resource: "secrets"}, false},
		"lists no Secrets of its own":   {authorizationv1.ResourceAttributes{Namespace: manifests.Namespace, Verb: "list", Resource: "secrets"}, false},
		"runs nothing":                  {authorizationv1.ResourceAttributes{Namespace: manifests.Namespace, Verb: "create", Resource: "pods"}, false},
		"sets its own failurePolicy":    {authorizationv1.ResourceAttributes{Verb: "update", Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations", Name: "octagate"}, true},
		"no others'":                    {authorizationv1.ResourceAttributes{Verb: "update", Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations", Name: "other"}, false},
		"makes no webhooks":             {authorizationv1.ResourceAttributes{Verb: "create", Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations"}, false},
		"gives nobody rights":           {authorizationv1.ResourceAttributes{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings"}, false},
		"holds the lease of its leader": {authorizationv1.ResourceAttributes{Namespace: manifests.Namespace, Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Name: "octagate.dev"}, true},
		"nor that of another":           {authorizationv1.ResourceAttributes{Namespace: "kube-system", Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Name: "kube-scheduler"}, false},
	} {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:octagate-system:octagate", ResourceAttributes: &tt.asked,
		}}
		if err := s.cluster.Client.Create(s.Context(), review); err != nil || review.Status.Allowed != tt.want {
			s.Errorf("it %s: %v, %v", claim, review.Status.Allowed, err)
		}
	}
}

// authority is a certificate that octagate may have written.
const authority = `-----BEGIN CERTIFICATE-----
MIIBfjCCASOgAwIBAgIUar9P/wIXN9Fk8MQDzy/6r8OcaFkwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIc29tZWJvZHkwIBcNMjYxMTIyMTI0OTU3WhgPMjEyNjEwMjkx
MjQ5NTdaMBMxETAPBgNVBAMMCHNvbWVib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEXjHfaGyW1oTvwJH+RIp+t0A/LEuZ9TRp+ceI9e39yM2tg+PuF1/26TRs
5bwlHbCgH0CkgUFy8Ryyo+BaRES3uqNTMFEwHQYDVR0OBBYEFPeXvi85OlhCfi9g
RmKrNbR2P378MB8GA1UdIwQYMBaAFPeXvi85OlhCfi9gRmKrNbR2P378MA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAKj+VQcIVRS/yLmpFoxZ3hgn
J/kdx3E+v9G0U4wAtFKmAiEA2CnE1PO20nniKAKudYnoYVtUqGQ/AhBtkYOAJf73
W68=
-----END CERTIFICATE-----
`

// installedOnceMore is an upgrade: what octagate wrote stays, but failurePolicy is as it is
// installed, until octagate arms it again. A server-side apply is told who wrote it.
func (s *site) installedOnceMore() {
	s.Helper()
	configuration, key := &admissionv1.ValidatingWebhookConfiguration{}, client.ObjectKey{Name: manifests.Name}
	s.read(key, configuration)
	configuration.Webhooks[0].FailurePolicy, configuration.Webhooks[0].ClientConfig.CABundle = new(admissionv1.Fail), []byte(authority)
	if err := s.cluster.Client.Update(s.Context(), configuration, client.FieldOwner("octagate")); err != nil {
		s.Fatal(err)
	}
	out, err := s.cluster.Kubectl(s.Context(), "", "apply", "--server-side", "-f", s.file("install.yaml"))
	if err != nil || out.Code == 0 || !strings.Contains(out.Stderr, `conflict with "octagate"`) || !strings.Contains(out.Stderr, ".failurePolicy") {
		s.Errorf("a server-side apply: %v %+v", err, out)
	}
	s.kubectl("", "apply", "-f", s.file("install.yaml"))
	s.read(key, configuration)
	if w := configuration.Webhooks[0]; *w.FailurePolicy != admissionv1.Ignore || string(w.ClientConfig.CABundle) != authority {
		s.Errorf("the failurePolicy is %s, the bundle %s", *w.FailurePolicy, w.ClientConfig.CABundle)
	}
}

// leaves is the end of an uninstallation by hand: octagate is not asked any more, however
// often that is said.
func (s *site) leaves() {
	s.Helper()
	for range 2 {
		cmd := exec.CommandContext(s.Context(), os.Getenv("OCTAGATE"), "disarm", "--delete")
		cmd.Env = append(os.Environ(), "KUBECONFIG="+s.cluster.Kubeconfig)
		if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "the API server asks it no more") {
			s.Errorf("%v: %s", err, said)
		}
	}
	if left := s.kubectl("", "get", "mutatingwebhookconfigurations,validatingwebhookconfigurations", "--output=name"); left != "" {
		s.Errorf("left: %s", left)
	}
	s.kubectl("", "delete", "--ignore-not-found", "-f", s.file("install.yaml"), "--wait=false")
}
