package policy

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the catalogue of rules, and what its examples come to")

// A specification is the comment of a rule.
type specification struct {
	file     string
	sentence string   // what holds, in a sentence
	labels   []string // what is specified, in order
	texts    map[string]string
}

// mostLabels are what a specification may have, in this order.
var mostLabels = []string{"Field", "Denies", "Warns", "Unsure", "Allows", "Guards", "Source"}

// specifications are the comments of all rules, by the names of the rules.
func specifications(t *testing.T) map[string]specification {
	t.Helper()
	files, err := filepath.Glob("rule_*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of rules: %v", len(files), err)
	}
	all := map[string]specification{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if name, found := ruleIn(d); found {
				all[name] = specified(file, d.(*ast.GenDecl).Doc.Text())
			}
		}
	}
	return all
}

// ruleIn is the name of the rule that a declaration declares, if it does.
func ruleIn(d ast.Decl) (string, bool) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR || len(g.Specs) != 1 {
		return "", false
	}
	values := g.Specs[0].(*ast.ValueSpec).Values
	if len(values) != 1 {
		return "", false
	}
	literal, ok := values[0].(*ast.CompositeLit)
	if !ok {
		return "", false
	}
	if of, ok := literal.Type.(*ast.Ident); !ok || of.Name != "rule" {
		return "", false
	}
	for _, e := range literal.Elts {
		if field, ok := e.(*ast.KeyValueExpr); ok && field.Key.(*ast.Ident).Name == "name" {
			return word(field.Value), true
		}
	}
	return "", false
}

// word is the value of a string that is written where it stands, or is the one constant
// that names a rule.
func word(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.Ident:
		return map[string]string{"Claimed": Claimed}[e.Name]
	}
	return ""
}

// labelled is the first line of what is specified.
var labelled = regexp.MustCompile(`^\t([A-Z][a-z]+): +(.*)$`)

// specified reads the comment of a rule: the name of its variable and a sentence, and
// then what is specified, each with a label.
func specified(file, comment string) specification {
	sentence, rest, _ := strings.Cut(comment, "\n\n")
	_, sentence, _ = strings.Cut(strings.Join(strings.Fields(sentence), " "), ": ")
	s := specification{file: file, sentence: sentence, texts: map[string]string{}}
	for line := range strings.Lines(rest) {
		if m := labelled.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			s.labels = append(s.labels, m[1])
			s.texts[m[1]] = m[2]
		} else if n := len(s.labels); n > 0 && strings.TrimSpace(line) != "" {
			s.texts[s.labels[n-1]] += " " + strings.TrimSpace(line)
		}
	}
	return s
}

// Each rule is specified by its comment, in the order and the words that all have.
func TestCatalogueIsComplete(t *testing.T) {
	all := specifications(t)
	if len(all) != len(rules) {
		t.Errorf("%d rules are written, %d are checked", len(all), len(rules))
	}
	place := func(l string) int { return slices.Index(mostLabels, l) }
	for _, r := range rules {
		s := all[r.name]
		if s.sentence == "" || s.texts["Field"] == "" || s.texts["Denies"]+s.texts["Warns"] == "" {
			t.Errorf("%s: no sentence, no field, or nothing that it objects to", r.name)
		}
		if !slices.IsSortedFunc(s.labels, func(a, b string) int { return place(a) - place(b) }) || slices.ContainsFunc(s.labels, func(l string) bool { return place(l) < 0 }) {
			t.Errorf("%s: the labels are %v, of %v", r.name, s.labels, mostLabels)
		}
		if want := "rule_" + strings.ReplaceAll(r.name, "-", "_") + ".go"; s.file != want {
			t.Errorf("%s is in %s", r.name, s.file)
		}
	}
}

// What a rule's bad example meets is that rule, and its good example does not.
func TestCatalogueExamples(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			e, err := exampleOf(r.name)
			if err != nil {
				t.Fatal(err)
			}
			objects(t, r.name, e.verdict(e.bad))
			if v := e.verdict(e.good); !v.Managed || v.Denied() || v.any(func(f Finding) bool { return f.Rule == r.name }) {
				t.Errorf("the good example does not pass:\n%s", told(v))
			}
			current(t, e.file, e.told())
		})
	}
}

// objects demands that a rule denies the Service, and no other does; or that it is the
// only one that warns, where nobody denies.
func objects(t *testing.T, rule string, v Verdict) {
	t.Helper()
	heard := 0
	for _, f := range v.Findings {
		if v.Denied() && f.Severity != Deny {
			continue
		}
		if heard++; f.Rule != rule {
			t.Errorf("the bad example is objected to by %s, too:\n%s", f.Rule, told(v))
		}
	}
	if heard == 0 {
		t.Error("the bad example passes")
	}
}

// Each example belongs to a rule.
func TestCatalogueHasNoStrayExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "rules", "*"))
	if err != nil || len(files) != len(rules) {
		t.Errorf("%d examples for %d rules: %v", len(files), len(rules), err)
	}
}

func TestCatalogueIsCurrent(t *testing.T) {
	current(t, "README.md", catalogue(t))
}

// current demands that a file is as it comes out, or writes it.
func current(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	is, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(is), "\n")); diff != "" {
		t.Errorf("make generate\n%s", diff)
	}
}
