package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

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
	known.ListenerLimit = pick(d, facts.Limit{}, limited(-1), limited(2), limited(6), limited(50))
	known.PoolLimit = pick(d, facts.Limit{}, limited(-1), limited(2), limited(6), limited(50))
	known.FloatingIPLimit = pick(d, facts.Limit{}, limited(-1), limited(5), limited(6))
	known.Balancers = maps.Clone(known.Balancers)
	for _, port := range slices.Sorted(maps.Keys(known.Balancers)) {
		b := known.Balancers[port]
		b.Listeners, b.Pools, b.Leaving = d.IntN(3), d.IntN(3), d.once(8)
		known.Balancers[port] = b
	}
}

// shown is a load balancer of the Service that the cloud shows, or that it may adopt.
func (w world) shown() (own facts.Balancer, shown bool) {
	for _, b := range w.known.Balancers {
		ours := b.Service != "" && b.Service == w.subject.Service.UID || w.cfg.Adopts && b.Name == "shop/web"
		if ours && (!shown || b.ID < own.ID) {
			own, shown = b, true
		}
	}
	return own, shown
}

// hasOne reports whether there is a load balancer of the Service.
func (w world) hasOne() bool {
	_, shown := w.shown()
	return shown || w.subject.Has.Subnet != "" || w.builtBefore()
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
func (w world) otherFlavor() []string {
	return w.notOffered("flavor-id", w.pinned("flavor-id", w.cfg.Flavor), w.known.Flavors)
}
func (w world) otherZone() []string {
	return w.notOffered("availability-zone", w.pinned("availability-zone", w.cfg.Zone), w.known.Zones)
}

// full reports whether there are as many as there may be.
func full(has int, l facts.Limit) bool { return l.Known && l.Most != -1 && has >= l.Most }

// needs are how many listeners and pools the Service is to have, and the ports in words.
func (w world) needs() (listeners, pools int, names string) {
	var words []string
	led := map[string]bool{}
	for _, p := range w.subject.Service.Spec.Ports {
		if !w.balanced(p) {
			continue
		}
		behind := w.spoken(p)
		words = append(words, fmt.Sprintf("%s/%d", cmp.Or(p.Protocol, "TCP"), p.Port))
		led[fmt.Sprintf("%s %d", behind, p.Port)] = true
		if target := p.TargetPort.String(); w.cfg.SharedPools && len(w.subject.Service.Spec.Selector) > 0 {
			if target == "0" {
				target = fmt.Sprint(p.Port)
			}
			delete(led, fmt.Sprintf("%s %d", behind, p.Port))
			led[behind+" at "+target] = true
		}
	}
	return len(words), len(led), strings.Join(words, ",")
}

// spoken is what the members of a port speak.
func (w world) spoken(p corev1.ServicePort) string {
	protocol := cmp.Or(string(p.Protocol), "TCP")
	if protocol != "TCP" || p.AppProtocol == nil || w.provider() == "ovn" {
		return protocol
	}
	switch app, terminated := *p.AppProtocol, w.wrote("tls-container-ref") != ""; {
	case app == "http", app == "https" && terminated:
		return "HTTP"
	case app == "https":
		return "HTTPS"
	}
	return protocol
}

func (w world) withoutRoom() (denied []string) {
	s := w.subject.Service.Spec
	if !slices.ContainsFunc(s.Ports, w.balanced) {
		return nil
	}
	what := "spec.type " + cmp.Or(string(s.Type), "ClusterIP")
	listeners, pools, names := w.needs()
	own, shown := w.shown()
	var there, in, behind int
	for _, b := range w.known.Balancers {
		if !b.Leaving {
			there, in, behind = there+1, in+b.Listeners, behind+b.Pools
		}
	}
	unseen := w.known.Balancers == nil || !shown && w.hasOne()
	if !unseen && !shown && full(there, w.known.BalancerLimit) {
		denied = append(denied, what)
	}
	crowded := func(needs, own, has int, l facts.Limit) bool { return needs > own && full(has+needs-own-1, l) }
	if !unseen && (crowded(listeners, own.Listeners, in, w.known.ListenerLimit) || crowded(pools, own.Pools, behind, w.known.PoolLimit)) {
		denied = append(denied, "spec.ports "+names)
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
