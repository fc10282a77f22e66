package annotation

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseAddress(t *testing.T) {
	for claim, tt := range map[string]struct{ in, want string }{
		"IPv4 is taken as it is":         {"172.24.4.13", "172.24.4.13"},
		"IPv6 is put in canonical form":  {"2001:DB8:0::1", "2001:db8::1"},
		"leading zeros are ambiguous":    {"172.24.4.013", "has leading zeros; write 172.24.4.13"},
		"white space is an oddity":       {" 172.24.4.13\n", "has white space; write 172.24.4.13"},
		"zones mean nothing to a cloud":  {"fe80::1%eth0", "has a zone; write fe80::1"},
		"mapped IPv4 is unmapped":        {"::ffff:172.24.4.13", "has the IPv6 form of an IPv4 address; write 172.24.4.13"},
		"full-width digits are seen":     {"１７２.24.4.13", "has characters that only look like digits or dots; write 172.24.4.13"},
		"two oddities are both told":     {" 172.24.4.013", "has white space and leading zeros; write 172.24.4.13"},
		"zero is not a leading zero":     {"10.0.0.0", "10.0.0.0"},
		"a range is not an address":      {"172.24.4.0/24", "is not an IP address; write one like 172.24.4.13"},
		"a name is not an address":       {"web.example.org", "is not an IP address; write one like 172.24.4.13"},
		"three parts are too few":        {"172.24.13", "is not an IP address; write one like 172.24.4.13"},
		"a part can be too large":        {"172.24.4.256", "is not an IP address; write one like 172.24.4.13"},
		"only white space is no address": {"  ", "is not an IP address; write one like 172.24.4.13"},
		"nothing is no address":          {"", "must not be empty"},
	} {
		t.Run(claim, func(t *testing.T) {
			a, err := ParseAddress(tt.in)
			got := a.String()
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Whatever the spelling, the advice is itself an address that is taken.
func TestAdviceIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ ]?(::ffff:)?0{0,2}[0-9]{1,3}(\.0{0,2}[0-9]{1,3}){3}(%[a-z]{1,3})?[ ]?`).Draw(t, "address")
		_, err := ParseAddress(s)
		if err == nil {
			return
		}
		if _, advice, given := strings.Cut(err.Error(), "; write "); given && !strings.HasPrefix(advice, "one like") {
			if _, err := ParseAddress(advice); err != nil {
				t.Fatalf("%q: the advice %q is refused: %v", s, advice, err)
			}
		}
	})
}

func TestFaults(t *testing.T) {
	for claim, tt := range map[string]struct {
		annotations map[string]string
		want        []string
	}{
		"other people's keys are theirs": {map[string]string{"example.org/x": "y"}, nil},
		"a misspelt key is recognised": {
			map[string]string{Prefix + "load-balancer-ipp": "1.2.3.4"},
			[]string{`octagate.dev/load-balancer-ipp is not an annotation of octagate; did you mean "load-balancer-ip"?`}},
		"a strange key is refused without a guess": {
			map[string]string{Prefix + "x": "y"}, []string{`octagate.dev/x is not an annotation of octagate`}},
		"a bad value says what is taken": {
			map[string]string{Internal.Key: "yes"}, []string{`octagate.dev/internal must be "true" or "false"`}},
		"a name is not an ID": {
			map[string]string{ExternalNetworkID.Key: "public"},
			[]string{"octagate.dev/external-network-id must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12"}},
		"a choice names its options": {
			map[string]string{Members.Key: "l2"}, []string{"octagate.dev/member-mode must be L3 or L2"}},
		"what the webhook writes is not the author's fault": {map[string]string{Verdict.Key: "nonsense"}, nil},
		"faults come in the order of their keys": {
			map[string]string{Provider.Key: "a b", Internal.Key: ""},
			[]string{`octagate.dev/internal must be "true" or "false"`, "octagate.dev/provider must be one word"}},
	} {
		t.Run(claim, func(t *testing.T) {
			var got []string
			for _, f := range Faults(tt.annotations) {
				got = append(got, f.Key+" "+f.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryAnnotationIsDocumentedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range All() {
		if seen[e.Key] || !strings.HasPrefix(e.Key, Prefix) || !strings.HasSuffix(e.Doc, ".") {
			t.Errorf("%s: twice, without our prefix, or without a sentence", e.Key)
		}
		seen[e.Key] = true
	}
}

func TestTheReferenceIsCurrent(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Reference(), string(page)); diff != "" {
		t.Errorf("go run ./cmd/octagate annotations > policy/annotation/README.md\n%s", diff)
	}
}
