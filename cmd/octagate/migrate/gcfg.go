package migrate

import (
	"fmt"
	"strings"

	"gopkg.in/gcfg.v1/scanner"
	"gopkg.in/gcfg.v1/token"
)

// gcfg reads a file in the dialect of gcfg, by the scanner that the cloud controller manager
// itself reads cloud.conf with. Its reader tells no lines.
func gcfg(source []byte) (all []Option, err error) {
	if source, err = textual(source); err != nil {
		return nil, err
	}
	r := &reader{}
	files := token.NewFileSet()
	r.file = files.AddFile("", files.Base(), len(source))
	r.scanner.Init(r.file, source, func(at token.Position, message string) { r.fail(at, message) }, 0)
	for r.next(); r.token != token.EOF && r.err == nil; {
		switch r.token {
		case token.EOL, token.COMMENT:
			r.next()
		case token.LBRACK:
			r.head()
		case token.IDENT:
			all = append(all, r.option())
		default:
			r.expected("a section or an option")
		}
	}
	return all, r.err
}

// A reader is somewhere in a file.
type reader struct {
	scanner scanner.Scanner
	file    *token.File
	at      token.Pos
	token   token.Token
	text    string
	section string
	err     error
}

func (r *reader) next() { r.at, r.token, r.text = r.scanner.Scan() }

func (r *reader) fail(at token.Position, message string) {
	if r.err == nil {
		r.err = fmt.Errorf("%d:%d: %s", at.Line, at.Column, message)
	}
}

// expected says what should stand here.
func (r *reader) expected(what string) { r.fail(r.file.Position(r.at), what+" is expected") }

// head reads [Section] or [Section "name"].
func (r *reader) head() {
	if r.next(); r.token != token.IDENT {
		r.expected("the name of a section")
		return
	}
	r.section = r.text
	if r.next(); r.token == token.STRING {
		r.section += " " + r.text
		r.next()
	}
	if r.token != token.RBRACK {
		r.expected("]")
		return
	}
	r.next()
}

// option reads a name and its value. A name alone is true.
func (r *reader) option() Option {
	o := Option{Section: r.section, Name: r.text, Value: "true", Line: r.file.Position(r.at).Line}
	if r.section == "" {
		r.expected("a section before the first option")
	}
	r.next()
	if r.token == token.EOL || r.token == token.EOF || r.token == token.COMMENT {
		return o
	}
	if r.token != token.ASSIGN {
		r.expected("=")
		return o
	}
	if r.next(); r.token != token.STRING {
		r.expected("a value")
		return o
	}
	o.Value = strings.TrimSpace(unquoted(r.text))
	r.next()
	return o
}

// unquoted is a value as gcfg means it: parts of it may be between quotation marks, and
// have escapes.
func unquoted(text string) string {
	var b strings.Builder
	escaped := false
	for _, c := range text {
		switch {
		case escaped && c == 'n':
			b.WriteRune('\n')
		case escaped && c == 't':
			b.WriteRune('\t')
		case escaped && c != '\n' || !escaped && c != '"' && c != '\\':
			b.WriteRune(c)
		}
		escaped = !escaped && c == '\\'
	}
	return b.String()
}
