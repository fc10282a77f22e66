package picture

import (
	"fmt"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/cmd/octagate/translation"
)

// A Theme is for which background a picture is.
type Theme string

// The themes. Auto is what the reader's system says.
const (
	Auto  Theme = "auto"
	Light Theme = "light"
	Dark  Theme = "dark"
)

// A drawing is all pictures of one file.
type drawing struct {
	Width, Height int
	Title, Text   string
	Theme         Theme
	Parts         []part
}

// A part is one picture within a drawing.
type part struct {
	Y      int
	Heads  []word
	Frames []frame
	Boxes  []shape
	Lines  []stroke
}

type word struct {
	X, Y        int
	Text, Class string
}

type frame struct {
	rect
	Title string
}

type shape struct {
	rect
	Class string
	Full  string // of a name that is cut
	Words []word
	Dot   *dot
}

type dot struct {
	X, Y        int
	Class, Text string
}

type stroke struct {
	Path, Class string
	Label       *word
}

// SVG writes pictures, one under the other.
func SVG(all []Picture, theme Theme) string {
	d := drawing{Theme: theme, Title: "How octagate translates Services", Text: "Left, Services of Kubernetes. Right, what they become in OpenStack."}
	if len(all) == 1 {
		d.Title = "How octagate translates the Service " + all[0].Title
	}
	for _, p := range all {
		l := place(p)
		one := l.draw()
		one.Y = d.Height
		d.Parts = append(d.Parts, one)
		d.Width, d.Height = max(d.Width, l.width), d.Height+l.height
	}
	return d.svg()
}

func (l layout) draw() part {
	d := part{Heads: []word{
		{margin, margin + 16, string(Kubernetes), "head kube"},
		{l.x[Wide] - padding, margin + 16, string(OpenStack), "head open"},
	}}
	for _, g := range l.picture.Groups {
		if r, framed := l.frames[g.ID]; framed {
			d.Frames = append(d.Frames, frame{r, g.Title})
		}
		for _, b := range g.Boxes {
			if r, placed := l.boxes[b.ID]; placed {
				d.Boxes = append(d.Boxes, b.shape(r, g.Side))
			}
		}
	}
	for _, line := range l.picture.Lines {
		d.Lines = append(d.Lines, l.stroke(line))
	}
	return d
}

// shape is a box with its texts.
func (b Box) shape(r rect, side Side) shape {
	s := shape{rect: r, Class: "open"}
	if side == Kubernetes {
		s.Class = "kube"
	}
	name := "mono"
	if b.Struck || b.Faint {
		s.Class = "gone"
	}
	if b.Struck {
		name = "mono struck"
	}
	if cut(b.Name) != b.Name {
		s.Full = b.Name
	}
	if b.Column == Members {
		s.Words = []word{{r.X + inset, r.middle() + 4, cut(b.Name), name}}
		if dots(b.States) > 0 {
			s.Dot = &dot{r.right() - inset, r.middle(), tone(worst(b.States)), words(b.States)}
		}
		return s
	}
	s.Words = []word{{r.X + inset, r.Y + 18, cut(b.Kind), "small"}, {r.X + inset, r.Y + 36, cut(b.Name), name}}
	if states := words(b.States); states != "" {
		s.Words = append(s.Words, word{r.right() - inset, r.Y + 18, states, "small end " + tone(worst(b.States))})
	}
	if b.Note != "" {
		s.Words = append(s.Words, word{r.right() - inset, r.Y + 36, b.Note, "small end"})
	}
	return s
}

// worst is the one of two states that people should see.
func worst(s translation.States) string {
	for _, state := range []string{s.Provisioning, s.Operating} {
		if state != "" && translation.ToneOf(state) == output.Bad {
			return state
		}
	}
	if s.Provisioning != "" && translation.ToneOf(s.Provisioning) != output.Good || s.Operating == "" {
		return s.Provisioning
	}
	return s.Operating
}

// tone is the class of a state.
func tone(state string) string {
	switch translation.ToneOf(state) {
	case output.Good:
		return "good"
	case output.Bad:
		return "bad"
	case output.Faint:
		return "faint"
	}
	return "busy"
}

// stroke is a line on its way.
func (l layout) stroke(line Line) stroke {
	if line.From == endpoints {
		return l.around(line)
	}
	from, to := l.boxes[line.From], l.boxes[line.To]
	switch {
	case line.Means:
		start, end := from.right(), to.X-2
		s := stroke{Path: fmt.Sprintf("M%d %dH%d", start, to.middle(), end), Class: "means"}
		edge := l.frames[service].right()
		s.Label = &word{(edge + l.x[Wide] - padding) / 2, to.middle() - 7, line.Label, "label"}
		return s
	case from.X == to.X: // floating IP to VIP, past the title of the frame
		x := from.right() - aside
		return stroke{Path: fmt.Sprintf("M%d %dV%d", x, from.bottom(), to.Y-2), Class: "flow"}
	case from.X < to.X && from.right() > to.X: // VIP to listener
		x := from.X + indent/2
		y := to.Y + inset // above the line from the port
		for _, b := range l.group(balancer).of(Wide) {
			from.Y = max(from.Y, l.boxes[b.ID].Y)
		}
		return stroke{Path: fmt.Sprintf("M%d %dV%dQ%d %d %d %dH%d", x, from.bottom(), y-8, x, y, x+8, y, to.X-2), Class: "flow"}
	}
	bend := (to.X - from.right()) / 2
	return stroke{Path: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", from.right(), from.middle(), from.right()+bend, from.middle(),
		to.X-bend, to.middle(), to.X-2, to.middle()), Class: "flow"}
}

// around is the line from all endpoints to all members.
func (l layout) around(line Line) stroke {
	from, to := l.frames[endpoints], l.frames[balancer]
	x, y := l.x[Members]+l.w[Members]/2, from.middle()
	path := fmt.Sprintf("M%d %dH%dQ%d %d %d %dV%d", from.right(), y, x-12, x, y, x, y-12, to.bottom()+2)
	return stroke{Path: path, Class: "means", Label: &word{(from.right() + x) / 2, y - 7, line.Label, "label"}}
}
