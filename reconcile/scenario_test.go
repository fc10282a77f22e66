package reconcile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what comes out into the scenarios")

// Each file tells one story of a Service, from what is applied to the steps in the
// cloud; testdata/README.md says what its sections are.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "scenarios", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { compare(t, file) })
	}
}

// compare holds a file against what comes out now.
func compare(t *testing.T, file string) {
	told, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	retold, err := retell(told)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, retold, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(told), "\n"), strings.Split(string(retold), "\n")); diff != "" {
		t.Errorf("to have it so: go test ./reconcile -run Scenarios -update\n%s", diff)
	}
}

// The sections of a scenario: what is given, and what comes out.
var (
	givens = []string{
		"service.yaml", "stored.yaml", "before.yaml", "old.yaml", "config.yaml", "before-config.yaml",
		"slices.yaml", "before-slices.yaml", "cloud.yaml", "observed.yaml",
	}
	goldens = []string{"verdict", "tree", "plan"}
)

// retell is a scenario with what comes out now.
func retell(text []byte) ([]byte, error) {
	archive := txtar.Parse(text)
	if len(archive.Comment) == 0 {
		return nil, fmt.Errorf("the story is not told before the first section")
	}
	given := map[string][]byte{}
	retold := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if slices.Contains(goldens, f.Name) {
			continue
		}
		if _, twice := given[f.Name]; twice || !slices.Contains(givens, f.Name) {
			return nil, fmt.Errorf("section %s is unknown, or there twice; there can be %s", f.Name, strings.Join(givens, ", "))
		}
		given[f.Name] = f.Data
		retold.Files = append(retold.Files, f)
	}
	s, err := read(given)
	if err != nil {
		return nil, err
	}
	e, err := s.ending()
	if err != nil {
		return nil, err
	}
	for i, text := range []string{e.verdict, e.tree, e.plan} {
		retold.Files = append(retold.Files, txtar.File{Name: goldens[i], Data: []byte(text)})
	}
	return txtar.Format(retold), nil
}

// A scenario that is wrong in itself fails, whatever comes out.
func TestBadScenarios(t *testing.T) {
	const good = "-- service.yaml --\nkind: Service\nspec: {clusterIP: 10.2.0.7, ports: [{port: 80}]}\n"
	const before = "-- before.yaml --\nkind: Service\nspec: {clusterIP: 10.2.0.7, ports: [{port: 80}]}\n"
	for claim, tt := range map[string]struct{ text, want string }{
		"a good one":            {"A story.\n" + good, ""},
		"no story":              {good, "the story is not told"},
		"no Service":            {"A story.\n", "one of service.yaml and stored.yaml"},
		"two Services":          {"A story.\n" + good + "-- stored.yaml --\nkind: Service\n", "one of service.yaml and stored.yaml"},
		"two predecessors":      {"A story.\n" + good + before + "-- old.yaml --\nkind: Service\n", "before.yaml or old.yaml"},
		"an unknown section":    {"A story.\n" + good + "-- slice.yaml --\n", "section slice.yaml is unknown"},
		"a section twice":       {"A story.\n" + good + good, "section service.yaml is unknown, or there twice"},
		"another kind":          {"A story.\n-- service.yaml --\nkind: Pod\n", "service.yaml: is not of kind Service"},
		"an unknown field":      {"A story.\n-- service.yaml --\nkind: Service\nspec: {address: None}\n", "service.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field"},
		"an unknown key":        {"A story.\n" + good + "-- config.yaml --\noctavia: {floavour: x}\n", "config.yaml: error unmarshaling JSON: while decoding JSON: json: unknown field"},
		"a named port unsaid":   {"A story.\n-- service.yaml --\nkind: Service\nspec: {clusterIP: 10.2.0.7, selector: {a: b}, ports: [{port: 80, targetPort: web}]}\n", "targetPort web needs slices.yaml"},
		"nothing is observed":   {"A story.\n" + good + "-- observed.yaml --\nstatus: ERROR\n", "observed.yaml needs a load balancer that before.yaml made"},
		"no such listener":      {"A story.\n" + good + before + "-- observed.yaml --\nlisteners: {TCP/81: {gone: true}}\n", "observed.yaml: there is no TCP/81"},
		"no such manner":        {"A story.\n" + good + "-- cloud.yaml --\nmanner: slow\n", `manner "slow"`},
		"slices without before": {"A story.\n" + good + "-- before-slices.yaml --\n", "before-slices.yaml need before.yaml"},
	} {
		t.Run(claim, func(t *testing.T) {
			_, err := retell([]byte(tt.text))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
