package annotation

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// ParseAddress reads an IP address in the one spelling that every program reads
// alike. Spellings that programs disagree about (leading zeros, white space,
// zones, IPv4 inside IPv6, digits that are not ASCII) are errors that name the
// spelling to use instead. The Kubernetes API server checks none of this in
// spec.loadBalancerIP.
func ParseAddress(s string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" && !a.Is4In6() {
		return a, nil
	}
	if s == "" {
		return netip.Addr{}, fmt.Errorf("must not be empty")
	}
	return netip.Addr{}, misspelt(s)
}

// repairs are tried in turn, each upon the result of the last.
var repairs = []struct {
	oddity string
	repair func(string) string
}{
	{"white space", strings.TrimSpace},
	{"characters that only look like digits or dots", norm.NFKC.String},
	{"a zone", func(s string) string { before, _, _ := strings.Cut(s, "%"); return before }},
	{"leading zeros", trimZeros},
	{"the IPv6 form of an IPv4 address", unmap},
}

// misspelt says what is odd about s, and how to write it where that can be told.
func misspelt(s string) error {
	var oddities []string
	for _, r := range repairs {
		if repaired := r.repair(s); repaired != s {
			s, oddities = repaired, append(oddities, r.oddity)
		}
	}
	if a, err := netip.ParseAddr(s); err == nil && len(oddities) > 0 {
		return fmt.Errorf("has %s; write %s", strings.Join(oddities, " and "), a)
	}
	return fmt.Errorf("is not an IP address; write one like 172.24.4.13")
}

// trimZeros drops the leading zeros of each part of a dotted address.
func trimZeros(s string) string {
	if strings.Contains(s, ":") {
		return s
	}
	parts := strings.Split(s, ".")
	for i, p := range parts {
		if t := strings.TrimLeft(p, "0"); t != "" {
			parts[i] = t
		} else if p != "" {
			parts[i] = "0"
		}
	}
	return strings.Join(parts, ".")
}

func unmap(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Is4In6() {
		return a.Unmap().String()
	}
	return s
}
