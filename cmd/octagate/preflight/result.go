package preflight

import (
	"fmt"
	"slices"
	"strings"
)

// passed is the result where all is as it should be.
func passed(expected, format string, args ...any) Result {
	return Result{Severity: Passed, Expected: expected, Found: fmt.Sprintf(format, args...)}
}

// unchecked is the result where something is not known.
func unchecked(why string) Result { return Result{Severity: Unchecked, Found: why} }

// found is the result where something is not as it should be.
func found(s Severity, expected, format string, args ...any) Result {
	return Result{Severity: s, Expected: expected, Found: fmt.Sprintf(format, args...)}
}

// or is the result with what repairs it.
func (r Result) or(format string, args ...any) Result {
	r.Repair = append(r.Repair, fmt.Sprintf(format, args...))
	return r
}

// all is one result of several of one check: the worst, and what is as bad as that.
func all(results []Result) Result {
	var worst Severity
	for _, r := range results {
		worst = max(worst, r.Severity)
	}
	joined := Result{Severity: worst}
	var expected, founds []string
	for _, r := range results {
		if r.Severity == worst {
			expected, founds = append(expected, r.Expected), append(founds, r.Found)
		}
		joined.Repair = append(joined.Repair, r.Repair...)
	}
	joined.Expected, joined.Found = text(expected), text(founds)
	joined.Repair = once(joined.Repair)
	return joined
}

// text is texts as one, each once.
func text(texts []string) string { return strings.Join(once(texts), "; ") }

// once are the texts in their order, each once, without empty ones.
func once(texts []string) []string {
	var kept []string
	for _, t := range texts {
		if t != "" && !slices.Contains(kept, t) {
			kept = append(kept, t)
		}
	}
	return kept
}

// most is how many things a result names.
const most = 5

// some names the first of many things.
func some(names []string) string {
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
