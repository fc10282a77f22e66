package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/policy/spelling"
)

// load reads the configuration file, with what the settings say otherwise, and checks
// it. What is wrong is told with its line and column.
func load(file string, settings ...string) (Configuration, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return Configuration{}, fmt.Errorf("reading the configuration: %w", err)
	}
	return parse(file, source, settings...)
}

// parse decodes strictly what a file has, and checks every value. Each error begins with
// file:line:column, or with --set.
func parse(file string, source []byte, settings ...string) (Configuration, error) {
	var c Configuration
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	if err := another(file, source); err != nil {
		return c, err
	}
	if err := yaml.UnmarshalWithOptions(source, &c, yaml.Strict()); err != nil {
		return c, positioned(file, err)
	}
	set, err := apply(settings, &c)
	if err != nil {
		return c, err
	}
	c = c.defaulted()
	var errs []error
	for _, f := range c.faults() {
		line, column := manifest.Locate(source, f.path)
		at := fmt.Sprintf("%s:%d:%d", file, line, column)
		if set.has(f.path) {
			at = "--set"
		}
		errs = append(errs, fmt.Errorf("%s: %s", at, f))
	}
	return c, errors.Join(errs...)
}

// another is an error for a file that is something else, or has something else after the
// configuration, which nobody would ever read.
func another(file string, source []byte) error {
	var head struct{ Kind string }
	if err := yaml.Unmarshal(source, &head); err == nil && head.Kind != "" && head.Kind != kind {
		line, column := manifest.Locate(source, "kind")
		return fmt.Errorf("%s:%d:%d: is a %s, and not octagate's %s", file, line, column, head.Kind, kind)
	}
	parsed, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil // which is told when it is decoded
	}
	filled := slices.DeleteFunc(parsed.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(filled) > 1 {
		return fmt.Errorf("%s:%d:1: there is a second document; a configuration is one", file, filled[1].Body.GetToken().Position.Line)
	}
	return nil
}

// unknown is how the decoder says that it does not know a key.
var unknown = regexp.MustCompile(`^unknown field "([^"]*)"`)

// positioned is a decoder's error on one line, with a guess for a key that does
// not exist.
func positioned(file string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("%s: %w", file, err)
	}
	p := at.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s", file, p.Line, p.Column, problem(err))
}

// problem is what a decoder's error says, wherever it is.
func problem(err error) string {
	var at yaml.Error
	if !errors.As(err, &at) {
		return err.Error()
	}
	if kind, is := errors.AsType[*yaml.TypeError](err); is {
		return fmt.Sprintf("must be %s, but is %s", manifest.Wanted(kind.DstType), manifest.Wanted(kind.SrcType))
	}
	if _, is := errors.AsType[*yaml.OverflowError](err); is {
		return "is a number too large"
	}
	message := at.GetMessage()
	if key := unknown.FindStringSubmatch(message); key != nil {
		return fmt.Sprintf("unknown key %q%s", key[1], spelling.DidYouMean(key[1], keys(reflect.TypeFor[Configuration]())))
	}
	return message
}

// keys are all the keys that a configuration may have, at any depth.
func keys(t reflect.Type) []string {
	var all []string
	for f := range t.Fields() {
		all = append(all, f.Tag.Get("yaml"))
		if f.Type.Kind() == reflect.Struct {
			all = append(all, keys(f.Type)...)
		}
	}
	return all
}
