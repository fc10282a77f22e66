// Package manifest reads Services out of files as kubectl does, and knows where each of
// their fields stands.
//
// A file is YAML, of one document or several, or JSON; an object may be a List of others.
// What is no Service is counted and left alone. Of a Service nothing is judged here but
// whether it can be read.
package manifest

import (
	"errors"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Manifests are what was read.
type Manifests struct {
	Files    int
	Services []Service                   // in the order of the files
	Slices   []discoveryv1.EndpointSlice // of Services
	Others   int                         // objects of other kinds
	Kindless int                         // documents that do not say what they are, such as a chart's values
}

// A Service is one as it will be applied: with the API server's defaults, but for its
// addresses.
type Service struct {
	*corev1.Service
	Faults   []Fault // what the API server would not take
	Mistyped bool    // a value of a wrong type is missing, so there is nothing to be judged
	at       source
}

// A Fault is a field that a Service does not have, has twice, or with a value of a wrong type.
type Fault struct {
	Place   Place
	Field   string // empty: it is not known which
	Message string
	Fix     string // what to do, if that can be told
}

// A Reader reads manifests.
type Reader struct {
	Stdin     io.Reader
	Namespace string // of Services that name none; empty: default
}

// Read reads files, directories with all that is below them, globs, and, by the name -,
// standard input. What can be read is returned also when there is an error, which is of All
// that could not be.
func (r Reader) Read(names []string) (Manifests, error) {
	files, err := find(names)
	errs := []error{err}
	var all []*document
	for _, file := range files {
		name, text, err := r.content(file)
		all, errs = append(all, documents(name, text)...), append(errs, err)
	}
	m, err := together(all)
	m.Files = len(files)
	for _, s := range m.Services {
		complete(s.Service, r.Namespace)
	}
	return m, errors.Join(append(errs, err)...)
}

// together reads documents side by side.
func together(all []*document) (Manifests, error) {
	read, failed := make([]Manifests, len(all)), make([]error, len(all))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, d := range all {
		group.Go(func() error {
			read[i], failed[i] = d.read()
			return nil
		})
	}
	_ = group.Wait() // nobody returns an error
	var m Manifests
	for _, one := range read {
		m = m.with(one)
	}
	return m, errors.Join(failed...)
}

func (m Manifests) with(other Manifests) Manifests {
	m.Services = append(m.Services, other.Services...)
	m.Slices = append(m.Slices, other.Slices...)
	m.Others += other.Others
	m.Kindless += other.Kindless
	return m
}

// content is the text of a file, and what people call it.
func (r Reader) content(file string) (name string, text []byte, err error) {
	if file != standard {
		text, err = os.ReadFile(file)
		return file, text, unopened(file, err)
	}
	text, err = io.ReadAll(r.Stdin)
	return "stdin", text, unopened("stdin", err)
}
