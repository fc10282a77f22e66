package translation

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// Account is the outline and what policy says, and the steps on the way there.
func (t Translation) Account(paint output.Paint) string {
	var b strings.Builder
	b.WriteString(t.Outline(paint))
	for _, f := range t.Findings {
		place := ""
		if f.Place != "" {
			place = f.Place + ": "
		}
		fmt.Fprintf(&b, "%s%s %s %s\n", place, paint.Mark(severities[f.Severity], f.Severity+":"), f.Message, paint.Mark(output.Faint, "["+f.Rule+"]"))
	}
	if w := t.Waiting; w != nil {
		fmt.Fprintf(&b, "%s %s\n", paint.Mark(output.Busy, w.Reason+":"), w.Message)
	}
	if len(t.Steps) == 0 {
		fmt.Fprintln(&b, paint.Mark(output.Faint, t.idle()))
	}
	for i, s := range t.Steps {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, s.Text)
	}
	return b.String()
}

// idle is why there are no steps.
func (t Translation) idle() string {
	switch {
	case t.Waiting != nil:
		return "nothing else is done"
	case t.Verdict == Denied:
		return "nothing is built"
	case t.LoadBalancer != nil:
		return "nothing is to be done: " + cmp.Or(t.LoadBalancer.Name, "it") + " is as the Service wants it"
	}
	return "nothing is to be done"
}

// severities are how findings are meant.
var severities = map[string]output.Tone{"error": output.Bad, "deny": output.Bad, "forgiven": output.Busy, "warning": output.Busy, "warn": output.Busy, "unsure": output.Busy}
