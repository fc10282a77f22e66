package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// JUnit is the report as tests: one for each Service, in a suite for each file. It fails
// if there is an error; warnings are its output.
func JUnit(w io.Writer, r Report, _ output.Paint) error {
	all := junit.Testsuites{Name: "octagate check"}
	for begin := 0; begin < len(r.Services); {
		end := begin
		for end < len(r.Services) && r.Services[end].File == r.Services[begin].File {
			end++
		}
		all.AddSuite(suite(r.Services[begin:end]))
		begin = end
	}
	if len(r.Unread) > 0 {
		all.AddSuite(unread(r.Unread))
	}
	return all.WriteXML(w)
}

// suite is the Services of one file.
func suite(services []Service) junit.Testsuite {
	one := junit.Testsuite{Name: services[0].File, File: services[0].File, Time: "0"}
	for _, s := range services {
		one.AddTestcase(testcase(s))
	}
	return one
}

// unread is a suite of what could not be read, none of which could be tested.
func unread(all []Unread) junit.Testsuite {
	one := junit.Testsuite{Name: "reading", Time: "0"}
	for _, u := range all {
		name := u.File
		if u.Line > 0 {
			name = Finding{File: u.File, Line: u.Line, Column: u.Column}.Place()
		}
		one.AddTestcase(junit.Testcase{Name: name, Classname: u.File, Error: &junit.Result{Message: u.Message}})
	}
	return one
}

func testcase(s Service) junit.Testcase {
	one := junit.Testcase{Name: s.Name, Classname: s.File}
	var errors, warnings []string
	for _, f := range s.counting() {
		line := fmt.Sprintf("%s: [%s] %s", f.Place(), f.Rule, f.sentence())
		if f.Level == Error {
			errors = append(errors, line)
		} else {
			warnings = append(warnings, line)
		}
	}
	if len(errors) > 0 {
		one.Failure = &junit.Result{Message: output.Count(len(errors), "error"), Data: strings.Join(errors, "\n")}
	}
	if len(warnings) > 0 {
		one.SystemOut = &junit.Output{Data: strings.Join(warnings, "\n")}
	}
	return one
}

// sentence is what is wrong, and what to do.
func (f Finding) sentence() string {
	if f.Fix == "" {
		return f.Text()
	}
	return f.Text() + "; " + f.Fix
}
