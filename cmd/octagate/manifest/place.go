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
	if line, column, found := locate(file, slices.Concat(s.path, segments(field))); found {
		p.Line, p.Column = s.document.line+line, column
	}
	return p
}

// Locate is where a field stands in a text of YAML: its value or, where there is no such
// field, the nearest one above it.
func Locate(text []byte, field string) (line, column int) {
	if file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey()); err == nil {
		if line, column, found := locate(file, segments(field)); found {
			return line, column
		}
	}
	return 1, 1
}

func locate(file *ast.File, path []string) (line, column int, found bool) {
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if at := (tree{d.Body}).reach(path).GetToken().Position; at.Line > 0 {
			line, column, found = at.Line, at.Column, true
		}
	}
	return line, column, found
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

// A tree is a document of YAML.
type tree struct{ body ast.Node }

// reach is the node at the end of a path, or the last one on it: of a mapping, where its
// first key stands.
func (t tree) reach(path []string) ast.Node {
	node, nearest := t.body, t.body
	for _, step := range path {
		next, key := t.child(node, step, 0)
		if next == nil {
			break
		}
		if node, nearest = next, key; key == nil || plain(next) {
			nearest = bare(next)
		}
	}
	return first(nearest)
}

// bare is a node less its anchor and tag.
func bare(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.AnchorNode:
		return bare(n.Value)
	case *ast.TagNode:
		return bare(n.Value)
	}
	return node
}

// plain reports whether a node is a value that stands for itself, or an alias of one.
func plain(node ast.Node) bool {
	_, alias := node.(*ast.AliasNode)
	_, scalar := bare(node).(ast.ScalarNode)
	return alias || scalar
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

// mostAliases is how many aliases are followed to one another. Whoever merges a mapping into
// itself would never be done.
const mostAliases = 10

// child is what a step leads to, and its key in a mapping.
func (t tree) child(node ast.Node, step string, aliases int) (next, key ast.Node) {
	switch n := bare(node).(type) {
	case *ast.MappingNode:
		return t.value(n.Values, step, aliases)
	case *ast.MappingValueNode:
		return t.value([]*ast.MappingValueNode{n}, step, aliases)
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Values) {
			return n.Values[i], nil
		}
	case *ast.AliasNode:
		if anchor := t.anchor(n); anchor != nil && aliases < mostAliases {
			return t.child(anchor, step, aliases+1)
		}
	}
	return nil, nil
}

// value is that of a key, in the mapping itself or in what is merged into it.
func (t tree) value(values []*ast.MappingValueNode, step string, aliases int) (next, key ast.Node) {
	var merged []ast.Node
	for _, v := range values {
		if _, merges := v.Key.(*ast.MergeKeyNode); merges {
			merged = append(merged, v.Value)
		} else if v.Key.GetToken().Value == step {
			return v.Value, v.Key
		}
	}
	for _, from := range merged {
		all := []ast.Node{from}
		if list, several := from.(*ast.SequenceNode); several {
			all = list.Values
		}
		for _, one := range all {
			if next, key := t.child(one, step, aliases); next != nil {
				return next, key
			}
		}
	}
	return nil, nil
}

// anchor is what an alias stands for: the last anchor of its name before it.
func (t tree) anchor(alias *ast.AliasNode) ast.Node {
	s := &search{name: alias.Value.GetToken().Value, before: alias.GetToken().Position.Offset}
	ast.Walk(s, t.body)
	return s.found
}

// A search is for the anchor of a name.
type search struct {
	name   string
	before int // it stands, in the text
	found  ast.Node
}

// Visit looks at a node.
func (s *search) Visit(node ast.Node) ast.Visitor {
	if a, ok := node.(*ast.AnchorNode); ok && a.Name.GetToken().Value == s.name && a.GetToken().Position.Offset < s.before {
		s.found = a.Value
	}
	return s
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
