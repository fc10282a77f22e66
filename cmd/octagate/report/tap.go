package report

import (
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// TAP is the report in the Test Anything Protocol, version 14: a test for each Service,
// which is not ok if there is an error. The findings are its diagnostics.
func TAP(w io.Writer, r Report, _ output.Paint) error {
	p := &printer{w: w}
	p.line("TAP version 14\n1..%d\n", len(r.Services)+len(r.Unread))
	for i, s := range r.Services {
		findings, word := s.counting(), "ok"
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == Error }) {
			word = "not ok"
		}
		p.line("%s %d - %s (%s)\n", word, i+1, unmarked.Replace(s.Name), unmarked.Replace(s.File))
		if len(findings) == 0 {
			continue
		}
		text, err := yaml.Marshal(map[string]any{"findings": findings})
		if err != nil {
			return err
		}
		p.diagnose(text)
	}
	for i, u := range r.Unread {
		text, err := yaml.Marshal(u)
		if err != nil {
			return err
		}
		p.line("not ok %d - reading %s\n", len(r.Services)+i+1, unmarked.Replace(u.File))
		p.diagnose(text)
	}
	return p.err
}

// diagnose writes what is known of a test.
func (p *printer) diagnose(text []byte) {
	p.line("  ---\n  %s\n  ...\n", strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n  "))
}

// unmarked takes their meaning from the characters that begin a directive.
var unmarked = strings.NewReplacer(`\`, `\\`, "#", `\#`)
