package picture

import (
	"fmt"
	"strings"
)

// Mermaid writes pictures for Mermaid, which GitHub and GitLab draw.
func Mermaid(all []Picture) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, p := range all {
		p.mermaid(&b, prefix(i))
	}
	b.WriteString("  classDef kubernetes fill:#e8f0fe,stroke:#326ce5,color:#111\n" +
		"  classDef openstack fill:#fdecea,stroke:#c8102e,color:#111\n" +
		"  classDef ignored fill:#f4f4f4,stroke:#9a9a9a,color:#777,stroke-dasharray:5 4\n")
	return b.String()
}

func (p Picture) mermaid(b *strings.Builder, prefix string) {
	for _, g := range p.Groups {
		if g.Title != "" {
			fmt.Fprintf(b, "  subgraph %s%s[\"%s\"]\n", prefix, g.ID, quoted(g.Title))
		}
		for _, box := range g.Boxes {
			fmt.Fprintf(b, "    %s%s[\"%s\"]:::%s\n", prefix, box.ID, box.lines(), g.class(box))
		}
		if g.Title != "" {
			b.WriteString("  end\n")
		}
	}
	for _, l := range p.Lines {
		arrow := "-->"
		if l.Means {
			arrow = fmt.Sprintf("-. \"%s\" .->", quoted(l.Label))
		}
		fmt.Fprintf(b, "  %s%s %s %s%s\n", prefix, l.From, arrow, prefix, l.To)
	}
}

// lines is a box's text as Mermaid has it.
func (b Box) lines() string {
	name := quoted(b.Name)
	if b.Struck {
		name = "<s>" + name + "</s>"
	}
	text := []string{"<small>" + quoted(b.Kind) + "</small>", name}
	for _, more := range []string{b.Note, words(b.States)} {
		if more != "" {
			text = append(text, "<small>"+quoted(more)+"</small>")
		}
	}
	return strings.Join(text, "<br/>")
}

// quoted is a text that can stand between the quotation marks of Mermaid.
func quoted(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "&lt;", ">", "&gt;", "&", "&amp;").Replace(s)
}

func (g Group) class(b Box) string {
	if b.Struck || b.Faint {
		return "ignored"
	}
	return strings.ToLower(string(g.Side))
}
