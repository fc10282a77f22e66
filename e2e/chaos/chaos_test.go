package chaos

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/octagate/octagate/e2e/emulator"
)

var (
	howMany = flag.Int("chaos.n", histories, "how many histories")
	first   = flag.Uint64("chaos.seed", 1, "the seed of the first; the others follow")
	every   = flag.Bool("chaos.every", false, "kill octagate at every call of all flows, not only at those that change something in the first few")
	brief   = flag.Bool("chaos.shrink", true, "find the shortest history that fails like the one that did")
	told    = flag.Bool("chaos.v", false, "tell all that happens")
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	debug.SetGCPercent(400) // histories leave much behind, and need little
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "clouds.yaml")
	if err := os.WriteFile(file, emulator.New(emulator.Options{}).CloudsYAML(base), 0o600); err != nil {
		panic(err)
	}
	os.Setenv("OS_CLIENT_CONFIG_FILE", file)
	return m.Run()
}

// lanes is how many histories happen at once.
const lanes = 2

func TestHistories(t *testing.T) {
	begun := time.Now()
	var all tally
	for lane := range lanes {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			for i := lane; i < *howMany; i += lanes {
				all.add(examine(t, Draw(*first+uint64(i))))
			}
		})
	}
	t.Cleanup(func() {
		if *howMany > 0 {
			t.Logf("%d histories, %.0f a minute: %s", *howMany, float64(*howMany)/time.Since(begun).Minutes(), &all)
		}
	})
}

// examine lets a history happen, and tells the shortest that fails like it if it fails.
func examine(t *testing.T, h History) Ending {
	t.Helper()
	e := Run(t, h, nil)
	if *told {
		t.Log(e.Log)
	}
	if len(e.Wrong) > 0 {
		t.Errorf("after history %d:\n%s", h.Seed, strings.Join(e.Wrong, "\n"))
	}
	if len(e.Wrong) > 0 && *brief {
		short := Shrink(h, func(h History) bool { return len(Run(t, h, nil).Wrong) > 0 })
		e := Run(t, short, nil)
		t.Logf("its shortest part that fails, to be kept as a file in testdata:\n%s\n%s\n%s", short, strings.Join(e.Wrong, "\n"), e.Log)
	}
	return e
}

// A tally is of many histories.
type tally struct {
	mu             sync.Mutex
	took           []time.Duration
	writes, faults int
}

func (s *tally) add(e Ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took, s.writes, s.faults = append(s.took, e.Took), s.writes+e.Writes, s.faults+e.Faults
}

func (s *tally) String() string {
	slices.Sort(s.took)
	n := len(s.took)
	return fmt.Sprintf("%d writes and %d faults; all was well after %s (half), %s (9 of 10), %s (all)",
		s.writes, s.faults, s.took[n/2], s.took[n*9/10], s.took[n-1])
}

// Histories that ever failed. Each file says what was wrong.
func TestTheyNeverFailAgain(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.history"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h, err := ReadHistory(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if e := Run(t, h, nil); len(e.Wrong) > 0 {
				t.Errorf("%s\n%s", strings.Join(e.Wrong, "\n"), e.Log)
			}
		})
	}
}

// flows are what octagate mostly does.
var flows = map[string]string{
	"a Service comes and goes":            "create 0 1 20s\n delete 0 0 20s",
	"it has a floating IP of the pool":    "create 0 2 20s\n delete 0 0 20s",
	"of a user":                           "create 0 3 20s\n delete 0 0 20s",
	"of the pool, to be kept":             "create 0 13 20s\n delete 0 0 20s",
	"it changes from one to the other":    "create 0 2 20s\n change 0 3 30s\n change 0 2 30s",
	"it is not reached from outside":      "create 0 3 20s\n change 0 6 30s\n change 0 0 30s",
	"its ports change":                    "create 0 0 20s\n change 0 1 30s\n change 0 11 30s\n change 0 17 30s",
	"its settings change":                 "create 0 2 20s\n change 0 9 30s\n change 0 10 30s\n change 0 16 30s",
	"its Pods change":                     "pods 0 1 5s\n create 0 1 20s\n pods 0 7 10s\n pods 0 0 10s",
	"it loses its address":                "create 0 0 20s\n change 0 15 30s\n change 0 0 30s",
	"a floating IP changes hands":         "create 0 3 20s\n create 1 0 20s\n change 0 4 20s\n change 1 3 40s",
	"its load balancer breaks":            "create 0 2 20s\n break 0 0 4m",
	"somebody deletes its load balancer":  "create 0 2 20s\n meddle 0 2 2m",
	"it loses its finalizer":              "create 0 2 20s\n force 0 0 15m",
	"its address is another's right away": "create 0 0 20s\n delete 0 0 1ms\n create 1 0 1m",
}

// Octagate is killed at each call that changes something, just before that has its effect and
// just after, and another starts.
func TestKilledAtEveryCall(t *testing.T) {
	all := slices.Sorted(maps.Keys(flows))
	switch {
	case racing:
		all = all[:1]
	case !*every:
		all = all[:5]
	}
	for _, flow := range all {
		t.Run(flow, func(t *testing.T) {
			t.Parallel()
			h, err := ReadHistory("seed 1\n pods 0 3 10s\n" + flows[flow])
			if err != nil {
				t.Fatal(err)
			}
			for at, reached := 1, true; reached; at++ {
				for _, after := range []bool{false, true} {
					reached = killed(t, h, at, after)
				}
			}
		})
	}
}

// killed lets a history happen in which octagate is killed at a call, if it makes so many.
func killed(t *testing.T, h History, at int, after bool) (reached bool) {
	calls, where := 0, ""
	e := Run(t, h, func(w *world) {
		w.survives = func(call string, now bool) bool {
			if now != after || !*every && !writes(call) || reached {
				return true
			}
			if calls++; calls < at {
				return true
			}
			reached, where = true, call
			w.later(w.instant(10*time.Second, "down", at), w.start)
			return false
		}
	})
	if len(e.Wrong) > 0 {
		t.Errorf("killed at call %d, %s (after it: %t):\n%s\n%s", at, where, after, strings.Join(e.Wrong, "\n"), e.Log)
	}
	return reached
}

func TestHistoriesAreRead(t *testing.T) {
	h := Draw(7)
	again, err := ReadHistory("# a story\n" + h.String())
	if err != nil || again.String() != h.String() {
		t.Errorf("%v\n%s\n%s", err, h, again)
	}
	for _, text := range []string{"create", "create 1 2", "create 1 2 soon", "fly 1 2 3s"} {
		if h, err := ReadHistory(text); err == nil {
			t.Errorf("%q is read as %s", text, h)
		}
	}
}

func TestShrink(t *testing.T) {
	fails := func(h History) bool {
		var done []string
		for _, d := range h.Deeds {
			done = append(done, d.Do)
		}
		return slices.Contains(done, "storm") && slices.Contains(done, "kill")
	}
	h, err := ReadHistory("create 1 1 0s\n storm 1 1 0s\n create 1 1 0s\n kill 1 1 0s\n create 1 1 0s\n wait 1 1 0s\n wait 1 1 0s")
	if brief := Shrink(h, fails); err != nil || len(brief.Deeds) != 2 || !fails(brief) {
		t.Errorf("%v: %s", err, brief)
	}
}
