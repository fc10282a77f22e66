package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/policy/facts"
	"github.com/octagate/octagate/policy/spelling"
)

// A choice is what a Service has of something that Octavia offers, and what there is.
type choice struct {
	what       string                 // in a word
	by         annotation.Def[string] // says what is chosen
	chosen     string                 // empty: the cloud's default
	configured string                 // what the operator chose for whoever does not choose
	offers     map[string]facts.Offer // nil: unknown
	command    string                 // lists what there is; empty: its names are short enough
}

// judge objects to a choice that Octavia would refuse. What was chosen for a load
// balancer that is there cannot be had again perhaps, but is kept.
func (c choice) judge(q question) []Finding {
	offer, there := c.offers[c.chosen]
	if c.chosen == "" || c.offers == nil || there && !offer.Off || q.exists() {
		return nil
	}
	why := "is no " + c.what + " of this cloud; "
	if there {
		why = "is switched off in this cloud; "
	}
	if c.chosen == c.configured {
		return one(Deny, keyed(c.by), c.chosen, why+"tell the operator")
	}
	return one(Deny, keyed(c.by), c.chosen, why+c.instead())
}

// instead is what the author could choose: what was meant, or else a few.
func (c choice) instead() string {
	var on []string
	for _, name := range slices.Sorted(maps.Keys(c.offers)) {
		if !c.offers[name].Off {
			on = append(on, name)
		}
	}
	meant := spelling.Nearest(c.chosen, on)
	switch {
	case len(on) == 0:
		return "there is none; leave it out"
	case c.command != "":
		return "try: " + c.command
	case meant != "":
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return "enabled here: " + strings.Join(on[:min(3, len(on))], ", ")
}

// exists reports whether the Service has a load balancer, as far as anybody knows, or one
// that becomes its own.
func (q question) exists() bool {
	_, seen := q.own()
	return seen || q.subject.Has != (LoadBalancer{}) || q.subject.builtBefore()
}

// own is the load balancer of the Service, or one that becomes its own, that the cloud shows;
// of several, always the same.
func (q question) own() (own facts.Balancer, seen bool) {
	if ports := q.known.PortsOf(q.subject.Service.UID); len(ports) > 0 {
		own, seen = q.known.Balancers[ports[0]], true
	}
	if q.cfg.Adopts {
		if other, found := q.known.BalancerNamed(q.in.Name); found && (!seen || other.ID < own.ID) {
			return other, true
		}
	}
	return own, seen
}

// owns reports whether a load balancer was made for the Service.
func (q question) owns(b facts.Balancer) bool {
	return b.Service != "" && b.Service == q.subject.Service.UID
}
