package policy

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/octagate/octagate/policy/facts"
)

// The oracle says once more, and as plainly as can be, what each rule denies. It was
// written from the comments of the rules and calls nothing of theirs, so that a mistake
// would have to be made twice.

// How many Services the oracle is asked about, and of how many of them each rule must
// have denied something for that to mean anything.
const (
	manyWorlds  = 10_000
	fewWorlds   = 1_000
	leastDenied = 1.0 / 250
)

func TestOracle(t *testing.T) {
	n := uint64(manyWorlds)
	if testing.Short() {
		n = fewWorlds
	}
	denied := map[string]int{}
	for seed := range n {
		for rule := range agreed(t, seed) {
			denied[rule]++
		}
	}
	for rule := range oracle {
		if float64(denied[rule]) < leastDenied*float64(n) {
			t.Errorf("%s was denied %d times in %d: the oracle was hardly asked", rule, denied[rule], n)
		}
	}
}

func FuzzOracle(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, seed uint64) { agreed(t, seed) })
}

// agreed is what is denied in a world, by rule. It demands that the rules deny what the
// oracle does, and nothing else.
func agreed(t *testing.T, seed uint64) map[string][]string {
	t.Helper()
	w := anyWorld(seed)
	want, got := w.says(), map[string][]string{}
	for _, f := range Evaluate(w.cfg, w.subject, w.known).Findings {
		if what := strings.TrimSpace(f.Field.String() + " " + f.Value); f.Severity == Deny && !slices.Contains(got[f.Rule], what) {
			got[f.Rule] = append(got[f.Rule], what)
		}
	}
	for _, all := range []map[string][]string{got, want} {
		for rule := range all {
			slices.Sort(all[rule])
		}
	}
	if !maps.EqualFunc(want, got, slices.Equal) {
		text, _ := yaml.Marshal(w.subject)
		t.Errorf("anyWorld(%d): the oracle (-) and the rules (+) disagree\n%s\n%s", seed, gocmp.Diff(want, got), text)
	}
	return want
}

// A world is everything that a Service is judged by.
type world struct {
	cfg     Config
	subject Subject
	known   facts.Snapshot
}

// oracle is what each rule denies: fields, with what is wrong there. A rule that is not
// here denies nothing.
var oracle = map[string]func(world) []string{
	"annotation": world.wrongAnnotations, "cluster-ip-range": world.outOfRange, "cluster-ip-reserved": world.reserved, "vip-free": world.taken,
	"subnet-exists": world.withoutSubnet, "ip-families": world.wrongFamilies, "no-listener": world.withoutListener, "http": world.withoutHTTP,
	"capability": world.beyondTheCloud, "algorithm": world.wrongAlgorithm, "health-monitor": world.impatient, "proxy-protocol": world.withoutProxy, "source-ranges": world.wrongSources,
	"load-balancer-ip": world.wrongIP, "pool-configured": world.withoutPool, "floating-ip-exists": world.unknownIP, "floating-ip-free": world.usedIP,
	"floating-ip-allowed": world.keptIP, "floating-ip-claimed": world.claimedIP, "floating-ip-network": world.unreachedIP, "fixed-once-built": world.changed,
	"provider-exists": world.otherProvider, "flavor-exists": world.otherFlavor, "zone-exists": world.otherZone, "quota": world.withoutRoom,
}

// says is what the oracle denies, by rule: what was denied before is forgiven.
func (w world) says() map[string][]string {
	all := map[string][]string{}
	if !w.ours() {
		return all
	}
	before := map[string][]string{}
	if old := w.subject.Old; old != nil {
		before = world{w.cfg, Subject{Service: old, Has: w.subject.Has}, w.known}.says()
	}
	for rule, denies := range oracle {
		for _, what := range denies(w) {
			if what = strings.TrimSpace(what); !slices.Contains(before[rule], what) && !slices.Contains(all[rule], what) {
				all[rule] = append(all[rule], what)
			}
		}
	}
	return all
}

// ours: Services that have an address, are of a type that the operator wants, and of its class.
func (w world) ours() bool {
	s := w.subject.Service.Spec
	types := w.cfg.ServiceTypes
	if len(types) == 0 {
		types = []corev1.ServiceType{"ClusterIP", "LoadBalancer"}
	}
	class := ""
	if s.LoadBalancerClass != nil {
		class = *s.LoadBalancerClass
	}
	return s.ClusterIP != "None" && s.Type != "ExternalName" && slices.Contains(types, cmp.Or(s.Type, "ClusterIP")) &&
		(s.Type != "LoadBalancer" || class == w.cfg.LoadBalancerClass)
}

// wrote is what the author wrote under a key of ours, if the contract takes it.
func (w world) wrote(name string) string { return valid(w.subject.Service, name) }

func valid(svc *corev1.Service, name string) string {
	if value := svc.Annotations["octagate.dev/"+name]; slices.Contains(contract[name].good, value) {
		return value
	}
	return ""
}

func at(name string) string { return "metadata.annotations[octagate.dev/" + name + "]" }

func (w world) wrongAnnotations() (denied []string) {
	for key, value := range w.subject.Service.Annotations {
		if name, ours := strings.CutPrefix(key, "octagate.dev/"); ours && !slices.Contains(contract[name].good, value) && !contract[name].webhooks {
			denied = append(denied, at(name)+" "+value)
		}
	}
	return denied
}

// address is an address in the spelling that all programs read alike; zero: s is none.
func address(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return netip.Addr{}
	}
	return a
}

func (w world) ranges() []netip.Prefix {
	if len(w.cfg.ServiceCIDRs) > 0 {
		return w.cfg.ServiceCIDRs
	}
	return w.known.ServiceCIDRs
}

// placeholder: a dry run shows the network address of a range for a ClusterIP.
func (w world) placeholder(a netip.Addr) bool {
	for _, r := range w.ranges() {
		if w.subject.DryRun && r.Masked().Addr() == a {
			return true
		}
	}
	return false
}

// first is the ClusterIP; zero: not allocated, or not an address.
func (w world) first() netip.Addr {
	a := address(w.subject.Service.Spec.ClusterIP)
	if w.placeholder(a) {
		return netip.Addr{}
	}
	return a
}

// second is the ClusterIP of the other family, if there is one.
func (w world) second() netip.Addr {
	if all := w.subject.Service.Spec.ClusterIPs; len(all) == 2 && !w.placeholder(address(all[1])) {
		return address(all[1])
	}
	return netip.Addr{}
}

// stays: the cloud has a load balancer for the Service, and not at another ClusterIP than the
// one it has now.
func (w world) stays() bool {
	has := w.subject.Has
	return has.Subnet != "" && !(has.VIP.IsValid() && w.first().IsValid() && has.VIP != w.first())
}

// builtBefore: the Service has a load balancer, as its predecessor tells. Without an address
// it could have none.
func (w world) builtBefore() bool {
	old := w.subject.Old
	return old != nil && old.Spec.Type != "ExternalName" && old.Spec.ClusterIP != "None" && old.Annotations["octagate.dev/load-balancer-id"] != ""
}

// pinned is what was decided when the load balancer was built; without one it is the
// operator's choice.
func (w world) pinned(name, otherwise string) string {
	switch {
	case w.stays(): // what else it has, nobody changes
		return ""
	case w.builtBefore():
		return valid(w.subject.Old, name)
	}
	return otherwise
}

// home is the ID of the subnet of the first VIP; empty: which of two is not known yet.
func (w world) home() string {
	pinned := ""
	if w.builtBefore() {
		pinned = w.subject.Old.Annotations["octagate.dev/vip-subnet-id"]
	}
	undecided := !w.first().IsValid() && w.cfg.ServiceSubnetV6 != ""
	switch {
	case w.stays():
		return w.subject.Has.Subnet
	case pinned != "":
		return pinned
	case undecided:
		return ""
	}
	return w.subnet(w.first())
}

func (w world) provider() string {
	if p := w.wrote("provider"); p != "" {
		return p
	}
	return w.pinned("provider", w.cfg.Provider)
}

// tooLate: a load balancer that is there gets no second address.
func (w world) tooLate() bool {
	if w.stays() {
		return w.subject.Has.Second != w.second()
	}
	return w.builtBefore() && len(w.subject.Old.Spec.ClusterIPs) < 2
}

// tooOld reports whether the cloud's Octavia is known, and older than a version of API 2.
func (w world) tooOld(since int) bool {
	v := w.known.Octavia
	return !w.cfg.Legacy && v != facts.Version{} && (v.Major < 2 || v.Major == 2 && v.Minor < since)
}

// bothServed: a load balancer serves both families where there is a subnet for each, and
// where Octavia has two addresses, which LBaaS v2 has not.
func (w world) bothServed() bool {
	return len(w.subject.Service.Spec.ClusterIPs) == 2 && w.cfg.ServiceSubnetV6 != "" && !w.cfg.Legacy && !w.tooOld(26) && !w.tooLate()
}

// A spot is an address that is to become a VIP, and the subnet that it is to be in.
type spot struct {
	field  string
	vip    netip.Addr
	subnet string
}

// subnet is the ID of the service subnet of a family.
func (w world) subnet(a netip.Addr) string {
	if a.Is6() && w.cfg.ServiceSubnetV6 != "" {
		return w.cfg.ServiceSubnetV6
	}
	return w.cfg.ServiceSubnet
}

// spots are where the load balancer is to be, but for where it is already.
func (w world) spots() (all []spot) {
	if a := w.first(); a.IsValid() && !w.has(a) && !w.beyond(a) {
		all = append(all, spot{"spec.clusterIP", a, w.home()})
	}
	if a := w.second(); a.IsValid() && w.bothServed() && !w.has(a) {
		all = append(all, spot{"spec.clusterIPs[1]", a, w.subnet(a)})
	}
	return all
}

// has reports whether the Service has a load balancer at an address.
func (w world) has(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	if w.subject.Has.VIP == a || w.subject.Has.Second == a {
		return true
	}
	b := w.known.Balancers[w.known.Ports[a].ID]
	if b.Service != "" && b.Service == w.subject.Service.UID {
		return true
	}
	return w.builtBefore() && (w.subject.Old.Spec.ClusterIP == a.String() || slices.Contains(w.subject.Old.Spec.ClusterIPs, a.String()))
}

// beyond reports whether an address is in none of the ranges: nothing else is said of it then.
func (w world) beyond(a netip.Addr) bool {
	within := func(r netip.Prefix) bool { return r.Contains(a) }
	return len(w.ranges()) > 0 && !slices.ContainsFunc(w.ranges(), within)
}

func (w world) outOfRange() (denied []string) {
	asked := w.subject.Service.Spec.ClusterIP
	if asked != "" && (!address(asked).IsValid() || w.beyond(address(asked))) {
		denied = append(denied, "spec.clusterIP "+asked)
	}
	for _, p := range w.spots() {
		if s := w.known.Subnets[p.subnet]; s.ID != "" && !s.CIDR.Contains(p.vip) {
			denied = append(denied, p.field+" "+p.vip.String())
		}
	}
	return denied
}

func (w world) reserved() (denied []string) {
	for _, p := range w.spots() {
		s := w.known.Subnets[p.subnet]
		handedOut := func(pool facts.Span) bool { return pool.First.Compare(p.vip) <= 0 && p.vip.Compare(pool.Last) <= 0 }
		if s.ID != "" && (s.Gateway == p.vip || slices.ContainsFunc(s.Pools, handedOut)) {
			denied = append(denied, p.field+" "+p.vip.String())
		}
	}
	return denied
}

func (w world) taken() (denied []string) {
	for _, p := range w.spots() {
		port, there := w.known.Ports[p.vip]
		b, balancer := w.known.Balancers[port.ID]
		leftBehind := port.VIP && !balancer
		adopted := w.cfg.Adopts && b.Name == "shop/web"
		if there && !leftBehind && !adopted && p.subnet == w.subnet(p.vip) {
			denied = append(denied, p.field+" "+p.vip.String())
		}
	}
	return denied
}

// gone reports whether a subnet was looked for and is not there.
func (w world) gone(id string) bool {
	s, looked := w.known.Subnets[id]
	return looked && s.ID == ""
}

func (w world) withoutSubnet() (denied []string) {
	if w.gone(w.home()) && !w.has(w.first()) {
		denied = append(denied, at("vip-subnet-id")+" "+w.home())
	}
	if a := w.second(); a.IsValid() && w.bothServed() && w.gone(w.subnet(a)) && !w.has(a) {
		denied = append(denied, "spec.clusterIPs[1] "+a.String())
	}
	pods := w.cfg.PodSubnet
	if w.first().Is6() && w.cfg.PodSubnetV6 != "" {
		pods = w.cfg.PodSubnetV6
	}
	mode := cmp.Or(w.wrote("member-mode"), w.pinned("member-mode", ""), string(w.cfg.MemberMode))
	if (mode == "L2" || w.provider() == "ovn") && w.gone(pods) {
		denied = append(denied, at("member-mode")+" L2")
	}
	return denied
}

// external reports whether the Service is to have an external IP.
func (w world) external() bool {
	return w.subject.Service.Spec.Type == "LoadBalancer" && w.wrote("internal") != "true"
}

func (w world) wrongFamilies() (denied []string) {
	s := w.subject.Service.Spec
	if !w.first().IsValid() {
		return nil // not allocated yet
	}
	if s.IPFamilyPolicy != nil && *s.IPFamilyPolicy == "RequireDualStack" && len(s.ClusterIPs) == 2 && !w.bothServed() {
		denied = append(denied, "spec.ipFamilyPolicy RequireDualStack")
	}
	four := w.first().Is4() || w.bothServed() && w.second().Is4()
	if w.external() && !four {
		denied = append(denied, "spec.ipFamilies IPv6")
	}
	return denied
}

// balanced reports whether a port gets a listener.
func (w world) balanced(p corev1.ServicePort) bool {
	return p.Protocol == "" || p.Protocol == "TCP" || slices.Contains(w.cfg.Protocols, p.Protocol) && !w.cfg.Legacy
}

func (w world) withoutListener() []string {
	s := w.subject.Service.Spec
	if s.Type != "LoadBalancer" || len(s.Ports) == 0 || slices.ContainsFunc(s.Ports, w.balanced) {
		return nil
	}
	var words []string
	for _, p := range s.Ports {
		words = append(words, Port{Protocol: p.Protocol, Number: p.Port}.String())
	}
	return []string{"spec.ports " + strings.Join(words, ",")}
}

// speaks reports whether there is a port of TCP that speaks something.
func (w world) speaks(app string) bool {
	return slices.ContainsFunc(w.subject.Service.Spec.Ports, func(p corev1.ServicePort) bool {
		return (p.Protocol == "" || p.Protocol == "TCP") && p.AppProtocol != nil && *p.AppProtocol == app
	})
}

func (w world) withoutHTTP() (denied []string) {
	ref := w.wrote("tls-container-ref")
	terminated := ref != "" && w.speaks("https")
	if w.wrote("x-forwarded-for") == "true" && (w.provider() == "ovn" || !w.speaks("http") && !terminated) {
		denied = append(denied, at("x-forwarded-for")+" true")
	}
	if ref != "" && (w.provider() == "ovn" || !terminated) {
		denied = append(denied, at("tls-container-ref")+" "+ref)
	}
	return denied
}

// novelties are what the cloud may be too old for: since which minor version of Octavia's
// API 2 it is there. LBaaS v2 has none of it.
var novelties = []struct {
	name, value string // an annotation and its value; empty: any
	since       int
}{
	{"tags", "a,b", 5}, {"flavor-id", "", 6}, {"availability-zone", "", 14}, {"lb-algorithm", "SOURCE_IP_PORT", 13},
	{"x-forwarded-for", "true", 0}, {"proxy-protocol", "v1", 0}, {"proxy-protocol", "v2", 22},
	{"timeout-client-data", "", 1}, {"timeout-member-data", "", 1}, {"timeout-member-connect", "", 1}, {"timeout-tcp-inspect", "", 1},
}

func (w world) beyondTheCloud() (denied []string) {
	for _, n := range novelties {
		if asked := w.wrote(n.name); asked != "" && (n.value == "" || n.value == asked) && (w.cfg.Legacy || w.tooOld(n.since)) {
			denied = append(denied, at(n.name)+" "+asked)
		}
	}
	for i, p := range w.subject.Service.Spec.Ports {
		since := map[corev1.Protocol]int{"UDP": 1, "SCTP": 23}[p.Protocol]
		monitored := w.cfg.Monitored
		if asked := w.wrote("health-monitor"); asked != "" {
			monitored = asked == "true"
		}
		unasked := p.Protocol == "SCTP" && monitored && w.provider() == "ovn"
		if w.balanced(p) && (w.tooOld(since) || unasked) {
			denied = append(denied, fmt.Sprintf("spec.ports[%d] %s", i, p.Protocol))
		}
	}
	return denied
}

func (w world) wrongAlgorithm() []string {
	asked, provider := w.wrote("lb-algorithm"), w.provider()
	if asked != "" && (provider == "ovn" && asked != "SOURCE_IP_PORT" || provider != "ovn" && provider != "" && asked == "SOURCE_IP_PORT") {
		return []string{at("lb-algorithm") + " " + asked}
	}
	return nil
}

func (w world) impatient() []string {
	wanted := w.cfg.Monitored
	if asked := w.wrote("health-monitor"); asked != "" {
		wanted = asked == "true"
	}
	delay, timeout := w.cfg.Monitor.Delay, w.cfg.Monitor.Timeout
	if d, err := time.ParseDuration(w.wrote("health-monitor-delay")); err == nil {
		delay = d
	}
	if d, err := time.ParseDuration(w.wrote("health-monitor-timeout")); err == nil {
		timeout = d
	}
	if wanted && timeout > delay {
		return []string{at("health-monitor-timeout") + " " + timeout.String()}
	}
	return nil
}

func (w world) withoutProxy() []string {
	if asked := w.wrote("proxy-protocol"); w.provider() == "ovn" && (asked == "v1" || asked == "v2") {
		return []string{at("proxy-protocol") + " " + asked}
	}
	return nil
}

func (w world) wrongSources() (denied []string) {
	const field = "spec.loadBalancerSourceRanges "
	texts := w.subject.Service.Spec.LoadBalancerSourceRanges
	if w.subject.Service.Spec.Type != "LoadBalancer" {
		return nil
	}
	everybody := false
	var some, strange []string // ranges that let somebody in, and those of another family
	for _, text := range texts {
		r, err := netip.ParsePrefix(text)
		family := func(a netip.Addr) bool { return a.IsValid() && a.Is4() == r.Addr().Is4() }
		switch {
		case err != nil:
			denied = append(denied, field+text)
		case r.Bits() == 0:
			everybody = true
		case w.first().IsValid() && !family(w.first()) && !(w.bothServed() && family(w.second())):
			strange = append(strange, field+text)
		default:
			some = append(some, text)
		}
	}
	switch {
	case everybody: // which is no restriction
	case len(some) == 0:
		denied = append(denied, strange...)
	case w.provider() == "ovn" || w.cfg.Legacy || w.tooOld(12):
		denied = append(denied, field+texts[0])
	}
	return denied
}

// asked is the loadBalancerIP, and where it is written: the annotation wins.
func (w world) asked() (field, ip string) {
	if ip, there := w.subject.Service.Annotations["octagate.dev/load-balancer-ip"]; there {
		return at("load-balancer-ip"), ip
	}
	return "spec.loadBalancerIP", w.subject.Service.Spec.LoadBalancerIP
}

func (w world) wrongIP() (denied []string) {
	field, ip := w.asked()
	inSpec, annotated := w.subject.Service.Spec.LoadBalancerIP, w.subject.Service.Annotations["octagate.dev/load-balancer-ip"]
	switch {
	case ip == "" || w.subject.Service.Spec.Type != "LoadBalancer":
		return nil
	case w.wrote("internal") == "true":
		return []string{field + " " + ip}
	}
	if inSpec != "" && !address(inSpec).IsValid() || inSpec != "" && annotated != "" && inSpec != annotated {
		denied = append(denied, "spec.loadBalancerIP "+inSpec)
	}
	if address(ip).Is6() {
		denied = append(denied, field+" "+ip)
	}
	return denied
}

// network is the external network that the author or the operator chose.
func (w world) network() string {
	if id := w.wrote("external-network-id"); id != "" {
		return id
	}
	return w.cfg.ExternalNetwork
}

func (w world) withoutPool() []string {
	if _, ip := w.asked(); w.external() && ip == "" && w.network() == "" {
		return []string{"spec.loadBalancerIP"}
	}
	return nil
}

// named is the floating IP that the Service is to have: where it is asked for, its address,
// and what is known of it.
func (w world) named() (what string, a netip.Addr, f facts.FloatingIP) {
	field, ip := w.asked()
	if !w.external() || !address(ip).Is4() {
		return "", netip.Addr{}, f
	}
	return field + " " + ip, address(ip), w.known.FloatingIPs[address(ip)]
}

func (w world) unknownIP() []string {
	if what, _, f := w.named(); what != "" && w.known.FloatingIPs != nil && f.ID == "" {
		return []string{what}
	}
	return nil
}

// holds reports whether a floating IP leads to a VIP of this Service, or to its load balancer.
func (w world) holds(f facts.FloatingIP) bool {
	for _, vip := range []netip.Addr{w.first(), w.subject.Has.VIP, w.subject.Has.Second} {
		if vip.IsValid() && f.FixedIP == vip {
			return true
		}
	}
	if f.FixedIP.IsValid() && f.FixedIP == w.second() && w.bothServed() {
		return true
	}
	b := w.known.Balancers[f.Port]
	return f.Port != "" && b.Service != "" && b.Service == w.subject.Service.UID
}

func (w world) usedIP() []string {
	what, _, f := w.named()
	kept := w.wrote("keep-floating-ip") == "true"
	switch {
	case f.ID == "", f.Port == "" && !f.Pool:
	case w.known.Balancers == nil && w.subject.Service.UID != "" && !f.Pool && !w.holds(f): // nobody knows whose that is
	case !w.holds(f), f.Pool && !kept:
		return []string{what}
	}
	return nil
}

func (w world) keptIP() []string {
	if what, _, f := w.named(); len(f.Namespaces) > 0 && !slices.Contains(f.Namespaces, w.subject.Service.Namespace) {
		return []string{what}
	}
	return nil
}

func (w world) claimedIP() []string {
	what, a, f := w.named()
	if what == "" || w.holds(f) {
		return nil
	}
	for _, c := range w.known.Claims[a] {
		if !w.known.FloatingIPs[a].For(strings.Split(c.Name, "/")[0]) {
			continue // it may not have it
		}
		if c.Name == w.subject.Service.Namespace+"/"+w.subject.Service.Name {
			return nil // nobody's comes before
		}
		return []string{what}
	}
	return nil
}

// unreached reports whether a network is not external, or no router leads there.
func (w world) unreached(id string) bool {
	return w.known.Externals != nil && !w.known.Externals[id] || w.known.Routes != nil && !w.known.Routes[id]
}

func (w world) unreachedIP() []string {
	what, _, f := w.named()
	_, ip := w.asked()
	switch {
	case f.ID != "" && w.unreached(f.Network):
		return []string{what}
	case !w.external() || ip != "" || w.network() == "" || w.has(w.first()):
		return nil
	case !w.unreached(w.network()):
		return w.otherSubnet()
	case w.wrote("external-network-id") != "":
		return []string{at("external-network-id") + " " + w.network()}
	}
	return []string{"spec.loadBalancerIP"}
}

// otherSubnet: floating IPs are allocated from a subnet of the network, if it shows any. The
// operator's subnet is one of the operator's network.
func (w world) otherSubnet() []string {
	there, asked := w.known.OuterSubnets[w.network()], w.wrote("external-subnet-id")
	switch {
	case len(there) == 0:
		return nil
	case asked != "" && !slices.Contains(there, asked):
		return []string{at("external-subnet-id") + " " + asked}
	case asked == "" && w.cfg.ExternalSubnet != "" && w.network() == w.cfg.ExternalNetwork && !slices.Contains(there, w.cfg.ExternalSubnet):
		return []string{"spec.loadBalancerIP"}
	}
	return nil
}

func (w world) changed() (denied []string) {
	for _, name := range []string{"provider", "flavor-id", "availability-zone"} {
		if asked := w.wrote(name); asked != "" && !w.stays() && w.builtBefore() && asked != w.subject.Old.Annotations["octagate.dev/"+name] {
			denied = append(denied, at(name)+" "+asked)
		}
	}
	return denied
}
