package reconcile_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/cel"
	"github.com/octagate/octagate/manifests/static"
	"github.com/octagate/octagate/policy"
)

// A guardian is the policy of the API server for a configuration, compiled.
type guardian struct {
	*cel.Policy
	statics []policy.Static
}

// guardians are the policies by what they say: most scenarios have one configuration.
type guardians map[string]guardian

func (g guardians) of(t *testing.T, cfg *policy.Config) guardian {
	t.Helper()
	statics := policy.Statics(cfg)
	key := policy.Ours(cfg) + fmt.Sprint(statics)
	if known, ok := g[key]; ok {
		return known
	}
	p, _, err := static.Validating(cfg)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := cel.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	g[key] = guardian{compiled, statics}
	return g[key]
}

// rules are those by which the API server refuses what is applied, by itself.
func (g guardian) rules(t *testing.T, a application) []string {
	t.Helper()
	refusals, err := g.Refusals(a.service, a.old)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]bool{}
	for n := range refusals {
		by[g.statics[n].Rule] = true
	}
	return slices.Sorted(maps.Keys(by))
}

// For each Service of each scenario: what the API server refuses by itself, octagate would
// refuse by the same rule. The list says what it refuses, without octagate's configuration
// and with it, and what octagate refuses then that it does not.
func TestWhatIsRefusedWithoutOctagate(t *testing.T) {
	all, known := everythingAsked(t), guardians{}
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a := all[name]
		v := policy.Evaluate(a.config, policy.Subject{Service: a.service, Old: a.old}, a.known)
		always, then := known.of(t, nil).rules(t, a), known.of(t, &a.config).rules(t, a)
		for _, rule := range slices.Concat(always, then) {
			if !v.Denies(rule) {
				t.Errorf("%s: refused for nothing, by %s; octagate says %+v", name, rule, v.Findings)
			}
		}
		if v.Denied() {
			fmt.Fprintf(&list, "%s: %s; %s; %s\n", name, words(always), words(then), words(beyond(v, then)))
		}
	}
	file := filepath.Join("testdata", "static.golden")
	if *update {
		if err := os.WriteFile(file, []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(list.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

// beyond are the rules by which octagate refuses, less those by which others do.
func beyond(v policy.Verdict, others []string) []string {
	by := map[string]bool{}
	for _, f := range v.Findings {
		if f.Severity == policy.Deny && !slices.Contains(others, f.Rule) {
			by[f.Rule] = true
		}
	}
	return slices.Sorted(maps.Keys(by))
}

func words(all []string) string {
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, " ")
}
