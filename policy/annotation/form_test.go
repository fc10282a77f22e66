package annotation_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/octagate/octagate/e2e/cel"
	"github.com/octagate/octagate/policy/annotation"
)

// texts are values that somebody might write.
var texts = []string{
	"", " ", "true", "false", "True", "172.24.4.13", "172.24.4.013", " 172.24.4.13", "fe80::1", "fe80::1%eth0", "::ffff:172.24.4.13", "fd00::7/64",
	"48ddcfec-1b29-411b-be92-8329cc09fc12", "48DDCFEC-1b29-411b-be92-8329cc09fc12", "{48ddcfec-1b29-411b-be92-8329cc09fc12}", "48ddcfec1b29411bbe928329cc09fc12",
	"ROUND_ROBIN", "round_robin", "SOURCE_IP_PORT", "v1", "v2", "none", "L2", "L3", "L4",
	"a", "a,b", "a,,b", ",", " , ", " a , b ", "octagate:x", "a, octagate:x", "two words", "ümlaut", "tab\t", "nbsp\u00a0",
	"0", "1", "01", "+1", "-1", "10", "11", "010", "2147483647", "2147483648", "99999999999", "0x10", "1_0", "1.0", "1e1",
	"50s", "1ms", "1.5s", "0.5ms", "1m30s", "24h", "24h1ms", "25h", "0s", "-5s", "+5s", "5", "s", ".s", ".5s", "5.s", "1h", "1h1s", "999ms", "1500ms", "3600s", "1µs", "1000µs", "1000us", "1000μs", "1e3s",
	"a: b", "a: b; c: d", "a: b; a: c", "a: b;", ":", "a:", ": b", " ; ", "a: b: c", ";", ": ",
	"99999999999h", "2540400h10m10.000000000s", "50 s",
}

// The API server takes and refuses the same values as we do.
func TestFormsAreTheSameInCEL(t *testing.T) {
	for _, e := range annotation.All() {
		if !e.Authored() {
			continue
		}
		t.Run(e.Key, func(t *testing.T) {
			for _, text := range texts {
				same(t, e, text)
			}
			rapid.Check(t, func(t *rapid.T) {
				parts := rapid.SliceOfN(rapid.SampledFrom(slices.Concat(texts, []string{"0", "9", ".", "s", "ms", ",", "-", ":", "a"})), 1, 4).Draw(t, "parts")
				text := ""
				for _, p := range parts {
					text += p
				}
				same(t, e, text)
			})
			if e.Says() == "" && e.Taken("value") != "true" {
				t.Errorf("nothing is said of a bad value")
			}
		})
	}
}

func same(t rapid.TB, e annotation.Entry, text string) {
	t.Helper()
	taken, err := cel.Holds(e.Taken("value"), text)
	ours := len(annotation.Faults(map[string]string{e.Key: text})) == 0
	if err != nil && !ours {
		return // the API server lets pass what it cannot tell
	}
	if err != nil || taken != ours {
		t.Errorf("%q: taken by the API server: %v, by us: %v: %v", text, taken, ours, err)
	}
}
