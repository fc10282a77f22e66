package admin

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/octagate/octagate/e2e/emulator"
)

// A fault is what happens to some calls to come.
type fault struct {
	Call   string            `json:"call"`   // as the transcript has it, or "*"
	Times  int               `json:"times"`  // how often it still happens; 0 in a request means once
	Status int               `json:"status"` // 0: no answer, or with a delay the true one
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body"`
	Delay  string            `json:"delay"` // "" for none
	After  bool              `json:"after"` // once the call has had its effect
}

// faults are those to come, each of them as often as it says.
type faults struct {
	mu  sync.Mutex
	all []fault
}

// next is the fault of a call: the first that fits.
func (f *faults) next(r *http.Request) *emulator.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := emulator.CallOf(r)
	i := slices.IndexFunc(f.all, func(one fault) bool { return one.Call == call || one.Call == emulator.Any })
	if i < 0 {
		return nil
	}
	one := &f.all[i]
	delay, _ := duration(one.Delay) // was checked
	out := &emulator.Fault{Status: one.Status, Header: one.Header, Body: one.Body, Delay: delay, After: one.After}
	if one.Times--; one.Times == 0 {
		f.all = slices.Delete(f.all, i, i+1)
	}
	return out
}

func (f *faults) list() []fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fault{}, f.all...)
}

func (f fault) check(cloud *emulator.Cloud) error {
	if err := cloud.CheckCall(f.Call); err != nil {
		return err
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("status %d: want 200 to 599, or 0 to cut the connection (or to answer late, with a delay)", f.Status)
	}
	if f.Times < 0 {
		return fmt.Errorf("times %d: want 1 or more", f.Times)
	}
	if f.Delay == "" {
		return nil
	}
	_, err := duration(f.Delay)
	return err
}

func listFaults(a *admin, _ *http.Request) (any, error) { return a.faults.list(), nil }

func addFault(a *admin, r *http.Request) (any, error) {
	var in fault
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := in.check(a.cloud); err != nil {
		return nil, err
	}
	in.Times = max(in.Times, 1)
	a.faults.mu.Lock()
	a.faults.all = append(a.faults.all, in)
	a.faults.mu.Unlock()
	return a.faults.list(), nil
}

func clearFaults(a *admin, _ *http.Request) (any, error) {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	a.faults.all = nil
	return done, nil
}
