package annotation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/octagate/octagate/policy/spelling"
)

// A MemberMode says how a load balancer reaches Pods.
type MemberMode string

// The member modes.
const (
	L3 MemberMode = "L3" // through the router between the service and the pod subnet
	L2 MemberMode = "L2" // by a port of the load balancer's own in the pod subnet
)

// An Answer is what the webhook said of a Service.
type Answer string

// The answers.
const (
	Accepted   Answer = "accepted"   // every rule was checked and none objects
	Unverified Answer = "unverified" // stored, although OpenStack could not be asked
	Denied     Answer = "denied"     // stored, although a rule objects: the fault is older than the rule, or octagate was away
)

// An Algorithm says how a member is chosen for a connection, in Octavia's words.
type Algorithm string

// The algorithms.
const (
	RoundRobin       Algorithm = "ROUND_ROBIN"
	LeastConnections Algorithm = "LEAST_CONNECTIONS"
	SourceIP         Algorithm = "SOURCE_IP"
	SourceIPPort     Algorithm = "SOURCE_IP_PORT"
)

// ParseAlgorithm reads one of Octavia's algorithms.
func ParseAlgorithm(s string) (Algorithm, error) {
	return choice(s, RoundRobin, LeastConnections, SourceIP, SourceIPPort)
}

// A Proxy says whether members are told who the client is, and how.
type Proxy string

// The versions of the PROXY protocol.
const (
	NoProxy Proxy = "none"
	ProxyV1 Proxy = "v1" // a line of text
	ProxyV2 Proxy = "v2" // a binary header
)

func parseProxy(s string) (Proxy, error) { return choice(s, NoProxy, ProxyV1, ProxyV2) }

// longestTimeout is as much as Octavia takes.
const longestTimeout = 24 * time.Hour

// ParseTimeout reads a duration that Octavia can have as a timeout: whole
// milliseconds, up to a day.
func ParseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > longestTimeout || d != d.Truncate(time.Millisecond) {
		return 0, errors.New("must be a time with its unit, from 1ms to 24h, such as 50s")
	}
	return d, nil
}

// ParseInterval reads a duration that a health monitor can have: whole seconds, up to
// an hour.
func ParseInterval(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > time.Hour || d != d.Truncate(time.Second) {
		return 0, errors.New("must be whole seconds, from 1s to 1h, such as 10s")
	}
	return d, nil
}

// ParseRetries reads how often a health monitor tries.
func ParseRetries(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 10 {
		return 0, errors.New("must be a number from 1 to 10")
	}
	return n, nil
}

func parseLimit(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return 0, errors.New("must be a number of connections from 1 up; leave it out for no limit")
	}
	return int(n), nil
}

// ParseMemberMode reads L3 or L2.
func ParseMemberMode(s string) (MemberMode, error) { return choice(s, L3, L2) }

func parseAnswer(s string) (Answer, error) { return choice(s, Accepted, Unverified, Denied) }

// choice is s as one of the options; an error names them all.
func choice[T ~string](s string, options ...T) (T, error) {
	var words []string
	for _, o := range options {
		if T(s) == o {
			return o, nil
		}
		words = append(words, string(o))
	}
	return "", fmt.Errorf("must be %s%s", strings.Join(words, " or "), spelling.DidYouMean(s, words))
}

// parseBool takes the two words that YAML and people agree on.
func parseBool(s string) (bool, error) {
	if s == "true" || s == "false" {
		return s == "true", nil
	}
	return false, errors.New(`must be "true" or "false"`)
}

func formatBool(b bool) string { return strconv.FormatBool(b) }

// ParseID takes an OpenStack ID: a UUID with dashes, in lower case.
func ParseID(s string) (string, error) {
	if id, err := uuid.Parse(s); err != nil || id.String() != s {
		return "", errors.New("must be an OpenStack ID, such as 48ddcfec-1b29-411b-be92-8329cc09fc12")
	}
	return s, nil
}

func parseWord(s string) (string, error) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("must be one word")
	}
	return s, nil
}

// mostTag is as many characters as Octavia takes in a tag.
const mostTag = 255

// parseTags takes tags with commas between them; none when empty.
func parseTags(s string) ([]string, error) {
	tags := []string{}
	for tag := range strings.SplitSeq(s, ",") {
		switch tag = strings.TrimSpace(tag); {
		case tag == "" && strings.TrimSpace(s) != "":
			return nil, errors.New("must be tags with commas between them, such as team-shop,production")
		case len(tag) > mostTag:
			return nil, fmt.Errorf("has a tag of more than %d characters", mostTag)
		case strings.HasPrefix(tag, "octagate:"):
			return nil, errors.New("has a tag that begins with octagate:, as only ours do")
		case tag != "":
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

func parseText(s string) (string, error) { return s, nil }

func text(s string) string { return s }
