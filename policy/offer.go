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
	svc, old := q.subject.Service, q.subject.Old
	if q.subject.Has != (LoadBalancer{}) || old != nil && built(old.Annotations) {
		return true
	}
	for _, b := range q.known.Balancers {
		if b.Service != "" && b.Service == svc.UID || q.cfg.Adopts && b.Name == q.in.Name {
			return true
		}
	}
	return false
}
