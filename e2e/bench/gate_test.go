package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	judge "github.com/octagate/octagate/cmd/octagate/check"
	"github.com/octagate/octagate/cmd/octagate/manifest"
	"github.com/octagate/octagate/policy"
)

var update = flag.Bool("update", false, "write what is counted now into the record")

// record is the file with what was counted when somebody last agreed to it.
const record = "record.json"

// slack is how much more, or less, may be counted.
const slack = 0.2

// Nothing may cost a fifth more calls or allocations than it did, and what costs a fifth
// less is recorded, so that it stays so. Times are not held: they belong to a machine.
func TestNothingCostsMuchMore(t *testing.T) {
	if racing {
		t.Skip("NOT RUN: the race detector allocates, too; make test runs this once without it")
	}
	now := map[string]float64{}
	counted(t, now)
	allocated(t, now)
	if *update {
		text, err := json.MarshalIndent(now, "", "  ")
		if err == nil {
			err = os.WriteFile(record, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(record)
	then := map[string]float64{}
	if err == nil {
		err = json.Unmarshal(text, &then)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, objection := range objections(then, now) {
		t.Error(objection)
	}
}

// renew is how somebody agrees to what is counted now.
const renew = "to have it so: go test ./e2e/bench -run MuchMore -update"

// objections are what has become much more or much less, or is not the same any more.
func objections(then, now map[string]float64) (all []string) {
	for _, key := range slices.Sorted(maps.Keys(now)) {
		before, known := then[key]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("%s: %v is not on record; %s", key, now[key], renew))
		case now[key] > before*(1+slack):
			all = append(all, fmt.Sprintf("%s: %v, and was %v: that is more than a fifth more", key, now[key], before))
		case now[key] < before*(1-slack):
			all = append(all, fmt.Sprintf("%s: %v, and was %v: that is better, and should stay so; %s", key, now[key], before, renew))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(then)) {
		if _, still := now[key]; !still {
			all = append(all, fmt.Sprintf("%s is on record, and not counted any more; %s", key, renew))
		}
	}
	return all
}

// The gate closes where it should, and only there.
func TestTheGateCloses(t *testing.T) {
	then := map[string]float64{"a": 100, "never": 0}
	for claim, tt := range map[string]struct {
		now  map[string]float64
		want string
	}{
		"the same":              {map[string]float64{"a": 100, "never": 0}, ""},
		"a fifth more":          {map[string]float64{"a": 120, "never": 0}, ""},
		"more than that":        {map[string]float64{"a": 121, "never": 0}, "a fifth more"},
		"a fifth less":          {map[string]float64{"a": 80, "never": 0}, ""},
		"less than that":        {map[string]float64{"a": 79, "never": 0}, "should stay so"},
		"what there never was":  {map[string]float64{"a": 100, "never": 1}, "a fifth more"},
		"a kind of call is new": {map[string]float64{"a": 100, "never": 0, "b": 1}, "is not on record"},
		"a kind is gone":        {map[string]float64{"never": 0}, "not counted any more"},
	} {
		got := strings.Join(objections(then, tt.now), "; ")
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q", claim, got)
		}
	}
}

// counted are the calls to the cloud, what its lists answer, and the writes to the API server that
// a hundred Services cost, by kind.
func counted(t *testing.T, now map[string]float64) {
	const services = 100
	in := newInside(t)
	in.since()
	take := func(doing string) {
		took := in.since()
		for kind, counts := range map[string]map[string]int{"calls": took.calls, "rows": took.rows, "writes": took.writes} {
			for what, n := range counts {
				now[fmt.Sprintf("%s/%s/%s", kind, doing, what)] = float64(n)
			}
		}
	}
	in.apply(services)
	for range 3 { // while Octavia makes them
		in.look()
		in.reconcile()
	}
	in.settle(ready)
	take("making 100")
	in.settle(ready)
	take("looking again at 100")
	in.rest()
	take("looking 20 times at 100 that rest")
	in.rest()
	take("looking 20 times more")
	in.move(services, 1)
	in.reconcile()
	in.clock.Pass(time.Minute)
	in.settle(ready)
	take("other endpoints of 100")
	in.move(1, 2)
	in.reconcile()
	in.clock.Pass(time.Minute)
	in.settle(ready)
	take("other endpoints of one of 100")
	in.start()
	in.since() // of facts and logins, some of which come at the same time
	in.settle(ready)
	in.settle(ready)
	take("restart with 100")
	in.remove()
	in.leave()
	take("removing 100")
}

// allocated are allocations.
func allocated(t *testing.T, now map[string]float64) {
	h, end, err := judging(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	now["allocs/mutate"] = allocationsOf(t, h.Mutating(), applied())
	now["allocs/validate"] = allocationsOf(t, h.Validating(), applied())
	in := newInside(t)
	in.apply(100)
	in.settle(ready)
	in.rest()
	svc := in.shelf.services[name(1)]
	now["allocs/reconcile one at rest"] = testing.AllocsPerRun(200, func() {
		if _, err := in.of.Reconcile(t.Context(), svc.DeepCopy()); err != nil {
			t.Fatal(err)
		}
	})
	in.canned = map[string][]byte{}
	now["allocs/look at 100"] = testing.AllocsPerRun(20, func() {
		if err := in.watch.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	now["allocs/check one"] = checkOne(t)
}

func allocationsOf(t *testing.T, hook http.Handler, r review) float64 {
	return testing.AllocsPerRun(200, func() {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?timeout=3s", bytes.NewReader(r))
		request.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		hook.ServeHTTP(w, request)
		if is, err := read(w.Body.Bytes()); is != good {
			t.Fatal(is, err)
		}
	})
}

// checkOne is what a Service costs to read and check, of many.
func checkOne(t *testing.T) float64 {
	const services = 200
	var text strings.Builder
	for i := range services {
		fmt.Fprintf(&text, serviceManifest, i)
	}
	known := judge.New(time.Unix(0, 0))
	c := judge.Check{Policy: &policy.Config{ExternalNetwork: "3b4eb25e-e103-491f-a640-a6246d588561"}, Known: &known}
	return testing.AllocsPerRun(10, func() {
		found, err := manifest.Reader{Stdin: strings.NewReader(text.String())}.Read([]string{"-"})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(c.Report(found).Findings()); n > 0 {
			t.Fatalf("%d findings", n)
		}
	}) / services
}
