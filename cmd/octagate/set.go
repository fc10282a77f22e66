package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// paths are those of keys.
type paths []string

// has reports whether the key of a path is among them, or in one that is.
func (p paths) has(path string) bool {
	return slices.ContainsFunc(p, func(one string) bool {
		rest, in := strings.CutPrefix(path, one)
		return in && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// apply writes settings over what c says, and tells which keys they are of. A setting is
// one value from the command line, such as octavia.backend=neutron-lbaasv2: the file is
// the operator's own, and what is installed in one of several ways says so beside it.
func apply(settings []string, c *Configuration) (set paths, err error) {
	for _, s := range settings {
		path, value, ok := strings.Cut(s, "=")
		if !ok || path == "" || strings.ContainsAny(s, "\r\n") {
			return nil, fmt.Errorf("--set: %q must be a key and a value, such as octavia.backend=octavia", s)
		}
		if err := yaml.UnmarshalWithOptions(nested(path, value), c, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("--set: %s: %s", path, problem(err))
		}
		set = append(set, path)
	}
	return set, nil
}

// nested is the YAML of one value whose key is a path, such as octavia.backend.
func nested(path, value string) []byte {
	var text strings.Builder
	for depth, key := range strings.Split(path, ".") {
		fmt.Fprintf(&text, "\n%s%s:", strings.Repeat(" ", depth), key)
	}
	return []byte(text.String() + " " + value)
}
