package picture

import (
	"fmt"
	"html"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/translation"
)

// DOT writes pictures for Graphviz.
func DOT(all []Picture) string {
	var b strings.Builder
	b.WriteString("digraph octagate {\n" +
		"  rankdir=LR; compound=true; fontname=\"sans-serif\"; ranksep=0.9; nodesep=0.15;\n" +
		"  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\" fontsize=11];\n" +
		"  edge [fontname=\"sans-serif\" fontsize=9 arrowsize=0.7];\n")
	for i, p := range all {
		p.dot(&b, prefix(i))
	}
	b.WriteString("}\n")
	return b.String()
}

// prefix sets the IDs of one picture apart from those of the others.
func prefix(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprintf("p%d_", i)
}

func (p Picture) dot(b *strings.Builder, prefix string) {
	first := map[string]string{} // box of each group, which stands for it in lines
	for _, g := range p.Groups {
		first[g.ID] = prefix + g.anchor()
		if g.Title != "" {
			fmt.Fprintf(b, "  subgraph \"cluster_%s%s\" {\n    label=%q; style=rounded; color=\"#bbbbbb\"; margin=12;\n", prefix, g.ID, g.Title)
		}
		for _, box := range g.Boxes {
			fmt.Fprintf(b, "    %q [label=<%s> %s];\n", prefix+box.ID, box.markup(), g.ink(box))
		}
		if g.Title != "" {
			b.WriteString("  }\n")
		}
	}
	for _, l := range p.Lines {
		fmt.Fprintf(b, "  %q -> %q [%s];\n", p.end(first, prefix, l.From), p.end(first, prefix, l.To), p.style(first, prefix, l))
	}
}

// anchor is the box that stands for a group: a member, where there are any.
func (g Group) anchor() string {
	for _, b := range g.Boxes {
		if b.Column == Members {
			return b.ID
		}
	}
	return g.Boxes[0].ID
}

// end is the box at which a line ends.
func (p Picture) end(first map[string]string, prefix, id string) string {
	if box, group := first[id]; group {
		return box
	}
	return prefix + id
}

func (p Picture) style(first map[string]string, prefix string, l Line) string {
	words := []string{`color="#c8102e"`}
	if l.Means {
		words = []string{`color="#777777"`, `style=dashed`, fmt.Sprintf("label=%q", l.Label)}
	}
	if _, group := first[l.From]; group {
		words = append(words, fmt.Sprintf("ltail=%q", "cluster_"+prefix+l.From), "constraint=false")
	}
	return strings.Join(words, " ")
}

// markup is a box's text as Graphviz has it.
func (b Box) markup() string {
	name := html.EscapeString(b.Name)
	if b.Struck {
		name = "<S>" + name + "</S>"
	}
	text := fmt.Sprintf(`<FONT POINT-SIZE="9">%s</FONT><BR/>%s`, html.EscapeString(b.Kind), name)
	for _, more := range []string{b.Note, words(b.States)} {
		if more != "" {
			text += fmt.Sprintf(`<BR/><FONT POINT-SIZE="9">%s</FONT>`, html.EscapeString(more))
		}
	}
	return text
}

// words are the states in a row.
func words(s translation.States) string {
	return strings.TrimSpace(s.Provisioning + " " + s.Operating)
}

func (g Group) ink(b Box) string {
	switch {
	case b.Struck, b.Faint:
		return `fillcolor="#f4f4f4" color="#9a9a9a" fontcolor="#777777" style="rounded,filled,dashed"`
	case g.Side == Kubernetes:
		return `fillcolor="#e8f0fe" color="#326ce5"`
	}
	return `fillcolor="#fdecea" color="#c8102e"`
}
