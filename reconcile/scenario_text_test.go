package reconcile_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/annotation"
	"github.com/octagate/octagate/reconcile/octavia"
	"github.com/octagate/octagate/reconcile/plan"
)

// An answer is what a story calls a verdict beside the words that stand on the Service.
const (
	refused   = "refused"    // by admission
	leftAlone = "left alone" // it is not ours
	deleted   = "deleted"    // nobody is asked any more
)

// verdictText is a verdict as people meet it: what kubectl prints, and what stands on
// the Service if it is stored.
func verdictText(answer string, v policy.Verdict) string {
	var b strings.Builder
	fmt.Fprintln(&b, cmp.Or(answer, v.Pins[annotation.Verdict.Key], leftAlone))
	for _, err := range v.Errors() {
		fmt.Fprintln(&b, "error:", err)
	}
	for _, warning := range v.Warnings() {
		fmt.Fprintln(&b, "warning:", warning)
	}
	if answer != "" {
		return b.String()
	}
	for _, key := range slices.Sorted(maps.Keys(v.Pins)) {
		if !slices.Contains(untold, key) {
			fmt.Fprintf(&b, "%s: %s\n", strings.TrimPrefix(key, annotation.Prefix), v.Pins[key])
		}
	}
	return b.String()
}

// untold are the verdict, which comes first, and the digest, which changes with every rule.
var untold = []string{annotation.Verdict.Key, annotation.Policy.Key}

// planText is one step a line, after whatever keeps the reconciler from doing more.
func planText(against string, p plan.Plan) string {
	switch {
	case against != "":
		return fmt.Sprintf("(%s)\n%s", against, p)
	case len(p) == 0:
		return "(nothing to do)\n"
	}
	return p.String()
}

// treeText is a desired tree for people.
func treeText(t octavia.Tree) string {
	if !t.Exists() {
		return "no load balancer\n" + externalText(t.FloatingIP)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "load balancer %s at %s%s\n", t.Name, vips(t), choices(t))
	if t.VIP.Open {
		b.WriteString("  without security groups\n")
	}
	if t.Tags != nil {
		fmt.Fprintf(&b, "  tags: %s\n", cmp.Or(strings.Join(t.Tags, ", "), "none"))
	}
	for _, l := range t.Listeners {
		fmt.Fprintf(&b, "  listener %s %s → %s\n%s", l.Key, l.Settings.Name, l.Pool.Name, settings(l.Settings))
	}
	for _, p := range t.Pools {
		b.WriteString(poolText(p, t.VIP.Subnet))
	}
	return b.String() + externalText(t.FloatingIP)
}

func vips(t octavia.Tree) string {
	var words []string
	for _, v := range append([]octavia.VIP{t.VIP}, t.More...) {
		words = append(words, fmt.Sprintf("%s in %s", v.Address, short(v.Subnet)))
	}
	return strings.Join(words, " and ")
}

// choices are what is read when a load balancer is made.
func choices(t octavia.Tree) string {
	text := ""
	for _, c := range []struct{ word, value string }{{" by ", t.Provider}, {", flavor ", short(t.Flavor)}, {", zone ", t.Zone}} {
		if c.value != "" {
			text += c.word + c.value
		}
	}
	return text
}

// settings are one line each, of those that somebody chose.
func settings(s octavia.Settings) string {
	var lines []string
	if len(s.Sources) > 0 {
		lines = append(lines, "for "+list(s.Sources))
	}
	if s.ConnectionLimit > 0 {
		lines = append(lines, fmt.Sprintf("at most %d connections", s.ConnectionLimit))
	}
	for _, timeout := range []struct {
		of    string
		after time.Duration
	}{
		{"client data", s.Timeouts.ClientData}, {"member data", s.Timeouts.MemberData},
		{"connecting to members", s.Timeouts.MemberConnect}, {"inspecting", s.Timeouts.TCPInspect},
	} {
		if timeout.after > 0 {
			lines = append(lines, fmt.Sprintf("%s times out after %s", timeout.of, timeout.after))
		}
	}
	if s.Forwarded {
		lines = append(lines, "X-Forwarded-For")
	}
	if s.Certificate != "" {
		lines = append(lines, "certificate "+s.Certificate)
	}
	return indented(lines)
}

func indented(lines []string) string {
	text := ""
	for _, line := range lines {
		text += "    " + line + "\n"
	}
	return text
}

// poolText is a pool with its members; in which subnet they are reached is told if that
// is not the VIP's.
func poolText(p octavia.Pool, vipSubnet string) string {
	words, lines := []string{p.Protocol, p.Algorithm}, []string{}
	if p.Sticky {
		words = append(words, "sticky")
	}
	if m := p.Monitor; m != (octavia.Monitor{}) {
		lines = append(lines, fmt.Sprintf("asks every %s, waits %s, well after %d, ill after %d", m.Delay, m.Timeout, m.MaxRetries, m.MaxRetriesDown))
	}
	for _, m := range p.Members {
		line := fmt.Sprintf("member %s at %s", m.Name, netip.AddrPortFrom(m.Address, uint16(m.Port)))
		if m.Subnet != vipSubnet {
			line += " in " + short(m.Subnet)
		}
		lines = append(lines, line)
	}
	if len(p.Members) == 0 {
		lines = append(lines, "no members")
	}
	return fmt.Sprintf("  pool %s (%s)\n%s", p.Name, strings.Join(words, ", "), indented(lines))
}

func externalText(f octavia.FloatingIP) string {
	text := "none"
	switch {
	case f.Allocate && f.Subnet != "":
		text = fmt.Sprintf("allocated from %s of %s", short(f.Subnet), short(f.Network))
	case f.Allocate:
		text = "allocated from " + short(f.Network)
	case f.Address.IsValid():
		text = f.Address.String()
	}
	if f.Keep {
		text += "; one that was allocated is kept"
	}
	return "external IP: " + text + "\n"
}

// short is the beginning of an ID, which is enough to tell it from the others.
func short(id string) string {
	if before, _, long := strings.Cut(id, "-"); long {
		return before + "…"
	}
	return id
}

func list[T fmt.Stringer](all []T) string {
	var words []string
	for _, v := range all {
		words = append(words, v.String())
	}
	return strings.Join(words, ", ")
}
