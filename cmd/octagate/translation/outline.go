package translation

import (
	"cmp"
	"fmt"
	"strings"
)

// A Tone is how a word is meant, for those who paint it.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Name       // what something is called
	Good       // as it should be
	Busy       // not yet
	Bad        // somebody has to do something
	Faint      // by the way
)

// A Paint colours a word; nil leaves it as it is.
type Paint func(Tone, string) string

func (p Paint) paint(tone Tone, word string) string {
	if p == nil || word == "" {
		return word
	}
	return p(tone, word)
}

// A node is a line of an outline, with what is under it.
type node struct {
	text     string
	children []node
}

// draw writes the node after one margin and everything below it after another.
func (n node) draw(out *strings.Builder, first, rest string) {
	fmt.Fprintf(out, "%s%s\n", first, n.text)
	for i, child := range n.children {
		if i == len(n.children)-1 {
			child.draw(out, rest+"└─ ", rest+"   ")
		} else {
			child.draw(out, rest+"├─ ", rest+"│  ")
		}
	}
}

// An outline draws a translation.
type outline struct {
	paint   Paint
	subnets map[string]bool // of the VIPs: that members are reached there goes without saying
}

// Outline draws the Service and what it becomes, one thing a line.
func (t Translation) Outline(paint Paint) string {
	o := outline{paint: paint, subnets: map[string]bool{}}
	root := node{text: o.service(t)}
	if f := t.FloatingIP; f != nil {
		root.children = append(root.children, node{text: o.floatingIP(*f)})
	}
	if lb := t.LoadBalancer; lb != nil {
		for _, v := range lb.VIPs {
			o.subnets[v.Subnet] = true
		}
		root.children = append(root.children, o.loadBalancer(*lb))
	}
	for _, p := range t.Service.Ports {
		if p.Listener == "" && t.Verdict != LeftAlone {
			root.children = append(root.children, node{text: paint.paint(Faint, line("port "+p.Port, "ignored"))})
		}
	}
	var out strings.Builder
	root.draw(&out, "", "")
	return out.String()
}

func (o outline) service(t Translation) string {
	words := []string{o.paint.paint(Name, t.Service.Name), t.Service.Type}
	if t.Verdict != "" {
		words = append(words, o.paint.paint(tones[string(t.Verdict)], string(t.Verdict)))
	}
	if w := t.Waiting; w != nil {
		words = append(words, o.paint.paint(Busy, w.Reason))
	}
	return line(words...)
}

func (o outline) floatingIP(f FloatingIP) string {
	what := "floating IP"
	switch {
	case f.Allocated && f.Address == "":
		return line(what, "allocated from "+cmp.Or(f.Network, "the external network"), o.paint.paint(Faint, kept(f, "released with the Service")))
	case f.Allocated:
		return line(what, o.paint.paint(Name, f.Address), o.apart(f), o.paint.paint(Faint, kept(f, "released with the Service")))
	}
	return line(what, o.paint.paint(Name, f.Address), o.apart(f), o.paint.paint(Faint, "the user's: never deleted"))
}

// kept is what becomes of a floating IP that octagate allocates.
func kept(f FloatingIP, otherwise string) string {
	if f.Keep {
		return "left to the project in the end"
	}
	return otherwise
}

func (o outline) apart(f FloatingIP) string {
	if f.Apart {
		return o.paint.paint(Bad, "not associated")
	}
	return ""
}

func (o outline) loadBalancer(lb LoadBalancer) node {
	var vips []string
	for _, v := range lb.VIPs {
		vips = append(vips, cmp.Or(v.Address, "is the ClusterIP that it is given"))
	}
	n := node{text: line("load balancer", o.paint.paint(Name, lb.Name), "VIP "+strings.Join(vips, " and "), o.choices(lb), o.states(lb.States))}
	if lb.Trouble != "" {
		n.children = append(n.children, node{text: o.paint.paint(Bad, lb.Trouble)})
	}
	shown := map[string]bool{}
	for _, l := range lb.Listeners {
		n.children = append(n.children, o.listener(l, lb, shown))
	}
	for _, p := range lb.Pools {
		if !shown[p.Name] {
			n.children = append(n.children, o.pool(p))
		}
	}
	return n
}

// choices are what is read when a load balancer is made.
func (o outline) choices(lb LoadBalancer) string {
	var words []string
	for _, c := range []struct{ what, value string }{{"provider ", lb.Provider}, {"flavor ", lb.Flavor}, {"zone ", lb.Zone}, {"tags ", strings.Join(lb.Tags, ",")}} {
		if c.value != "" {
			words = append(words, c.what+c.value)
		}
	}
	if lb.Open {
		words = append(words, "without security groups")
	}
	return o.paint.paint(Faint, strings.Join(words, ", "))
}

// listener is a listener with its pool. One that was shown already is only named.
func (o outline) listener(l Listener, lb LoadBalancer, shown map[string]bool) node {
	n := node{text: line("listener", o.paint.paint(Name, l.Key), o.paint.paint(Faint, settings(l)), o.states(l.States))}
	if l.Off {
		n.text = line(n.text, o.paint.paint(Bad, "switched off"))
	}
	for _, p := range lb.Pools {
		switch {
		case p.Name != l.Pool:
		case shown[p.Name]:
			n.children = append(n.children, node{text: line("pool "+p.Name, o.paint.paint(Faint, "as above"))})
		default:
			n.children = append(n.children, o.pool(p))
		}
	}
	shown[l.Pool] = true
	return n
}

// settings are what somebody chose of a listener.
func settings(l Listener) string {
	var words []string
	if len(l.Sources) > 0 {
		words = append(words, "for "+strings.Join(l.Sources, " "))
	}
	if l.ConnectionLimit > 0 {
		words = append(words, fmt.Sprintf("at most %d connections", l.ConnectionLimit))
	}
	words = append(words, l.Timeouts...)
	if l.Forwarded {
		words = append(words, "X-Forwarded-For")
	}
	if l.Certificate != "" {
		words = append(words, "certificate "+l.Certificate)
	}
	return strings.Join(words, ", ")
}

func (o outline) pool(p Pool) node {
	words := []string{p.Protocol, p.Algorithm}
	if p.Sticky {
		words = append(words, "sticky")
	}
	n := node{text: line("pool "+p.Name, o.paint.paint(Faint, strings.Join(words, ", ")), o.states(p.States))}
	if p.Monitor != "" {
		n.children = append(n.children, node{text: line("health monitor", o.paint.paint(Faint, p.Monitor))})
	}
	for _, m := range p.Members {
		n.children = append(n.children, node{text: o.member(m)})
	}
	switch {
	case p.Unknown:
		n.children = append(n.children, node{text: o.paint.paint(Faint, "members: its ready Pods")})
	case len(p.Members) == 0:
		n.children = append(n.children, node{text: o.paint.paint(Busy, "no members")})
	}
	return n
}

func (o outline) member(m Member) string {
	where := ""
	if m.Subnet != "" && !o.subnets[m.Subnet] {
		where = o.paint.paint(Faint, "in subnet "+m.Subnet)
	}
	return line("member", o.paint.paint(Name, m.Name), m.Address, where, o.states(m.States))
}

// tones are how verdicts and Octavia's states are meant.
var tones = map[string]Tone{
	"accepted": Good, "unverified": Busy, "denied": Bad, string(LeftAlone): Faint,
	"ACTIVE": Good, "ERROR": Bad, "DELETED": Bad,
	"ONLINE": Good, "NO_MONITOR": Good, "DRAINING": Busy, "DEGRADED": Busy, "OFFLINE": Faint,
}

// ToneOf is how a state is meant. Those that pass have names of their own.
func ToneOf(state string) Tone {
	if tone, known := tones[state]; known {
		return tone
	}
	return Busy
}

func (o outline) states(s States) string {
	var words []string
	for _, state := range []string{s.Provisioning, s.Operating} {
		if state != "" {
			words = append(words, o.paint.paint(ToneOf(state), state))
		}
	}
	return strings.Join(words, " ")
}

// line is the words that there are, with room between them.
func line(words ...string) string {
	var some []string
	for _, w := range words {
		if w != "" {
			some = append(some, w)
		}
	}
	return strings.Join(some, "  ")
}
