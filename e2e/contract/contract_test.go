// Package contract says what octagate relies on when it speaks to OpenStack, and
// holds every cloud to it: the emulator always, corrected and with the faults of
// Octavia 11.0.0 as packaged; and, unchanged, the real cloud that the environment
// names (see fromEnvironment). The calls are plain ones: octagate's own client has no part in it.
//
// Tests run beside each other and beside strangers in the same project: each has
// addresses, names and tags of its own. Only those that stop a cloud's worker run
// alone: they are not parallel, and go first. On a real cloud alone, with time enough:
//
//	OCTAGATE_E2E_CLOUD=… go test -count=1 -v -timeout 30m -run /real ./e2e/contract
//
// 30 minutes are several times what it takes, and with reason: a test binary that go
// test ends for its time cannot clean up. What it leaves has the name of the run.
package contract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/octagate/octagate/e2e/session"
)

// clouds are what the contract is held on; nothing changes them once tests run.
var clouds []*cloud

// interrupted is done once somebody asks the tests to stop. Each ends at its next call
// and cleans up after itself; then the clouds are left, as always.
var interrupted context.Context

// patience is how long it may take to come to the clouds, and to leave them.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	interrupted = session.UntilInterrupted()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		code = 1
	}
	if interrupted.Err() != nil {
		fmt.Fprintln(os.Stderr, "contract: interrupted; what could not be removed is named above")
		code = session.Interrupted
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(interrupted, patience)
	defer cancel()
	defer func() { err = errors.Join(err, leave()) }()
	for _, open := range []func(context.Context) (*cloud, error){corrected, packaged, fromEnvironment} {
		c, err := open(ctx)
		if err != nil {
			return 1, err
		}
		if c != nil {
			clouds = append(clouds, c)
		}
	}
	introduce()
	return m.Run(), nil
}

// introduce says which clouds answer this time.
func introduce() {
	var names []string
	for _, c := range clouds {
		names = append(names, c.title)
	}
	fmt.Println("contract: held on", strings.Join(names, ", "))
}

// leave takes back what the suite put into the clouds. It is an error if tests left
// anything behind, and told if they left anything out.
func leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var errs []error
	for _, c := range clouds {
		for _, claim := range c.skipped {
			fmt.Printf("contract: NOT HELD on %s: %s\n", c.title, claim)
		}
		if err := c.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.title, err))
		}
	}
	return errors.Join(errs...)
}

// everywhere tries a claim on every cloud at once.
func everywhere(t *testing.T, claim func(trial)) {
	t.Helper()
	t.Parallel()
	for _, c := range clouds {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			claim(c.try(t))
		})
	}
}

// alone tries a claim on every cloud at once, but no other test meanwhile: it needs
// what a cloud's worker can be made to do.
func alone(t *testing.T, claim func(trial)) {
	t.Helper()
	for _, c := range clouds {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := c.try(t)
			if c.worker == nil {
				x.skip("nobody here can stop Octavia's worker: name a program by OCTAGATE_E2E_OCTAVIA")
			}
			claim(x)
		})
	}
}
