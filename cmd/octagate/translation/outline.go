package translation

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/output"
)

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
	paint   output.Paint
	subnets map[string]bool // of the VIPs: that members are reached there goes without saying
}

// Outline draws the Service and what it becomes, one thing a line.
func (t Translation) Outline(paint output.Paint) string {
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
			root.children = append(root.children, node{text: paint.Mark(output.Faint, line("port "+p.Port, "ignored"))})
		}
	}
	var out strings.Builder
	root.draw(&out, "", "")
	return out.String()
}

func (o outline) service(t Translation) string {
	words := []string{o.paint.Mark(output.Name, t.Service.Name), t.Service.Type}
	if t.Verdict != "" {
		words = append(words, o.paint.Mark(tones[string(t.Verdict)], string(t.Verdict)))
	}
	if w := t.Waiting; w != nil {
		words = append(words, o.paint.Mark(output.Busy, w.Reason))
	}
	return line(words...)
}

func (o outline) floatingIP(f FloatingIP) string {
	what := "floating IP"
	switch {
	case f.Allocated && f.Address == "":
		return line(what, "allocated from "+cmp.Or(f.Network, "the external network"), o.paint.Mark(output.Faint, kept(f, "released with the Service")))
	case f.Allocated:
		return line(what, o.paint.Mark(output.Name, f.Address), o.apart(f), o.paint.Mark(output.Faint, kept(f, "released with the Service")))
	}
	return line(what, o.paint.Mark(output.Name, f.Address), o.apart(f), o.paint.Mark(output.Faint, "the user's: never deleted"))
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
		return o.paint.Mark(output.Bad, "not associated")
	}
	return ""
}

func (o outline) loadBalancer(lb LoadBalancer) node {
	var vips []string
	for _, v := range lb.VIPs {
		vips = append(vips, cmp.Or(v.Address, "is the ClusterIP that it is given"))
	}
	n := node{text: line("load balancer", o.paint.Mark(output.Name, lb.Name), "VIP "+strings.Join(vips, " and "), o.choices(lb), o.states(lb.States))}
	if lb.Trouble != "" {
		n.children = append(n.children, node{text: o.paint.Mark(output.Bad, lb.Trouble)})
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
	return o.paint.Mark(output.Faint, strings.Join(words, ", "))
}

// listener is a listener with its pool. One that was shown already is only named.
func (o outline) listener(l Listener, lb LoadBalancer, shown map[string]bool) node {
	n := node{text: line("listener", o.paint.Mark(output.Name, l.Key), o.paint.Mark(output.Faint, settings(l)), o.states(l.States))}
	if l.Off {
		n.text = line(n.text, o.paint.Mark(output.Bad, "switched off"))
	}
	for _, p := range lb.Pools {
		switch {
		case p.Name != l.Pool:
		case shown[p.Name]:
			n.children = append(n.children, node{text: line("pool "+p.Name, o.paint.Mark(output.Faint, "as above"))})
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
		words = append(words, "at most "+output.Count(l.ConnectionLimit, "connection"))
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
	n := node{text: line("pool "+p.Name, o.paint.Mark(output.Faint, strings.Join(words, ", ")), o.states(p.States))}
	if p.Monitor != "" {
		n.children = append(n.children, node{text: line("health monitor", o.paint.Mark(output.Faint, p.Monitor))})
	}
	for _, m := range p.Members {
		n.children = append(n.children, node{text: o.member(m)})
	}
	switch {
	case p.Unknown:
		n.children = append(n.children, node{text: o.paint.Mark(output.Faint, "members: its ready Pods")})
	case len(p.Members) == 0:
		n.children = append(n.children, node{text: o.paint.Mark(output.Busy, "no members")})
	}
	return n
}

func (o outline) member(m Member) string {
	where := ""
	if m.Subnet != "" && !o.subnets[m.Subnet] {
		where = o.paint.Mark(output.Faint, "in subnet "+m.Subnet)
	}
	return line("member", o.paint.Mark(output.Name, m.Name), m.Address, where, o.states(m.States))
}

// tones are how verdicts and Octavia's states are meant.
var tones = map[string]output.Tone{
	"accepted": output.Good, "unverified": output.Busy, "denied": output.Bad, string(LeftAlone): output.Faint,
	"ACTIVE": output.Good, "ERROR": output.Bad, "DELETED": output.Bad,
	"ONLINE": output.Good, "NO_MONITOR": output.Good, "DRAINING": output.Busy, "DEGRADED": output.Busy, "OFFLINE": output.Faint,
}

// ToneOf is how a state is meant. Those that pass have names of their own.
func ToneOf(state string) output.Tone {
	if tone, known := tones[state]; known {
		return tone
	}
	return output.Busy
}

func (o outline) states(s States) string {
	var words []string
	for _, state := range []string{s.Provisioning, s.Operating} {
		if state != "" {
			words = append(words, o.paint.Mark(ToneOf(state), state))
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
