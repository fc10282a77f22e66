package openstack

import (
	"slices"
	"strings"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A mark says on something that we make whose it is.
type mark struct {
	tags        []string
	description string // in place of tags, where there are none
}

// mark is how o's things are marked in this cloud: LBaaS v2 and Octavia before its API
// 2.5 have no tags.
func (s *session) mark(o octavia.Owner) mark {
	if s.tagged {
		return mark{tags: o.Tags()}
	}
	return mark{description: strings.Join(o.Tags(), " ")}
}

// with is the mark and the tags that an author wants beside it.
func (m mark) with(tags []string) []string {
	if m.tags == nil {
		return nil
	}
	return slices.Concat(m.tags, tags)
}

// and is m with another word of ours; none if it is empty.
func (m mark) and(word string) mark {
	switch {
	case word == "":
		return m
	case m.tags != nil:
		return mark{tags: append(slices.Clone(m.tags), word)}
	}
	return mark{description: m.description + " " + word}
}

// beside is m and what somebody else wrote there.
func (m mark) beside(tags []string, description string) mark {
	if m.tags != nil {
		return mark{tags: m.with(strange(tags))}
	}
	return mark{description: strings.TrimSpace(description + " " + m.description)}
}

// asTags are the mark's tags; nil: it has none.
func (m mark) asTags() *[]string {
	if m.tags == nil {
		return nil
	}
	return &m.tags
}

// asWords is the mark's description; nil: it has none.
func (m mark) asWords() *string {
	if m.description == "" {
		return nil
	}
	return &m.description
}

// markedOwner is whose something is, by its tags or its description.
func markedOwner(tags []string, description string) (octavia.Owner, bool) {
	if o, ours := octavia.OwnerOf(tags); ours {
		return o, true
	}
	return octavia.DescribedOwner(description)
}

// strange are the tags that are not ours, in order.
func strange(tags []string) []string {
	others := []string{}
	for _, tag := range tags {
		if !octavia.IsOurs(tag) {
			others = append(others, tag)
		}
	}
	slices.Sort(others)
	return others
}
