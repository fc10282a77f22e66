package contract

import (
	"fmt"
	"os/exec"

	"github.com/octagate/octagate/e2e/emulator"
)

// A worker is the part of Octavia that does the work, in the hands of a test.
type worker interface {
	hold() error
	release() error
	failBuilds(bool) error
	// breaks puts a load balancer into ERROR, also one that hangs: only somebody with
	// access to Octavia's database can.
	breaks(loadBalancer string) error
}

type emulatedWorker struct{ cloud *emulator.Cloud }

func (w emulatedWorker) hold() error              { w.cloud.Hold(); return nil }
func (w emulatedWorker) release() error           { w.cloud.Release(); return nil }
func (w emulatedWorker) failBuilds(on bool) error { w.cloud.FailBuilds(on); return nil }
func (w emulatedWorker) breaks(loadBalancer string) error {
	w.cloud.Break(loadBalancer)
	return nil
}

// A realWorker is the path of a program that knows how to do it.
type realWorker string

func (w realWorker) hold() error    { return w.do("hold") }
func (w realWorker) release() error { return w.do("release") }

func (w realWorker) failBuilds(on bool) error {
	if on {
		return w.do("fail-builds")
	}
	return w.do("build-again")
}

func (w realWorker) breaks(loadBalancer string) error { return w.do("break", loadBalancer) }

func (w realWorker) do(what ...string) error {
	if out, err := exec.Command(string(w), what...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %q: %w: %s", w, what, err, out)
	}
	return nil
}

// held does something while nothing that is pending can settle. It is for tests that
// run alone.
func (x trial) held(do func()) {
	x.Helper()
	x.no(x.worker.hold())
	defer func() { x.no(x.worker.release()) }()
	do()
}

// failing does something while whatever is to be built fails.
func (x trial) failing(do func()) {
	x.Helper()
	x.no(x.worker.failBuilds(true))
	defer func() { x.no(x.worker.failBuilds(false)) }()
	do()
}
