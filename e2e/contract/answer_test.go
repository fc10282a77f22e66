package contract

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/session"
)

type object = map[string]any

// An answer is what came back from a call.
type answer struct {
	t    *testing.T
	call string
	session.Answer
}

// String is the answer as failures show it.
func (a answer) String() string {
	const enough = 500
	if len(a.Text) > enough {
		return fmt.Sprint(a.Status, " ", a.Text[:enough], "…")
	}
	return fmt.Sprint(a.Status, " ", a.Text)
}

// is fails the test for any other status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: want %d: %s", a.call, status, a)
	}
	return a
}

// fine fails the test unless what was asked for is done.
func (a answer) fine() {
	a.t.Helper()
	if a.Status/100 != 2 {
		a.t.Fatalf("%s: %s", a.call, a)
	}
}

// refused fails the test unless Octavia refused in its own words.
func (a answer) refused(status int, words string) {
	a.t.Helper()
	var told struct {
		Code  string `json:"faultcode"`
		Words string `json:"faultstring"`
		Info  any    `json:"debuginfo"`
	}
	if err := a.is(status).Decode(&told); err != nil {
		a.t.Fatal(err)
	}
	code := "Client"
	if status >= 500 {
		code = "Server"
	}
	if told.Code != code || !strings.Contains(told.Words, words) || told.Info != nil {
		a.t.Errorf("%s: want faultcode %s, debuginfo null and a faultstring with %q: %s", a.call, code, words, a)
	}
}

// denied fails the test unless Neutron refused in its own words.
func (a answer) denied(status int, kind, words string) {
	a.t.Helper()
	var told struct {
		Error struct{ Type, Message, Detail string } `json:"NeutronError"`
	}
	if err := a.is(status).Decode(&told); err != nil {
		a.t.Fatal(err)
	}
	if told.Error.Type != kind || !strings.Contains(told.Error.Message, words) || told.Error.Detail != "" {
		a.t.Errorf("%s: want type %s, no detail and a message with %q: %s", a.call, kind, words, a)
	}
}

// unauthorized fails the test unless the token was not good enough for anybody.
func (a answer) unauthorized() {
	a.t.Helper()
	if got := a.is(401).text("error.message"); got != "The request you have made requires authentication." {
		a.t.Errorf("%s: %s", a.call, a)
	}
}

// at is the value at a path of keys and, for lists, numbers: "pools.0.id".
func (a answer) at(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.Text), &v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.call, err, a)
	}
	for key := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case object:
			v = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(in) {
				a.t.Fatalf("%s: nothing at %s: %s", a.call, path, a)
			}
			v = in[i]
		default:
			a.t.Fatalf("%s: nothing at %s: %s", a.call, path, a)
		}
	}
	return v
}

// text is the string at a path.
func (a answer) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s: no text at %s: %s", a.call, path, a)
	}
	return s
}

// rows are the objects in the list at a path.
func (a answer) rows(path string) []object {
	a.t.Helper()
	all, ok := a.at(path).([]any)
	if !ok {
		a.t.Fatalf("%s: no list at %s: %s", a.call, path, a)
	}
	var rows []object
	for _, one := range all {
		rows = append(rows, one.(object))
	}
	return rows
}

// has compares the value at a path with one that is written in JSON.
func (a answer) has(path, want string) {
	a.t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		a.t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, a.at(path)); diff != "" {
		a.t.Errorf("%s: %s: %s", a.call, path, diff)
	}
}
