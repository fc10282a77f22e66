package preflight

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/ground"
)

// An amphora reaches Pods from an address of its own: in the service subnet, or in L2 in
// the pod subnet. It is in another project, so no rule about members of a group lets it in.
var podSecurity = check{
	name: "pod-security",
	what: "The security groups of Pods let in what comes from load balancers",
	why:  "what a security group does not let in is dropped without a word; the Service times out",
	look: func(g Ground) Result {
		return g.each(false, func(p place) Result {
			ports, why := g.Cloud.Ports.Look()
			if why != "" {
				return unchecked(why)
			}
			var results []Result
			for _, set := range groupsOf(ports, p.pod.ID) {
				results = append(results, g.lets(set, g.source(p)))
			}
			if len(results) == 0 {
				return unchecked("no Pod of this project has a port in " + p.pod.CIDR.String() + " yet")
			}
			return all(results)
		})
	},
}

// source is where what Pods get from load balancers comes from. With ovn that is the
// client itself: at least the other Pods.
func (g Ground) source(p place) netip.Prefix {
	if g.Policy.MemberMode == annotation.L2 || !g.onMachines() {
		return p.pod.CIDR
	}
	return p.service.CIDR
}

// A groupSet is ports with the same security groups.
type groupSet struct {
	groups []string // IDs, in order
	first  ground.Port
	ports  int
}

// open is the key of ports at which nothing is filtered.
const open = "open"

// groupsOf are the sets of security groups that Pods have in a subnet.
func groupsOf(ports []ground.Port, subnet string) []groupSet {
	sets := map[string]groupSet{}
	for _, p := range ports {
		if _, here := p.In(subnet); !here || !p.Ours || belongs(p) {
			continue
		}
		groups := slices.Sorted(slices.Values(p.Groups))
		key := strings.Join(groups, ",")
		if p.Open {
			key = open
		}
		set, seen := sets[key]
		if !seen {
			set = groupSet{groups: groups, first: p}
		}
		set.ports++
		sets[key] = set
	}
	var all []groupSet
	for _, set := range sorted(sets) {
		all = append(all, set)
	}
	return all
}

// belongs reports whether a port is the cloud's own, not a Pod's.
func belongs(p ground.Port) bool {
	return strings.HasPrefix(p.Owner, "network:") || strings.HasPrefix(p.Owner, "Octavia") || strings.HasPrefix(p.Owner, "neutron:") ||
		strings.HasPrefix(p.Name, "octavia-lb-") || strings.HasPrefix(p.Name, "ovn-lb-vip-")
}

// lets looks whether a set of groups lets in what comes from somewhere.
func (g Ground) lets(set groupSet, from netip.Prefix) Result {
	who := fmt.Sprintf("ports like %s (%d)", set.first.ID, set.ports)
	if set.first.Open {
		return passed("", "nothing that reaches %s is filtered", who)
	}
	if len(set.groups) == 0 {
		return found(Failure, "a security group that lets in "+from.String(), "%s have none, so that nothing is let in", who).
			or("openstack port set --security-group GROUP %s", set.first.ID)
	}
	rules, why := g.rules(set)
	if why != "" {
		return unchecked(why)
	}
	return g.judge(rules, set, from, who)
}

// rules are those of a set of groups, or why they are not known.
func (g Ground) rules(set groupSet) (rules []ground.Rule, why string) {
	groups, why := g.Cloud.Groups.Look()
	for _, id := range set.groups {
		known, shown := groups[id]
		if !shown && why == "" {
			why = "security group " + id + " of port " + set.first.ID + " is not shown to us"
		}
		rules = append(rules, known.Rules...)
	}
	return rules, why
}

// judge looks at rules for each protocol that is balanced.
func (g Ground) judge(rules []ground.Rule, set groupSet, from netip.Prefix, who string) Result {
	var results []Result
	for _, protocol := range append([]corev1.Protocol{corev1.ProtocolTCP}, g.Policy.Protocols...) {
		name := strings.ToLower(string(protocol))
		expected := fmt.Sprintf("%s from %s", protocol, from)
		command := fmt.Sprintf("openstack security group rule create --ingress --ethertype %s --protocol %s --remote-ip %s %s", ethertype(from), name, from, set.groups[0])
		switch ports := admitted(rules, name, from); {
		case ports == "":
			results = append(results, found(Failure, expected, "%s are not let it", who).or("%s", command))
		case ports != every:
			results = append(results, found(Warning, expected, "%s are let it at ports %s only", who, ports).or("%s", command))
		default:
			results = append(results, passed(expected, "%s are let it", who))
		}
	}
	return all(results)
}

// every stands for all ports.
const every = "1-65535"

// admitted are the ports at which rules let in what comes from somewhere; empty: none.
func admitted(rules []ground.Rule, protocol string, from netip.Prefix) string {
	var ports []string
	for _, r := range rules {
		anybody := !r.From.IsValid()
		switch {
		case r.Six != from.Addr().Is6() || r.Members || !anybody && !within(from, r.From):
		case r.Protocol != "" && r.Protocol != protocol && r.Protocol != number(protocol):
		case r.First == 0 && r.Last == 0, r.First <= 1 && r.Last == 65535:
			return every
		default:
			ports = append(ports, fmt.Sprintf("%d-%d", r.First, r.Last))
		}
	}
	return some(ports)
}

// number is a protocol as Neutron may have it, too.
func number(protocol string) string {
	return map[string]string{"tcp": "6", "udp": "17", "sctp": "132"}[protocol]
}

func ethertype(p netip.Prefix) string {
	if p.Addr().Is6() {
		return "IPv6"
	}
	return "IPv4"
}
