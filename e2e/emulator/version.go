package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// newest is the newest generation that the emulator knows.
const newest = generation(len(loadBalancerVersionDates) - 1)

// parseVersion reads "v2.5"; "" is the newest.
func parseVersion(version string) (generation, error) {
	if version == "" {
		return newest, nil
	}
	minor, ok := strings.CutPrefix(version, "v2.")
	n, err := strconv.Atoi(minor)
	if !ok || err != nil || n < 0 || generation(n) > newest {
		return 0, fmt.Errorf("API version %q is none of v2.0 to v2.%d", version, newest)
	}
	return generation(n), nil
}

// generation is the generation of this cloud's API.
func (o Options) generation() generation {
	if o.Legacy {
		return lbaasV2
	}
	g, _ := parseVersion(o.APIVersion)
	return g
}

// Validate tells what is wrong with the options, nil if nothing is.
func (o Options) Validate() error {
	for _, name := range o.Providers {
		if name != "amphora" && name != "octavia" && name != "ovn" {
			return fmt.Errorf("provider %q is none of amphora, octavia, ovn", name)
		}
	}
	if o.Pending < 0 {
		return fmt.Errorf("a status cannot be pending for %s", o.Pending)
	}
	_, err := parseVersion(o.APIVersion)
	return err
}

// kinds are the resources that an object in a request or an answer is, by its key.
var kinds = map[string]string{
	"loadbalancer": "loadbalancer", "loadbalancers": "loadbalancer",
	"listener": "listener", "listeners": "listener",
	"pool": "pool", "pools": "pool", "default_pool": "pool",
	"member": "member", "members": "member",
	"healthmonitor": "healthmonitor", "healthmonitors": "healthmonitor", "health_monitor": "healthmonitor",
	"session_persistence": "session_persistence",
	"l7policy":            "l7policy", "l7policies": "l7policy",
	"rule": "rule", "rules": "rule",
	"quota": "quota", "quotas": "quota",
}

// writes reports whether requests may have an attribute.
func (g generation) writes(kind, name string) bool {
	return since[kind].of(name) <= g && since[kind].of(name+"=") <= g
}

// refused is why a request comes too early for the generation, nil if it does not.
// Objects are looked at from the outside in.
func (g generation) refused(argument, kind string, v any) error {
	if g == newest {
		return nil
	}
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if err := g.refused(argument, kind, one); err != nil {
				return err
			}
		}
	case map[string]any:
		return g.refusedObject(argument, kind, v)
	}
	return nil
}

func (g generation) refusedObject(argument, kind string, o object) error {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !g.writes(kind, name) {
			return balancerRefusal(http.StatusBadRequest, "Unknown attribute for argument %s: %s", argument, name)
		}
		values := valuesSince[kind+"."+name]
		if s, ok := o[name].(string); ok && values.of(s) > g {
			return invalid(name, s, "Value should be one of: "+strings.Join(g.choices(kind, name), ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if err := g.refused(argument+"."+name, kinds[name], o[name]); err != nil {
			return err
		}
	}
	return nil
}

// choices are the values that an attribute may have.
func (g generation) choices(kind, name string) []string {
	all := slices.Clone(posts[kind][name].choices)
	return slices.DeleteFunc(all, func(value string) bool { return valuesSince[kind+"."+name].of(value) > g })
}

// posts are the attributes of new resources.
var posts = map[string]schema{
	"listener": listenerPost, "pool": poolPost, "healthmonitor": monitorPost, "l7policy": policyPost, "rule": rulePost,
}

// admits refuses calls that came later than the generation.
func (g generation) admits(path string, r *http.Request) error {
	for start, arrived := range pathsSince {
		if strings.HasPrefix(path, start) && arrived > g {
			return refusal{status: http.StatusNotFound, body: "The resource could not be found."}
		}
	}
	q := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if parametersSince.of(name) > g && r.Method == http.MethodGet {
			return balancerRefusal(http.StatusBadRequest, "One or more arguments are either duplicate or invalid")
		}
		if parametersSince.of(name) > g {
			return balancerRefusal(http.StatusBadRequest, "Unknown argument: \"%s\"", name)
		}
	}
	return nil
}

// aged is an answer as the generation gave it: without what came later.
func (g generation) aged(body any) any {
	if g == newest || body == nil {
		return body
	}
	var v any
	if err := decode(encode(body), &v); err != nil {
		panic(err) // it was encoded a moment ago
	}
	return g.without("", v)
}

func (g generation) without(kind string, v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = g.without(kind, v[i])
		}
	case map[string]any:
		maps.DeleteFunc(v, func(name string, _ any) bool { return since[kind].of(name) > g })
		for name := range v {
			if name != "statuses" { // of which every version shows all
				v[name] = g.without(kinds[name], v[name])
			}
		}
	case json.Number:
		return v
	}
	return v
}
