package policy

import (
	_ "embed"
	"regexp"
	"strings"

	"github.com/octagate/octagate/policy/facts"
)

//go:embed README.md
var page string

// A Rule is a rule as people read of it.
type Rule struct {
	Name     string
	Does     string // at most: denies, warns
	Sentence string // Markdown
	Chapter  string // all that is written of it, in Markdown, with examples
	Guards   bool   // others than the Service's author: nobody may look away
}

// entry is a rule's line in the contents of the page.
var entry = regexp.MustCompile("(?m)^\\| \\[`([a-z0-9-]+)`\\]\\([^)]*\\) \\| ([a-z, ]+) \\| (.*) \\|$")

// Catalogue is all rules, in the order in which they are checked. It is the page that is
// made of their comments.
func Catalogue() []Rule {
	contents, chapters, _ := strings.Cut(page, "\n## ")
	texts := map[string]string{}
	for chapter := range strings.SplitSeq(chapters, "\n## ") {
		name, text, _ := strings.Cut(chapter, "\n")
		texts[name] = strings.TrimSpace(text)
	}
	var all []Rule
	for _, m := range entry.FindAllStringSubmatch(contents, -1) {
		text := texts[m[1]]
		all = append(all, Rule{m[1], m[2], m[3], text, strings.Contains(text, "\n| **Guards** |")})
	}
	return all
}

// Unheard are the names of the rules that a snapshot does not tell enough for: they object
// to nobody, or not to all that they would.
func Unheard(cfg Config, known facts.Snapshot) []string {
	var names []string
	for _, r := range rules {
		needs := r.live | r.may
		if cfg.Legacy {
			needs &^= facts.Octavia // LBaaS v2 has no versions
		}
		if needs&^known.Kinds() != 0 || r.name == clusterIPRange.name && len(serviceCIDRs(cfg, known)) == 0 {
			names = append(names, r.name)
		}
	}
	return names
}
