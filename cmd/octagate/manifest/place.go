package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	goccy "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"go.yaml.in/yaml/v3"
)

// A Place is where something stands.
type Place struct {
	File         string // stdin for standard input
	Line, Column int    // from 1
}

// String is the place as compilers write it, by which editors find it.
func (p Place) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A source is where an object stands: somewhere in a document.
type source struct {
	document *document
	path     []string // from the document's object to this one; empty: it is that
}

// item is where an item of a List stands.
func (s source) item(i int) source {
	return source{s.document, append(slices.Clone(s.path), "items", strconv.Itoa(i))}
}

// Place is where a field of the Service stands, such as spec.ports[0].port or
// metadata.annotations[a/b]; where there is no such field, where the nearest one above
// it does. The empty field is the Service itself.
func (s Service) Place(field string) Place { return s.at.Place(field) }

// Place is where a field of the object stands.
func (s source) Place(field string) Place {
	p := Place{File: s.document.file, Line: s.document.line + 1, Column: 1}
	if at := reach(s.document.parsed(), slices.Concat(s.path, segments(field))); at != nil {
		p.Line, p.Column = s.document.line+at.Line, at.Column
	}
	return p
}

// Locate is where a field stands in a text of YAML: its value or, where there is no such
// field, the nearest one above it.
func Locate(text []byte, field string) (line, column int) {
	if at := reach((&document{text: text}).parsed(), segments(field)); at != nil {
		return at.Line, at.Column
	}
	return 1, 1
}

// Forget lets go of what Place has found out, which takes some fifty times the room of the text.
// Nobody else may ask for a place meanwhile. Items of a List share theirs, and keep it.
func (s Service) Forget() {
	if len(s.at.path) == 0 {
		s.at.document.once, s.at.document.tree = sync.Once{}, nil
	}
}

// Start is the file of a Service and the line with which its document begins: a glance,
// where Place is a look.
func (s Service) Start() (file string, line int) { return s.at.document.file, s.at.document.line + 1 }

// segments are the steps to a field: names, keys and numbers.
func segments(field string) []string {
	var all []string
	for field != "" {
		switch {
		case field[0] == '.':
			field = field[1:]
		case field[0] == '[':
			key, rest, _ := strings.Cut(field[1:], "]")
			all, field = append(all, key), rest
		default:
			end := strings.IndexAny(field, ".[")
			if end < 0 {
				end = len(field)
			}
			all, field = append(all, field[:end]), field[end:]
		}
	}
	return all
}

// reach is the node at the end of a path, or the last one on it: of a mapping or a list,
// its key. It is nil where there is nothing.
func reach(node *yaml.Node, path []string) (nearest *yaml.Node) {
	nearest = node
	for _, step := range path {
		next, key := child(node, step, mostMerged)
		if next == nil {
			break
		}
		if node, nearest = next, key; key == nil || next.Kind == yaml.ScalarNode || next.Kind == yaml.AliasNode {
			nearest = next
		}
	}
	return nearest
}

// mostMerged is how many mappings may be merged into one another. Whoever merges one into
// itself would never be done.
const mostMerged = 10

// child is what a step leads to, and its key in a mapping.
func child(node *yaml.Node, step string, merges int) (next, key *yaml.Node) {
	switch node.Kind {
	case yaml.AliasNode:
		return child(node.Alias, step, merges)
	case yaml.MappingNode:
		return value(node.Content, step, merges)
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], nil
		}
	}
	return nil, nil
}

// value is that of a key, in a mapping itself or in what is merged into it.
func value(pairs []*yaml.Node, step string, merges int) (next, key *yaml.Node) {
	for pair := range slices.Chunk(pairs, 2) {
		if pair[0].Value == step {
			return pair[1], pair[0]
		}
	}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[0].Tag == "!!merge" && merges > 0 {
			return merged(pair[1], step, merges-1)
		}
	}
	return nil, nil
}

// merged is the value of a key in a mapping that is merged, or in the first of several that
// has it.
func merged(from *yaml.Node, step string, merges int) (next, key *yaml.Node) {
	if from.Kind != yaml.SequenceNode {
		return child(from, step, merges)
	}
	for _, one := range from.Content {
		if next, key := child(one, step, merges); next != nil {
			return next, key
		}
	}
	return nil, nil
}

// misparsed is what a second parser says of a document that is not YAML, or has a key twice,
// which knows the column, too; if it agrees. To the first one a key that is merged in is
// there twice.
func (d *document) misparsed() (p Place, why string, found bool) {
	_, err := parser.ParseBytes(d.text, 0)
	var at goccy.Error
	if !errors.As(err, &at) {
		return p, "", false
	}
	position := at.GetToken().Position
	return Place{d.file, d.line + position.Line, position.Column}, at.GetMessage(), true
}
