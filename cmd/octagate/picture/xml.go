package picture

import (
	_ "embed"
	"encoding/xml"
	"fmt"
	"strings"
)

// How drawings look. The pages are written here, not by text/template: a program that has
// that in it has all methods of all its libraries in it, too, and is nearly twice as large.
var (
	//go:embed light.css
	light string
	//go:embed dark.css
	dark string
	//go:embed tips.svg
	tips string
)

// svg is the drawing as a file.
func (d drawing) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" `+
		`font-family="system-ui, sans-serif" font-size="14" role="img" aria-labelledby="title desc">`, d.Width, d.Height)
	fmt.Fprintf(&b, "\n  <title id=\"title\">%s</title>\n  <desc id=\"desc\">%s</desc>\n", escaped(d.Title), escaped(d.Text))
	fmt.Fprintf(&b, "  <style>\n%s  </style>\n%s", indented("    ", d.Theme.style()), indented("  ", tips))
	fmt.Fprintf(&b, "  <rect class=\"paper\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", d.Width, d.Height)
	for _, p := range d.Parts {
		p.write(&b)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// style is what the theme adds to the light one.
func (t Theme) style() string {
	switch t {
	case Dark:
		return light + dark
	case Auto:
		return light + "@media (prefers-color-scheme: dark) {\n" + dark + "}\n"
	}
	return light
}

func (p part) write(b *strings.Builder) {
	fmt.Fprintf(b, "  <g transform=\"translate(0 %d)\">\n", p.Y)
	for _, w := range p.Heads {
		fmt.Fprintf(b, "    %s\n", w)
	}
	for _, f := range p.Frames {
		fmt.Fprintf(b, "    %s\n    %s\n", f.element(8, "frame"), word{f.X + padding, f.Y + 23, f.Title, "name"})
	}
	for _, s := range p.Boxes {
		fmt.Fprintf(b, "    <g>%s</g>\n", s)
	}
	for _, s := range p.Lines {
		fmt.Fprintf(b, "    %s\n", s)
	}
	b.WriteString("  </g>\n")
}

// String is the word as an element.
func (w word) String() string {
	return fmt.Sprintf(`<text x="%d" y="%d" class="%s">%s</text>`, w.X, w.Y, w.Class, escaped(w.Text))
}

// element is the rectangle as one, with round corners.
func (r rect) element(radius int, class string) string {
	return fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" rx="%d" class="%s"/>`, r.X, r.Y, r.W, r.H, radius, class)
}

// String is the box as elements.
func (s shape) String() string {
	var b strings.Builder
	if s.Full != "" {
		fmt.Fprintf(&b, "<title>%s</title>", escaped(s.Full))
	}
	b.WriteString(s.element(5, s.Class))
	for _, w := range s.Words {
		b.WriteString(w.String())
	}
	if d := s.Dot; d != nil {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="5" class="%s"><title>%s</title></circle>`, d.X, d.Y, d.Class, escaped(d.Text))
	}
	return b.String()
}

// String is the line as elements.
func (s stroke) String() string {
	line := fmt.Sprintf(`<path class="%s" d="%s"/>`, s.Class, s.Path)
	if s.Label != nil {
		line += s.Label.String()
	}
	return line
}

// indented are lines behind a margin.
func indented(margin, lines string) string {
	return margin + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n"+margin) + "\n"
}

// escaped is a text as XML has it, less the characters that XML cannot have.
func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // which fails only where writing does
	return b.String()
}
