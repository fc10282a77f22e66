package annotation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

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

func parseText(s string) (string, error) { return s, nil }

func text(s string) string { return s }
