package chaos

import (
	"flag"
	"fmt"
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
	every   = flag.Bool("chaos.every", false, "kill octagate at every call of every flow, and have each fault at each of them: see flows_test.go")
	from    = flag.String("chaos.history", "", "a file with one history, in place of those of seeds")
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

// After so many histories it is told how many there were.
const milestone = 500

func TestHistories(t *testing.T) {
	begun := time.Now()
	var all tally
	for lane := range lanes {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			for i := lane; i < *howMany; i += lanes {
				if n := all.add(examine(t, Draw(*first+uint64(i)))); n%milestone == 0 {
					t.Logf("%d of %d histories", n, *howMany)
				}
			}
		})
	}
	t.Cleanup(func() {
		if *howMany > 0 {
			t.Logf("%d histories, %.0f a minute: %s", *howMany, float64(*howMany)/time.Since(begun).Minutes(), &all)
		}
	})
}

// A history from a file happens: what a failure told to be tried.
func TestHistory(t *testing.T) {
	if *from == "" {
		t.Skip("NOT RUN: there is no -chaos.history that names a file with one history")
	}
	examine(t, read(t, *from))
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
		t.Logf("its shortest part that fails:\n%s\n%s\n%s%s", short, strings.Join(e.Wrong, "\n"), e.Log, again(t, short))
	}
	return e
}

// again says how a history that failed is seen again.
func again(t *testing.T, h History) string {
	file := filepath.Join(os.TempDir(), fmt.Sprintf("chaos-%d.history", h.Seed))
	if err := os.WriteFile(file, []byte(h.String()), 0o600); err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("again: go test ./e2e/chaos -count=1 -run 'TestHistory$' -chaos.history %s\n(once it is mended, keep the file in e2e/chaos/testdata, with a line that says what was wrong)", file)
}

// read reads a file with a history.
func read(t *testing.T, file string) History {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ReadHistory(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A tally is of many histories.
type tally struct {
	mu             sync.Mutex
	took           []time.Duration
	writes, faults int
}

// add counts a history that has ended, and is how many have.
func (s *tally) add(e Ending) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took, s.writes, s.faults = append(s.took, e.Took), s.writes+e.Writes, s.faults+e.Faults
	return len(s.took)
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
			if e := Run(t, read(t, file), nil); len(e.Wrong) > 0 {
				t.Errorf("%s\n%s", strings.Join(e.Wrong, "\n"), e.Log)
			}
		})
	}
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
