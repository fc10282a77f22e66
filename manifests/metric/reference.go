package metric

import (
	"fmt"
	"strings"
)

// preface is what holds for all metrics.
const preface = `# Metrics

What octagate exports at ` + "`metrics.bindAddress`" + `, beside what controller-runtime, client-go and the Go runtime export of
themselves. ` + "`octagate metrics`" + ` prints this page. No label names a Service, a namespace or anything else
of which there may be any number. **Series** is how many there are at most in one process, however many
Services there are; of most there are fewer. What says *leader* comes from the replica that builds, and from
no other; the rest comes from each, so that gauges are to be joined by ` + "`max`" + `, and counters by ` + "`sum`" + `.

| metric | type | unit | series | meaning |
|---|---|---|---|---|
`

// Reference is the catalogue of metrics as a page of Markdown.
func Reference(defs []Def) string {
	var b strings.Builder
	b.WriteString(preface)
	for _, d := range defs {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s | %s |\n", d.Name, d.Name, d.Kind, d.Unit(), d.most(), d.Doc)
	}
	for _, d := range defs {
		b.WriteString(d.chapter())
	}
	return b.String()
}

// most is how many series there are, in words.
func (d Def) most() string {
	if n := d.Series(); n > 0 {
		return fmt.Sprint(n)
	}
	return "few"
}

// chapter is one metric with all its labels.
func (d Def) chapter() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n", d.Name, d.Doc)
	if d.Leader {
		b.WriteString("\nExported by the *leader*.\n")
	}
	if len(d.Buckets) > 0 {
		fmt.Fprintf(&b, "\nBuckets: %s.\n", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(d.Buckets)), ", "), "[]"))
	}
	if len(d.Labels) == 0 {
		return b.String()
	}
	b.WriteString("\n| label | values | |\n|---|---|---|\n")
	for _, l := range d.Labels {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", l.Name, l.values(), l.Doc)
	}
	return b.String()
}

// values are those of a label, as code.
func (l Label) values() string {
	var all []string
	for _, v := range l.Values {
		all = append(all, "`"+v+"`")
	}
	if l.Open {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}
