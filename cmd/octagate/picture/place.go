package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/octagate/octagate/cmd/octagate/translation"
)

// Lengths, in pixels.
const (
	margin   = 24
	padding  = 14 // between a frame and what is in it
	inset    = 12 // between the edge of a box and its text
	tall     = 46 // a box of two lines
	low      = 28 // a member, which has one
	between  = 14 // boxes in one column
	close    = 6  // members
	gutter   = 170
	arrow    = 44 // between the columns of a load balancer
	indent   = 30 // of the listeners, for the lines from the VIP
	titled   = 36 // the title of a frame
	narrow   = 240
	headline = 44
	aside    = 60 // of the line from a floating IP
)

// A rect is where something stands.
type rect struct{ X, Y, W, H int }

func (r rect) middle() int { return r.Y + r.H/2 }
func (r rect) right() int  { return r.X + r.W }
func (r rect) bottom() int { return r.Y + r.H }

// A layout is where everything of a picture stands.
type layout struct {
	picture Picture
	boxes   map[string]rect // by ID
	frames  map[string]rect // of groups with a title, by ID
	x, w    [4]int          // of the columns of OpenStack
	kx, kw  int             // of the column of Kubernetes
	width   int
	height  int
}

// place lays a picture out.
func place(p Picture) layout {
	l := layout{picture: p, boxes: map[string]rect{}, frames: map[string]rect{}}
	l.columns()
	l.rows()
	return l
}

// group is a group of the picture, empty if there is none.
func (l *layout) group(id string) Group {
	for _, g := range l.picture.Groups {
		if g.ID == id {
			return g
		}
	}
	return Group{}
}

// of are the boxes of a group in a column.
func (g Group) of(c Column) []Box {
	var some []Box
	for _, b := range g.Boxes {
		if b.Column == c {
			some = append(some, b)
		}
	}
	return some
}

// columns chooses how wide columns are, and where they begin.
func (l *layout) columns() {
	l.kx, l.kw = margin+padding, narrow
	for _, id := range []string{service, endpoints} {
		g := l.group(id)
		l.kw = max(l.kw, wide(g.Title, bold))
		for _, b := range g.Boxes {
			l.kw = max(l.kw, b.width())
		}
	}
	x := l.kx + l.kw + padding + gutter + padding
	l.x[Wide], l.x[Listeners] = x, x+indent
	lb := l.group(balancer)
	for c := Listeners; c <= Members; c++ {
		for _, b := range lb.of(c) {
			l.w[c] = max(l.w[c], b.width())
		}
		if c < Members {
			l.x[c+1] = l.x[c] + l.w[c] + arrow
		}
	}
	l.w[Wide] = max(narrow, wide(lb.Title, bold)+aside+inset, l.x[Members]+l.w[Members]-x)
	for _, b := range append(lb.of(Wide), l.group(external).Boxes...) {
		l.w[Wide] = max(l.w[Wide], b.width())
	}
	l.w[Members] = max(l.w[Members], l.x[Wide]+l.w[Wide]-l.x[Members])
	l.width = x + l.w[Wide] + padding + margin
}

// rows puts the boxes one under the other; what becomes of something stands beside it.
func (l *layout) rows() {
	asked, lb := l.group(service), l.group(balancer)
	top := margin + headline
	y := top + titled
	frame := top
	if out := l.group(external).Boxes; len(out) > 0 {
		l.boxes[out[0].ID] = rect{l.x[Wide], y, l.w[Wide], tall}
		if _, named := find(asked, "asked"); named {
			l.boxes["asked"] = rect{l.kx, y, l.kw, tall}
		}
		frame = y + tall + 2*between
		y = frame + titled
	} else if _, named := find(asked, "asked"); named {
		l.boxes["asked"] = rect{l.kx, y, l.kw, tall}
		y += tall + between
	}
	y = l.addresses(asked, lb, y)
	y = l.blocks(lb, y+between)
	lowest := y
	for _, b := range asked.Boxes {
		if _, done := l.boxes[b.ID]; !done && !l.beside(b) {
			l.boxes[b.ID] = rect{l.kx, y, l.kw, tall}
			y += tall + between
		}
	}
	l.frames[service] = rect{margin, top, l.kw + 2*padding, y - top - between + padding}
	if lb.Title != "" {
		l.frames[balancer] = rect{l.x[Wide] - padding, frame, l.w[Wide] + 2*padding, max(lowest-frame-between+padding, titled+padding)}
	}
	l.height = max(l.ends(y+padding), lowest+margin)
}

// addresses puts the ClusterIPs beside the VIPs.
func (l *layout) addresses(asked, lb Group, y int) int {
	vips := lb.of(Wide)
	for i := 0; ; i++ {
		b, there := find(asked, fmt.Sprintf("address%d", i))
		if !there && i >= len(vips) {
			return y
		}
		if there {
			l.boxes[b.ID] = rect{l.kx, y, l.kw, tall}
		}
		if i < len(vips) {
			l.boxes[vips[i].ID] = rect{l.x[Wide], y, l.w[Wide], tall}
		}
		y += tall + between
	}
}

// blocks puts each pool with its listeners, their ports, and its members in a block of its own.
func (l *layout) blocks(lb Group, y int) int {
	for _, pool := range lb.of(Pools) {
		from, to := l.into(pool.ID), l.outOf(pool.ID)
		height := max(tall, len(from)*(tall+between)-between, len(to)*(low+close)-close)
		l.boxes[pool.ID] = rect{l.x[Pools], y + (height-tall)/2, l.w[Pools], tall}
		l.stack(from, l.x[Listeners], l.w[Listeners], tall, between, rect{Y: y, H: height})
		l.stack(to, l.x[Members], l.w[Members], low, close, rect{Y: y, H: height})
		y += height + between + close
	}
	for _, b := range lb.of(Listeners) {
		if _, done := l.boxes[b.ID]; !done { // it leads nowhere
			l.boxes[b.ID] = rect{l.x[Listeners], y, l.w[Listeners], tall}
			y += tall + between
		}
	}
	for _, line := range l.picture.Lines {
		if r, there := l.boxes[line.To]; there && line.Means && strings.HasPrefix(line.To, "listener") {
			l.boxes[line.From] = rect{l.kx, r.Y, l.kw, tall}
		}
	}
	return y
}

// stack puts boxes one under the other in the middle of a block.
func (l *layout) stack(ids []string, x, w, h, gap int, block rect) {
	y := block.Y + (block.H-len(ids)*(h+gap)+gap)/2
	for _, id := range ids {
		l.boxes[id] = rect{x, y, w, h}
		y += h + gap
	}
}

// into are the boxes from which traffic comes to another.
func (l *layout) into(id string) []string {
	var from []string
	for _, line := range l.picture.Lines {
		if line.To == id && !line.Means {
			from = append(from, line.From)
		}
	}
	return from
}

// outOf are the boxes to which traffic goes from another.
func (l *layout) outOf(id string) []string {
	var to []string
	for _, line := range l.picture.Lines {
		if line.From == id && !line.Means {
			to = append(to, line.To)
		}
	}
	return to
}

// beside reports whether a box has its place beside what becomes of it.
func (l *layout) beside(b Box) bool {
	for _, line := range l.picture.Lines {
		if _, placed := l.boxes[line.To]; line.From == b.ID && line.Means && placed {
			return true
		}
	}
	return false
}

// ends puts the endpoints below the Service, and is where the picture ends.
func (l *layout) ends(y int) int {
	g := l.group(endpoints)
	if len(g.Boxes) == 0 {
		return y + margin
	}
	top := y + between
	y = top + titled
	half := (l.kw - between) / 2
	two := len(g.Boxes) > 1
	for _, b := range g.Boxes {
		two = two && b.width() <= half
	}
	for i, b := range g.Boxes {
		r := rect{l.kx, y, l.kw, tall}
		if two {
			r.X, r.W = l.kx+i%2*(half+between), half
		}
		l.boxes[b.ID] = r
		if !two || i%2 == 1 || i == len(g.Boxes)-1 {
			y += tall + between
		}
	}
	l.frames[endpoints] = rect{margin, top, l.kw + 2*padding, y - top - between + padding}
	return l.frames[endpoints].bottom() + margin
}

func find(g Group, id string) (Box, bool) {
	for _, b := range g.Boxes {
		if b.ID == id {
			return b, true
		}
	}
	return Box{}, false
}

// A face is how wide a letter is, in hundredths of a pixel: nobody knows which font is there,
// so it is a wide one.
type face int

// The faces.
const (
	bold  face = 950
	plain face = 850
	small face = 680
	mono  face = 785
)

// wide is how wide a text is, at most.
func wide(text string, f face) int { return utf8.RuneCountInString(text) * int(f) / 100 }

// longest is how long a name is drawn.
const longest = 40

// cut is a text with its middle left out if it is long.
func cut(text string) string {
	all := []rune(text)
	if len(all) <= longest {
		return text
	}
	return string(all[:longest/2-1]) + "…" + string(all[len(all)-longest/2:])
}

// width is how wide a box has to be.
func (b Box) width() int {
	name := wide(cut(b.Name), mono)
	if b.Column == Members {
		return name + 2*inset + dots(b.States)
	}
	states := wide(words(b.States), small)
	if states > 0 {
		states += inset
	}
	note := wide(b.Note, small)
	if note > 0 {
		note += inset
	}
	return max(wide(cut(b.Kind), small)+states, name+note) + 2*inset
}

// dots is the room for the dot that stands for a member's states.
func dots(s translation.States) int {
	if s == (translation.States{}) {
		return 0
	}
	return 2 * inset
}
