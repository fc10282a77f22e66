package policy

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// preface is what holds for all rules. After it come their contents, and each by itself.
//
//go:embed testdata/catalogue.md
var preface string

// catalogue is the page.
func catalogue(t *testing.T) []byte {
	t.Helper()
	all := specifications(t)
	var contents, chapters strings.Builder
	for _, r := range rules {
		s := all[r.name]
		fmt.Fprintf(&contents, "| [`%s`](#%s) | %s | %s |\n", r.name, r.name, s.does(), capital(marked(s.sentence)))
		chapters.WriteString(chapter(t, r.name, s))
	}
	return fmt.Appendf(nil, preface, contents.String(), chapters.String())
}

// does is what a rule does at most, in a word or two.
func (s specification) does() string {
	switch {
	case s.texts["Denies"] != "" && s.texts["Warns"] != "":
		return "denies, warns"
	case s.texts["Denies"] != "":
		return "denies"
	}
	return "warns"
}

// chapter is one rule: what is specified, and what it looks like.
func chapter(t *testing.T, rule string, s specification) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| | |\n|---|---|\n", rule, capital(marked(s.sentence)))
	for _, l := range s.labels {
		fmt.Fprintf(&b, "| **%s** | %s |\n", l, marked(s.texts[l]))
	}
	fmt.Fprintf(&b, "| **Code** | [%s](%s) |\n", s.file, s.file)
	e, err := exampleOf(rule)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "\n**Example.** %s\n", marked(e.story))
	for _, given := range []struct{ name, words string }{
		{"config.yaml", "octagate's configuration"}, {"old.yaml", "The Service as it is"}, {"bad.yaml", "The Service as it is applied"},
	} {
		if text := e.section(given.name); text != "" {
			fmt.Fprintf(&b, "\n%s:\n\n```yaml\n%s```\n", given.words, text)
		}
	}
	fmt.Fprintf(&b, "\n```\n$ kubectl apply -f web.yaml\n%s```\n", shown(e.bad, e.verdict(e.bad)))
	fmt.Fprintf(&b, "\n<details><summary>One that passes</summary>\n\n```yaml\n%s```\n\n</details>\n", e.section("good.yaml"))
	return b.String()
}

// A word has neither space nor the brackets that sentences have.
var (
	anyWord = regexp.MustCompile(`[^\s()]+`)
	version = regexp.MustCompile(`^\d+\.\d+$`)
)

// marked is a text with its fields, keys, addresses and names marked as code. What is left
// means nothing to Markdown.
func marked(text string) string {
	return anyWord.ReplaceAllStringFunc(text, func(word string) string {
		trimmed := strings.TrimRight(word, ".,;:")
		if !strings.ContainsAny(trimmed, "._/[=<*") || version.MatchString(trimmed) {
			return word
		}
		return "`" + trimmed + "`" + word[len(trimmed):]
	})
}

func TestMarked(t *testing.T) {
	for text, want := range map[string]string{
		"a word.":                       "a word.",
		"since API 2.26; else":          "since API 2.26; else",
		"spec.clusterIP, or not":        "`spec.clusterIP`, or not",
		"metadata.annotations[a.b/c-*]": "`metadata.annotations[a.b/c-*]`",
		"and [octagate.dev/provider].":  "and `[octagate.dev/provider]`.",
		"(0.0.0.0/0 or ::/0)":           "(`0.0.0.0/0` or `::/0`)",
		"octagate:namespace=<name>, x":  "`octagate:namespace=<name>`, x",
		"SOURCE_IP_PORT with":           "`SOURCE_IP_PORT` with",
	} {
		if got := marked(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// capital is a sentence with a capital letter, unless it begins with a name that has its own.
func capital(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if strings.ToLower(first) != first {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
