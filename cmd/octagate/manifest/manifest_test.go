package manifest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const web = `apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    octagate.dev/internal: "true"
spec:
  ports:
  - name: http
    port: 80
`

// told is what reading a text comes to, in words.
func told(t *testing.T, text string) []string {
	t.Helper()
	m, err := Reader{Stdin: strings.NewReader(text)}.Read([]string{standard})
	var all []string
	for _, s := range m.Services {
		all = append(all, s.Namespace+"/"+s.Name+" at "+s.Place("").String())
		for _, f := range s.Faults {
			all = append(all, strings.Join([]string{f.Place.String(), f.Field, f.Message}, " "))
		}
	}
	if err != nil {
		all = append(all, strings.Split(err.Error(), "\n")...)
	}
	return all
}

func TestRead(t *testing.T) {
	for claim, tt := range map[string]struct {
		text string
		want []string
	}{
		"a Service":                        {web, []string{"default/web at stdin:1:1"}},
		"one after a comment":              {"# what this is\n" + web, []string{"default/web at stdin:2:1"}},
		"documents, some empty":            {"---\n" + web + "---\n# nothing\n--- # the second\n" + web, []string{"default/web at stdin:2:1", "default/web at stdin:15:1"}},
		"JSON":                             {`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}`, []string{"shop/web at stdin:1:1"}},
		"a byte order mark":                {"\ufeff" + web, []string{"default/web at stdin:1:1"}},
		"ends of lines as of Windows":      {strings.ReplaceAll(web, "\n", "\r\n"), []string{"default/web at stdin:1:1"}},
		"a List":                           {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- {apiVersion: v1, kind: Pod}\n", []string{"default/a at stdin:4:3"}},
		"a ServiceList":                    {"apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n", []string{"default/a at stdin:4:3", "default/b at stdin:5:3"}},
		"other kinds":                      {"apiVersion: v1\nkind: Pod\n---\napiVersion: serving.knative.dev/v1\nkind: Service\n", nil},
		"nothing":                          {"", nil},
		"a field that there is not":        {strings.Replace(web, "port: 80", "prot: 80", 1), []string{"default/web at stdin:1:1", "stdin:10:11 spec.ports[0].prot is not a field of a Service"}},
		"a key that is there twice":        {web + "  ports: []\n", []string{"default/web at stdin:1:1", `stdin:11:3  mapping key "ports" already defined`}},
		"a key that is merged in, and set": {"apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: &l {app: a}}\nspec: {selector: {<<: *l, app: b}}\n", []string{"default/web at stdin:1:1"}},
		"a key twice in the second of a List": {"apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n- metadata:\n    name: b\n    name: c\n",
			[]string{"default/a at stdin:4:3", "default/c at stdin:5:3", `stdin:7:5  mapping key "name" already defined`}},
		"a stream of JSON": {`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
 {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}}`, []string{"default/a at stdin:1:1", "default/b at stdin:2:2"}},
		"JSON that breaks off": {`{"apiVersion": "v1"} {`, []string{"stdin:1:1: has an apiVersion, but no kind", "stdin:1:22: is not YAML: could not find flow mapping end token '}'"}},
		"documents that are JSON": {`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}}`, []string{"default/a at stdin:1:1", "default/b at stdin:3:1"}},
		"a value of another type":        {strings.Replace(web, "port: 80", "port: many", 1), []string{"default/web at stdin:1:1", `stdin:10:11 spec.ports[0].port must be a whole number up to 2147483647, but is the text "many"`}},
		"what is not YAML":               {"a: 1\n---\na: b: c\n", []string{"stdin:3:4: is not YAML: mapping value is not allowed in this context"}},
		"bytes that are no text":         {"a: b\nä: \xe4\n", []string{"stdin:2:4: is not text: the byte 0xe4 is not UTF-8"}},
		"a control character":            {"---\na: b\x00\n", []string{"stdin:2:5: is not text: it has the control character 0x00"}},
		"a key that is no text":          {"null: a\n", []string{"stdin:1:1: is not YAML: a key is no text, such as null or a list"}},
		"a number that JSON has not":     {"a: .nan\n", []string{"stdin:1:1: is not YAML: a number is none that JSON has, such as .nan or .inf"}},
		"a bomb":                         {"a: &a {b: *a}\n", []string{"stdin:1:1: is not YAML: anchor 'a' value contains itself"}},
		"a template":                     {"metadata:\n  name: {{ .Values.name }}\n", []string{"stdin:2:10: is not YAML: could not find flow map content; it looks like a template, which has to be rendered first"}},
		"a text":                         {"hello\n", []string{"stdin:1:1: is not an object of Kubernetes"}},
		"the rest of a file with faults": {"a: b: c\n---\n" + web, []string{"default/web at stdin:3:1", "stdin:1:4: is not YAML: mapping value is not allowed in this context"}},
	} {
		t.Run(claim, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	list := "# two\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n  spec: {ports: [{port: 80}, {port: 443}]}\n"
	for claim, tt := range map[string]struct{ text, field, want string }{
		"a value":                       {web, "spec.ports[0].port", "stdin:10:11"},
		"an annotation":                 {web, "metadata.annotations[octagate.dev/internal]", "stdin:6:28"},
		"a mapping, by its key":         {web, "spec", "stdin:7:1"},
		"an item":                       {web, "spec.ports[0]", "stdin:9:5"},
		"a missing one: the one above":  {web, "spec.loadBalancerIP", "stdin:7:1"},
		"a missing item":                {web, "spec.ports[3].port", "stdin:8:3"},
		"in a List":                     {list, "spec.ports[1].port", "stdin:8:37"},
		"missing in a List":             {list, "spec.clusterIP", "stdin:8:3"},
		"in a document that is second":  {"---\n---\n" + web, "spec.ports[0].name", "stdin:11:11"},
		"an alias":                      {"x: &a {name: web}\napiVersion: v1\nkind: Service\nmetadata: *a\n", "metadata.name", "stdin:1:14"},
		"a value that is an alias":      {"x: &a web\napiVersion: v1\nkind: Service\nmetadata: {name: *a}\n", "metadata.name", "stdin:4:18"},
		"a value with an anchor":        {"apiVersion: v1\nkind: Service\nmetadata: {name: &a web}\n", "metadata.name", "stdin:3:18"},
		"a mapping with an anchor":      {"apiVersion: v1\nkind: Service\nmetadata: &a {name: web}\n", "metadata.name", "stdin:3:21"},
		"what is merged in":             {"x: &a {port: 80}\napiVersion: v1\nkind: Service\nspec: {ports: [{<<: *a, name: b}]}\n", "spec.ports[0].port", "stdin:1:14"},
		"what is merged in, of two":     {"x: [&a {port: 80}, &b {name: a}]\napiVersion: v1\nkind: Service\nspec: {ports: [{<<: [*a, *b]}]}\n", "spec.ports[0].name", "stdin:1:30"},
		"what is merged in, and set":    {"x: &a {port: 80}\napiVersion: v1\nkind: Service\nspec: {ports: [{<<: *a, port: 81}]}\n", "spec.ports[0].port", "stdin:4:31"},
		"the last anchor of a name":     {"x: &a {b: c}\ny: &a {b: d}\napiVersion: v1\nkind: Service\nspec: {selector: *a}\n", "spec.selector.b", "stdin:2:11"},
		"the Service itself, in a List": {list, "", "stdin:5:3"},
	} {
		t.Run(claim, func(t *testing.T) {
			m, err := Reader{Stdin: strings.NewReader(tt.text)}.Read([]string{standard})
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Services[0].Place(tt.field).String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, file := range []string{"a.yaml", "b/c.yml", "b/d.json", "b/e.txt", "b/.hidden.yaml", ".git/f.yaml", "[x].yaml"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "b", "linked.yaml": "b", "b/around": ".."} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for claim, tt := range map[string]struct {
		names []string
		want  []string
		err   string
	}{
		"a link to a directory":      {[]string{"link"}, []string{"link/c.yml", "link/d.json"}, ""},
		"a directory":                {[]string{"."}, []string{"[x].yaml", "a.yaml", "b/c.yml", "b/d.json"}, ""},
		"a file, whatever its name":  {[]string{"b/e.txt", ".git/f.yaml"}, []string{"b/e.txt", ".git/f.yaml"}, ""},
		"a file named like a glob":   {[]string{"[x].yaml"}, []string{"[x].yaml"}, ""},
		"a glob":                     {[]string{"**/*.y*ml"}, []string{"[x].yaml", "a.yaml", "b/c.yml"}, ""},
		"a glob through a link":      {[]string{"link/*.yml"}, []string{"link/c.yml"}, ""},
		"each file once":             {[]string{"a.yaml", "*.yaml", "-", "-"}, []string{"a.yaml", "[x].yaml", "-"}, ""},
		"no name":                    {[]string{"", "a.yaml"}, []string{"a.yaml"}, `"": a name is empty`},
		"a missing file":             {[]string{"a.yaml", "z.yaml"}, []string{"a.yaml"}, "z.yaml: no such file or directory"},
		"a glob that nothing is for": {[]string{"z*.yaml"}, nil, "z*.yaml: no file has such a name"},
	} {
		t.Run(claim, func(t *testing.T) {
			got, err := find(tt.names)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || message != tt.err {
				t.Errorf("%s %s", diff, message)
			}
		})
	}
}

// locked is a directory with some that cannot be read.
type locked struct{ fstest.MapFS }

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if strings.HasSuffix(name, "locked") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.ReadDir(name)
}

// What cannot be read does not end the search.
func TestWalkPastWhatIsLocked(t *testing.T) {
	files, err := walk(locked{fstest.MapFS{"a/x.yaml": {}, "b/locked/y.yaml": {}, "c/z.yaml": {}, ".git/locked/y.yaml": {}}}, "all")
	if diff := cmp.Diff([]string{"a/x.yaml", "c/z.yaml"}, files); diff != "" || err == nil || err.Error() != "all/b/locked: permission denied" {
		t.Errorf("%s%v", diff, err)
	}
}

// Whoever merges a mapping into itself is told nothing, but soon.
func TestLocateIsDone(t *testing.T) {
	if line, column := Locate([]byte("a: &a\n  b: 1\n  <<: [*a, *a]\n"), "a.c"); line != 1 || column != 1 {
		t.Errorf("%d:%d", line, column)
	}
}

// Whatever a file holds, it is read or told, with a place.
func FuzzRead(f *testing.F) {
	f.Add(web)
	f.Add("x: &a {port: 80}\n---\napiVersion: v1\nkind: ServiceList\nitems:\n- spec: {ports: [{<<: *a}, 5], type: [a]}\n")
	f.Add(`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": 1}} {`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Reader{Stdin: strings.NewReader(text)}.Read([]string{standard})
		if err != nil && len(All(err)) == 0 {
			t.Errorf("%v is of nothing", err)
		}
		for _, s := range m.Services {
			for _, field := range []string{"", "spec.ports[0].port", "metadata.annotations[a]"} {
				if at := s.Place(field); at.Line < 1 || at.Column < 1 {
					t.Errorf("%s stands at %s", field, at)
				}
			}
		}
	})
}
