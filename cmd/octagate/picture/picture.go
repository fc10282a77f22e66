// Package picture draws what a Service becomes in OpenStack: Kubernetes on the left, what
// it becomes on the right, and lines between them.
//
// A Picture is boxes in groups, and lines; how it looks is left to the three that write
// one: SVG, DOT and Mermaid. The package is pure.
package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/translation"
)

// A Picture is one Service and what it becomes.
type Picture struct {
	Title  string
	Groups []Group // in the order of reading
	Lines  []Line
}

// A Side is who has something.
type Side string

// The sides.
const (
	Kubernetes Side = "Kubernetes"
	OpenStack  Side = "OpenStack"
)

// The IDs of groups, and of the column of members, that lines lead from and to.
const (
	service   = "service"
	endpoints = "endpoints"
	external  = "external"
	balancer  = "balancer"
)

// A Group is boxes that belong together.
type Group struct {
	ID    string
	Title string // empty: it is not drawn as one
	Side  Side
	Boxes []Box
}

// A Column is where a box stands within its side.
type Column int

// The columns: the first is all that Kubernetes has, and as wide as the others together on
// the side of OpenStack.
const (
	Wide Column = iota
	Listeners
	Pools
	Members
)

// A Box is one thing.
type Box struct {
	ID     string
	Kind   string // what it is
	Name   string // which one
	Note   string // by the way
	Column Column
	States translation.States
	Struck bool // nothing becomes of it
	Faint  bool // there is nothing
}

// A Line leads from a box or a group to another.
type Line struct {
	From, To string
	Label    string
	Means    bool // what is on the right is made of what is on the left; otherwise traffic goes that way
}

// most is how many members of a pool, and how many endpoints, are drawn; of more only the number
// is told.
const most = 8

// Of is the picture of a translation.
func Of(t translation.Translation) Picture {
	p := &Picture{Title: t.Service.Name}
	p.asked(t)
	p.floating(t)
	p.balanced(t)
	p.ported(t)
	p.behind(t)
	return *p
}

func (p *Picture) group(g Group) {
	if len(g.Boxes) > 0 {
		p.Groups = append(p.Groups, g)
	}
}

// has reports whether there is a box.
func (p *Picture) has(id string) bool {
	return slices.ContainsFunc(p.Groups, func(g Group) bool {
		_, found := find(g, id)
		return found
	})
}

// asked is the Service.
func (p *Picture) asked(t translation.Translation) {
	g := Group{ID: service, Title: "Service " + t.Service.Name, Side: Kubernetes}
	method, address, _ := strings.Cut(t.Service.ExternalIP, "/")
	switch {
	case method == "user":
		g.Boxes = append(g.Boxes, Box{ID: "asked", Kind: "loadBalancerIP", Name: address})
	case method == "pool":
		g.Boxes = append(g.Boxes, Box{ID: "asked", Kind: "type", Name: "LoadBalancer"})
	}
	for i, a := range t.Service.Addresses {
		g.Boxes = append(g.Boxes, Box{ID: fmt.Sprintf("address%d", i), Kind: "ClusterIP", Name: a})
	}
	if len(t.Service.Addresses) == 0 {
		g.Boxes = append(g.Boxes, Box{ID: "address0", Kind: "ClusterIP", Name: "allocated when it is applied"})
	}
	for i, port := range t.Service.Ports {
		b := portBox(i, port)
		if t.Verdict == translation.LeftAlone {
			b.Struck, b.Note = false, ""
		}
		g.Boxes = append(g.Boxes, b)
	}
	p.group(g)
}

// portBox is one port of a Service.
func portBox(i int, port translation.Port) Box {
	b := Box{ID: fmt.Sprintf("port%d", i), Kind: strings.TrimSpace("port " + port.Name), Name: port.Port}
	if port.Target != "" && !strings.HasSuffix(port.Port, "/"+port.Target) {
		b.Name += " → " + port.Target
	}
	if port.Listener == "" {
		b.Struck, b.Note = true, "ignored"
	}
	return b
}

// floating is the floating IP.
func (p *Picture) floating(t translation.Translation) {
	f := t.FloatingIP
	if f == nil {
		return
	}
	b := Box{ID: "floating", Kind: "floating IP", Name: cmp.Or(f.Address, "allocated"), Note: "yours: never deleted"}
	label := "is"
	if f.Allocated {
		b.Note, label = "of the pool: released in the end", "is given a"
	}
	if f.Allocated && f.Keep {
		b.Note = "of the pool: left to you in the end"
	}
	p.group(Group{ID: external, Side: OpenStack, Boxes: []Box{b}})
	if p.has("asked") {
		p.Lines = append(p.Lines, Line{From: "asked", To: b.ID, Label: label, Means: true})
	}
	if t.LoadBalancer != nil && !f.Apart {
		p.Lines = append(p.Lines, Line{From: b.ID, To: "vip0"})
	}
}

// balanced is the load balancer.
func (p *Picture) balanced(t translation.Translation) {
	lb := t.LoadBalancer
	if lb == nil {
		p.group(Group{ID: balancer, Side: OpenStack, Boxes: []Box{{ID: "nothing", Kind: "no load balancer", Name: nothing(t), Faint: true}}})
		return
	}
	g := Group{ID: balancer, Title: "Load balancer " + lb.Name, Side: OpenStack}
	for i, v := range lb.VIPs {
		b := Box{ID: fmt.Sprintf("vip%d", i), Kind: "VIP", Name: cmp.Or(v.Address, "the ClusterIP")}
		if i == 0 {
			b.States, b.Note = lb.States, lb.Trouble
		}
		g.Boxes = append(g.Boxes, b)
		if address := fmt.Sprintf("address%d", i); p.has(address) {
			p.Lines = append(p.Lines, Line{From: address, To: b.ID, Label: "is the VIP", Means: true})
		}
	}
	pools := map[string]string{}
	for i, pool := range inOrder(*lb) {
		pools[pool.Name] = fmt.Sprintf("pool%d", i)
		g.Boxes = append(g.Boxes, Box{ID: pools[pool.Name], Kind: "pool", Name: strings.TrimPrefix(pool.Name, lb.Name+":"), Column: Pools, States: pool.States})
		g.Boxes = append(g.Boxes, p.members(pools[pool.Name], pool)...)
	}
	for i, l := range lb.Listeners {
		b := Box{ID: fmt.Sprintf("listener%d", i), Kind: "listener", Name: l.Key, Column: Listeners, States: l.States}
		g.Boxes = append(g.Boxes, b)
		p.Lines = append(p.Lines, Line{From: "vip0", To: b.ID})
		if l.Pool != "" {
			p.Lines = append(p.Lines, Line{From: b.ID, To: pools[l.Pool]})
		}
	}
	p.group(g)
}

// nothing is why there is no load balancer.
func nothing(t translation.Translation) string {
	for _, port := range t.Service.Ports {
		if port.Listener != "" {
			return "not built"
		}
	}
	if t.Verdict == translation.LeftAlone {
		return "left alone"
	}
	return "no port gets a listener"
}

// inOrder are the pools in the order of the listeners that lead to them.
func inOrder(lb translation.LoadBalancer) []translation.Pool {
	rank := func(p translation.Pool) int {
		i := slices.IndexFunc(lb.Listeners, func(l translation.Listener) bool { return l.Pool == p.Name })
		if i < 0 {
			return len(lb.Listeners)
		}
		return i
	}
	sorted := slices.Clone(lb.Pools)
	slices.SortStableFunc(sorted, func(a, b translation.Pool) int { return cmp.Compare(rank(a), rank(b)) })
	return sorted
}

// members are the boxes of a pool's members.
func (p *Picture) members(pool string, of translation.Pool) []Box {
	var boxes []Box
	for i, m := range of.Members {
		b := Box{ID: fmt.Sprintf("%smember%d", pool, i), Kind: "member", Name: m.Name, Column: Members, States: m.States}
		if i == most-1 && len(of.Members) > most {
			b = Box{ID: b.ID, Kind: "members", Name: fmt.Sprintf("and %d more", len(of.Members)-i), Column: Members}
		}
		boxes = append(boxes, b)
		if i == most-1 {
			break
		}
	}
	if of.Unknown {
		boxes = append(boxes, Box{ID: pool + "members", Kind: "members", Name: "each ready Pod", Column: Members})
	}
	for _, b := range boxes {
		p.Lines = append(p.Lines, Line{From: pool, To: b.ID})
	}
	return boxes
}

// ported says which listener each port becomes.
func (p *Picture) ported(t translation.Translation) {
	if t.LoadBalancer == nil {
		return
	}
	for i, port := range t.Service.Ports {
		for j, l := range t.LoadBalancer.Listeners {
			if port.Listener == l.Key {
				p.Lines = append(p.Lines, Line{From: fmt.Sprintf("port%d", i), To: fmt.Sprintf("listener%d", j), Label: "listener and pool", Means: true})
			}
		}
	}
}

// behind is the endpoints.
func (p *Picture) behind(t translation.Translation) {
	g := Group{ID: endpoints, Title: "Endpoints", Side: Kubernetes}
	for i, e := range t.Endpoints {
		if i == most-1 && len(t.Endpoints) > most {
			g.Boxes = append(g.Boxes, Box{ID: "others", Kind: "and", Name: fmt.Sprintf("%d more", len(t.Endpoints)-i)})
			break
		}
		b := Box{ID: fmt.Sprintf("endpoint%d", i), Kind: e.Name, Name: e.Address, Struck: !e.Member && t.LoadBalancer != nil}
		if b.Struck {
			b.Note = "not ready"
		}
		g.Boxes = append(g.Boxes, b)
	}
	if len(g.Boxes) == 0 && t.Service.Selector != "" {
		g.Boxes = []Box{{ID: "selected", Kind: "Pods", Name: t.Service.Selector}}
	}
	if p.group(g); len(g.Boxes) > 0 && p.some(Members) {
		p.Lines = append(p.Lines, Line{From: endpoints, To: balancer, Label: "each ready one, on each port, is a member", Means: true})
	}
}

// some reports whether a column of the load balancer has any box.
func (p *Picture) some(column Column) bool {
	for _, g := range p.Groups {
		for _, b := range g.Boxes {
			if g.ID == balancer && b.Column == column {
				return true
			}
		}
	}
	return false
}
