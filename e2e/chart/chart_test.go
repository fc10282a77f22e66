package chart

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helm "helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

const (
	manifests = "../../manifests"
	namespace = "Namespace <nil>/octagate-system"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Helm tells of each link that it follows
	os.Exit(m.Run())
}

// An object is any of Kubernetes'.
type object = map[string]any

// rendered are the files that the chart becomes with values, given as YAML.
func rendered(t *testing.T, values, where string) (map[string]string, error) {
	t.Helper()
	chart, err := loader.LoadDir(filepath.Join(manifests, "chart"))
	if err != nil {
		t.Fatal(err)
	}
	var given object
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		t.Fatal(err)
	}
	all, err := util.ToRenderValues(helm.Charter(chart), given, common.ReleaseOptions{Name: "octagate", Namespace: where, IsInstall: true}, nil)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

// charted are the objects that the chart becomes; hooks are apart.
func charted(t *testing.T, values string) (objects, hooks map[string]object) {
	t.Helper()
	files, err := rendered(t, values, "octagate-system")
	if err != nil {
		t.Fatal(err)
	}
	objects, hooks = map[string]object{}, map[string]object{}
	for name, text := range files {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for name, o := range parsed(t, text) {
			if strings.Contains(fmt.Sprint(o["metadata"]), "helm.sh/hook:") {
				hooks[name] = o
			} else {
				objects[name] = o
			}
		}
	}
	return objects, hooks
}

// parsed are the objects of a text, by kind, namespace and name.
func parsed(t *testing.T, text string) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, document := range strings.Split("\n"+text, "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if len(o) > 0 {
			metadata := o["metadata"].(object)
			all[fmt.Sprintf("%v %v/%v", o["kind"], metadata["namespace"], metadata["name"])] = o
		}
	}
	return all
}

// overlay are the objects of an overlay, but for the Namespace, which Helm makes by itself.
func overlay(t *testing.T, name string) map[string]object {
	t.Helper()
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		kubectl = filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), kubectl, "kustomize", filepath.Join(manifests, "overlays", name))
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	all := parsed(t, string(text))
	delete(all, namespace)
	return all
}

// What the chart renders by itself is what `kubectl apply` installs, and what values
// change is what the overlays change.
func TestTheChartIsTheManifests(t *testing.T) {
	for name, values := range map[string]string{
		"self":         ``,
		"cert-manager": `certificates: {source: CertManager}`,
		"legacy":       `set: {octavia.backend: neutron-lbaasv2}`,
		"ha": `{replicas: 3, spreadAcrossZones: true, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
			{matchExpressions: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]}]}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			want := overlay(t, name)
			if len(want) < 10 {
				t.Fatalf("the overlay has only %d objects", len(want))
			}
			if got, _ := charted(t, values); !cmp.Equal(want, got) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}

// install.yaml is what `make generate` makes of the overlay self.
func TestTheRenderedManifestIsCurrent(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(manifests, "install.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := parsed(t, string(text))
	delete(got, namespace)
	if diff := cmp.Diff(overlay(t, "self"), got); diff != "" {
		t.Errorf("`make generate` writes it anew: %s", diff)
	}
}

func TestValues(t *testing.T) {
	usual, _ := charted(t, "")
	deployment, policy := "Deployment octagate-system/octagate", "NetworkPolicy octagate-system/octagate"
	for claim, tt := range map[string]struct {
		values, object string
		want           []string // in the object, as YAML; none: there is no such object
	}{
		"a digest wins over a tag":       {`image: {tag: v9, digest: "sha256:` + strings.Repeat("0", 64) + `"}`, deployment, []string{"image: ghcr.io/octagate/octagate@sha256:0000"}},
		"an image of one's own":          {`image: {repository: registry.example.org/octagate, tag: v9, pullPolicy: Always}`, deployment, []string{"image: registry.example.org/octagate:v9\n", "imagePullPolicy: Always"}},
		"a registry with a password":     {`imagePullSecrets: [{name: registry}]`, deployment, []string{"imagePullSecrets:\n      - name: registry"}},
		"a configuration":                {`configuration: {clusterName: demo, neutron: {podSubnet: a}}`, "ConfigMap octagate-system/octagate", []string{"octagate.yaml: |\n    clusterName: demo\n    neutron:\n      podSubnet: a"}},
		"another one is another Pod":     {`configuration: {clusterName: demo}`, deployment, []string{"octagate.dev/configuration: "}},
		"settings are text":              {`set: {openstack.rateLimit.burst: 7, kubernetes.apiServer: true}`, deployment, []string{"- --set=kubernetes.apiServer=true\n        - --set=openstack.rateLimit.burst=7"}},
		"another Secret":                 {`cloudsSecret: mine`, deployment, []string{"secretName: mine"}},
		"no NetworkPolicy":               {`networkPolicy: {enabled: false}`, policy, nil},
		"a NetworkPolicy of one's own":   {`networkPolicy: {egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}`, policy, []string{"cidr: 192.0.2.0/24", "port: webhook"}},
		"labels beside ours":             {`{podLabels: {team: net, app.kubernetes.io/name: other}, podAnnotations: {a: b}}`, deployment, []string{"team: net", "a: b", "app.kubernetes.io/name: octagate\n        team"}},
		"resources and where it may run": {`{resources: {limits: {memory: 1Gi}}, tolerations: [], priorityClassName: ""}`, deployment, []string{"memory: 1Gi"}},
	} {
		objects, _ := charted(t, tt.values)
		o, there := objects[tt.object]
		text, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if there != (tt.want != nil) {
			t.Errorf("%s: %s is there: %v", claim, tt.object, there)
		}
		for _, want := range tt.want {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: %q is not in:\n%s", claim, want, text)
			}
		}
		delete(objects, tt.object)
		delete(objects, deployment)
		others := maps.Clone(usual)
		delete(others, tt.object)
		delete(others, deployment)
		if tt.object != deployment && !cmp.Equal(others, objects) && !strings.HasPrefix(tt.object, "ConfigMap") {
			t.Errorf("%s: others change, too: %s", claim, cmp.Diff(others, objects))
		}
	}
}

func TestUninstalling(t *testing.T) {
	_, hooks := charted(t, "")
	job, err := yaml.Marshal(hooks["Job octagate-system/octagate-disarm"])
	if err != nil || len(hooks) != 1 || !strings.Contains(string(job), "helm.sh/hook: pre-delete") || !strings.Contains(string(job), "- disarm\n") {
		t.Errorf("%v: %d hooks, with:\n%s", err, len(hooks), job)
	}
	if _, hooks = charted(t, "disarm: false"); len(hooks) != 0 {
		t.Errorf("%d hooks", len(hooks))
	}
}

func TestWhatIsRefused(t *testing.T) {
	for claim, tt := range map[string]struct{ values, namespace, want string }{
		"a key that there is not":    {`replica: 3`, "octagate-system", "replica"},
		"a key that there is not, 2": {`image: {name: x}`, "octagate-system", "name"},
		"nobody":                     {`replicas: 0`, "octagate-system", "replicas"},
		"another source":             {`certificates: {source: self}`, "octagate-system", "source"},
		"half a digest":              {`image: {digest: "sha256:00"}`, "octagate-system", "digest"},
		"another namespace":          {``, "default", "--namespace octagate-system"},
	} {
		if _, err := rendered(t, tt.values, tt.namespace); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", claim, err)
		}
	}
}

// Every key of the schema stands in values.yaml, with its default; the schema refuses the
// others by itself.
func TestValuesAreAllThere(t *testing.T) {
	read := func(file string) (o object) {
		text, err := os.ReadFile(filepath.Join(manifests, "chart", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	missing(t, "", read("values.schema.json"), read("values.yaml"))
}

func missing(t *testing.T, path string, schema, values object) {
	t.Helper()
	properties, _ := schema["properties"].(object)
	for key, of := range properties {
		value, there := values[key]
		if !there && path+key != "global" && path+key != "resources.claims" {
			t.Errorf("values.yaml does not show %s%s", path, key)
		}
		if value, ok := value.(object); ok {
			missing(t, path+key+".", of.(object), value)
		}
	}
}

func TestNotes(t *testing.T) {
	for values, want := range map[string]string{
		``: "create configmap octagate", `cloudsSecret: mine`: "create secret generic mine", `image: {tag: v9}`: "octagate v9 is installed",
	} {
		files, err := rendered(t, values, "octagate-system")
		if notes := files["octagate/templates/NOTES.txt"]; err != nil || !strings.Contains(notes, want) {
			t.Errorf("%v: %q is not in:\n%s", err, want, notes)
		}
	}
}
