package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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
	file, err := s.document.parsed()
	if err != nil {
		return p
	}
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		node := reach(d.Body, slices.Concat(s.path, segments(field)))
		at := node.GetToken().Position
		if at.Line > 0 {
			p.Line, p.Column = s.document.line+at.Line, at.Column
		}
	}
	return p
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

// reach is the node at the end of a path, or the last one on it: of a mapping, where its
// first key stands.
func reach(node ast.Node, path []string) ast.Node {
	nearest := node
	for _, step := range path {
		next, key := child(node, step)
		if next == nil {
			break
		}
		node, nearest = next, next
		if _, scalar := next.(ast.ScalarNode); !scalar && key != nil {
			nearest = key
		}
	}
	return first(nearest)
}

// first is a node, or where it begins: a mapping's own token is the colon of its first key.
func first(node ast.Node) ast.Node {
	if m, ok := node.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key
	}
	if v, ok := node.(*ast.MappingValueNode); ok {
		return v.Key
	}
	return node
}

// child is what a step leads to, and its key in a mapping.
func child(node ast.Node, step string) (next, key ast.Node) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if next, key := child(v, step); next != nil {
				return next, key
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == step {
			return n.Value, n.Key
		}
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Values) {
			return n.Values[i], nil
		}
	case *ast.AnchorNode:
		return child(n.Value, step)
	case *ast.TagNode:
		return child(n.Value, step)
	}
	return nil, nil
}

// misparsed is what a second parser says of a document that is not YAML, or has a key twice,
// which knows the column, too; if it agrees. To the first one a key that is merged in is
// there twice.
func (d *document) misparsed() (p Place, why string, found bool) {
	_, err := parser.ParseBytes(d.text, 0)
	var at yaml.Error
	if !errors.As(err, &at) {
		return p, "", false
	}
	position := at.GetToken().Position
	return Place{d.file, d.line + position.Line, position.Column}, at.GetMessage(), true
}
