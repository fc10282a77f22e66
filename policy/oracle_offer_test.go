package policy

import (
	"cmp"
	"slices"

	"github.com/octagate/octagate/policy/facts"
)

// offers draws what Octavia offers, and how much of it.
func (d dice) offers(known *facts.Snapshot) {
	on, off := facts.Offer{}, facts.Offer{Off: true}
	known.Providers = pick(d, nil, nil, map[string]facts.Offer{"amphora": on, "ovn": on}, map[string]facts.Offer{"ovn": on})
	known.Flavors = pick(d, nil, map[string]facts.Offer{}, map[string]facts.Offer{external: on, dmz: off})
	known.Zones = pick(d, nil, map[string]facts.Offer{}, map[string]facts.Offer{"east": on, "west": off})
	limited := func(most int) facts.Limit { return facts.Limit{Known: true, Most: most} }
	known.BalancerLimit = pick(d, facts.Limit{}, limited(-1), limited(0), limited(3), limited(4), limited(50))
	known.FloatingIPLimit = pick(d, facts.Limit{}, limited(-1), limited(5), limited(6))
}

// hasOne reports whether there is a load balancer of the Service.
func (w world) hasOne() bool {
	for _, b := range w.known.Balancers {
		if uid := w.subject.Service.UID; uid != "" && b.Service == uid {
			return true
		}
	}
	return w.subject.Has.Subnet != "" || w.builtBefore()
}

// notOffered: what is chosen for a new load balancer has to be there, and switched on.
func (w world) notOffered(name, otherwise string, offers map[string]facts.Offer) []string {
	chosen := cmp.Or(w.wrote(name), otherwise)
	o, there := offers[chosen]
	if chosen == "" || offers == nil || there && !o.Off || w.hasOne() {
		return nil
	}
	return []string{at(name) + " " + chosen}
}

func (w world) otherProvider() []string {
	return w.notOffered("provider", w.cfg.Provider, w.known.Providers)
}
func (w world) otherFlavor() []string { return w.notOffered("flavor-id", "", w.known.Flavors) }
func (w world) otherZone() []string {
	return w.notOffered("availability-zone", "", w.known.Zones)
}

// full reports whether there are as many as there may be.
func full(has int, l facts.Limit) bool { return l.Known && l.Most != -1 && has >= l.Most }

func (w world) withoutRoom() (denied []string) {
	s := w.subject.Service.Spec
	if !slices.ContainsFunc(s.Ports, w.balanced) {
		return nil
	}
	what := "spec.type " + cmp.Or(string(s.Type), "ClusterIP")
	if w.known.Balancers != nil && !w.hasOne() && full(len(w.known.Balancers), w.known.BalancerLimit) {
		denied = append(denied, what)
	}
	if _, ip := w.asked(); !w.external() || ip != "" || w.known.FloatingIPs == nil {
		return denied
	}
	for _, f := range w.known.FloatingIPs {
		if w.holds(f) || f.Pool && f.Port == "" {
			return denied
		}
	}
	if full(len(w.known.FloatingIPs), w.known.FloatingIPLimit) {
		denied = append(denied, what)
	}
	return denied
}
