// Package layout checks the shape of this repository: who may import whom, that
// every package explains itself, and that functions and files stay small.
package layout

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/octagate/octagate/"

// mayImport is the import graph of the project. A package that is not listed
// imports none of its siblings. The command imports all but e2e, and e2e what it likes.
var mayImport = map[string][]string{
	"certs":               {"manifests/metric"},
	"policy/annotation":   {"policy/spelling"},
	"policy":              {"policy/annotation", "policy/facts", "policy/spelling"},
	"manifests/dashboard": {"manifests/metric"},
	"manifests/static":    {"manifests", "policy", "policy/annotation"},
	"webhook":             {"manifests/metric", "policy", "policy/annotation", "policy/facts"},
	"webhook/enforce":     {"manifests/metric", "policy"},
	"reconcile/octavia":   {"policy", "policy/annotation"},
	"reconcile/backend":   {"policy", "reconcile/octavia"},
	"reconcile/plan":      {"reconcile/octavia"},
	"reconcile":           {"manifests/metric", "policy", "policy/annotation", "policy/facts", "reconcile/octavia", "reconcile/backend", "reconcile/plan"},
	"reconcile/guard":     {"policy/facts"},
	"reconcile/ground":    {"policy/facts", "reconcile/octavia"},
	"reconcile/network":   {"policy/facts", "reconcile/ground"},
	"reconcile/openstack": {"manifests/metric", "policy/facts", "reconcile/ground", "reconcile/network", "reconcile/octavia", "reconcile/plan"},
	"cmd/octagate/report": {"cmd/octagate/output", "policy"},
	"cmd/octagate/check": {"cmd/octagate/manifest", "cmd/octagate/report",
		"policy", "policy/annotation", "policy/facts", "policy/spelling"},
	"cmd/octagate/translation": {"cmd/octagate/output", "policy", "policy/annotation", "reconcile/octavia", "reconcile/plan"},
	"cmd/octagate/picture":     {"cmd/octagate/output", "cmd/octagate/translation"},
	"cmd/octagate/migrate":     {"policy/spelling"},
	"cmd/octagate/preflight":   {"cmd/octagate/output", "policy", "policy/annotation", "policy/facts", "reconcile/ground", "reconcile/octavia"},
}

// command joins all that there is.
const command = "cmd/octagate"

// pure packages see neither the network nor the cluster, and log nothing.
var pure = []string{
	"policy", "policy/annotation", "policy/facts", "policy/spelling",
	"reconcile/octavia", "reconcile/backend", "reconcile/plan", "reconcile/ground", "reconcile/network",
	"cmd/octagate/check", "cmd/octagate/migrate", "cmd/octagate/picture", "cmd/octagate/preflight", "cmd/octagate/translation",
}

// impure is what pure packages leave to others; a final slash stands for all below.
var impure = []string{
	"sigs.k8s.io/controller-runtime/", "k8s.io/client-go/", "github.com/gophercloud/", "github.com/go-logr/",
	"net/http", "os", "log", "log/slog",
}

// top is everything that may stand at the top of the repository.
var top = []string{
	"cmd", "webhook", "reconcile", "policy", "manifests", "certs", "e2e",
	"go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "SECURITY.md",
}

type pkg struct {
	ImportPath, Dir, Doc string
	Imports, GoFiles     []string
}

// name is the package's path in the repository.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(mayImport) {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			if objection := objection(p.name(), imported); objection != "" {
				t.Errorf("%s %s", p.name(), objection)
			}
		}
	}
}

// objection is what is wrong with an import; empty: nothing.
func objection(name, imported string) string {
	sibling, ours := strings.CutPrefix(imported, module)
	below := func(prefix string) bool {
		return imported == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(imported, prefix)
	}
	switch {
	case ours && name == command && !strings.HasPrefix(sibling, "e2e"):
		return ""
	case ours && !strings.HasPrefix(name, "e2e/") && !slices.Contains(mayImport[name], sibling):
		return "must not import " + sibling
	case below("github.com/gophercloud/") && name != "reconcile/openstack":
		return "must leave OpenStack to reconcile/openstack"
	case slices.Contains(pure, name) && slices.ContainsFunc(impure, below):
		return "is pure and must not import " + imported
	}
	return ""
}

func TestObjections(t *testing.T) {
	for claim, tt := range map[string]struct{ name, imported, want string }{
		"policy must not see the reconciler":   {"policy", module + "reconcile", "must not import reconcile"},
		"policy must not see the network":      {"policy", "net/http", "is pure and must not import net/http"},
		"plan must not see the cluster":        {"reconcile/plan", "k8s.io/client-go/rest", "is pure and must not import k8s.io/client-go/rest"},
		"the webhook must not see OpenStack":   {"webhook", "github.com/gophercloud/gophercloud/v2", "must leave OpenStack to reconcile/openstack"},
		"the command must not, either":         {command, module + "e2e/emulator", "must not import e2e/emulator"},
		"nobody but e2e sees the emulator":     {"reconcile", module + "e2e/emulator", "must not import e2e/emulator"},
		"policy may see values of the cluster": {"policy", "k8s.io/api/core/v1", ""},
	} {
		if got := objection(tt.name, tt.imported); got != tt.want {
			t.Errorf("%s: got %q", claim, got)
		}
	}
}

func TestTop(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && e.Name() != "bin" && !slices.Contains(top, e.Name()) {
			t.Errorf("%s does not belong at the top", e.Name())
		}
	}
}

// The limits, in lines.
const (
	longestFile     = 400
	longestFunction = 60
	median          = 10
)

func TestSize(t *testing.T) {
	var lengths []int
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		for _, f := range p.GoFiles {
			lengths = append(lengths, measure(t, filepath.Join(p.Dir, f))...)
		}
	}
	slices.Sort(lengths)
	middle := lengths[len(lengths)/2]
	t.Logf("%d functions, median %d, p90 %d, longest %d lines", len(lengths), middle, lengths[len(lengths)*9/10], lengths[len(lengths)-1])
	if middle > median {
		t.Errorf("the median function has %d lines", middle)
	}
}

// measure is the length of each function in a file.
func measure(t *testing.T, file string) []int {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := set.File(tree.Pos()).LineCount(); n > longestFile {
		t.Errorf("%s has %d lines; find the second idea in it", file, n)
	}
	var lengths []int
	for _, d := range tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
		if n > longestFunction {
			t.Errorf("%s: %s has %d lines", file, fn.Name, n)
		}
		lengths = append(lengths, n)
	}
	return lengths
}
