package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/octagate/octagate/policy/spelling"
)

// Calls are all calls that this cloud has a route for, in order, each as the
// transcript names it: "PUT lbaas/pools/{id}/members".
func (c *Cloud) Calls() []string {
	var all []string
	for _, s := range c.options.services() {
		for _, r := range s.routes {
			pattern := s.prefix + r.path
			path := cmp.Or(shortPath(pattern), strings.Trim(strings.TrimSuffix(pattern, "{$}"), "/"))
			all = append(all, r.method+" "+path)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// CheckCall tells what is wrong with the name of a call, nil if it is one of Calls
// or Any.
func (c *Cloud) CheckCall(name string) error {
	return oneOfThem(name, "is no call of this cloud", append(c.Calls(), Any))
}

// CheckPending tells what is wrong with a key of Behaviour.Pending: it is a call, a
// pending status or Any.
func (c *Cloud) CheckPending(key string) error {
	statuses := []string{string(pendingCreate), string(pendingUpdate), string(pendingDelete), Any}
	return oneOfThem(key, "is never pending", append(statuses, c.Calls()...))
}

// oneOfThem refuses a name that is none of those there are, and tells the one that
// was meant, or all of them.
func oneOfThem(name, fault string, all []string) error {
	if slices.Contains(all, name) {
		return nil
	}
	if hint := spelling.DidYouMean(name, all); hint != "" {
		return fmt.Errorf("%q %s%s", name, fault, hint)
	}
	return fmt.Errorf("%q %s; want one of %s", name, fault, strings.Join(all, ", "))
}
