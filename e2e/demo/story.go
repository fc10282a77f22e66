package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/octagate/octagate/e2e/testbed"
	"github.com/octagate/octagate/e2e/view"
)

const (
	ours  = "172.24.4.13" // the floating IP that the Service web gets
	spare = "172.24.4.20" // one that stays free
)

// A story is told in a world, on a screen, and counts what was as expected.
type story struct {
	out      *screen
	world    *testbed.World
	cloud    *view.Cloud
	outcomes int
	faults   []string // the titles of those scenes that were not as expected
}

// open starts the world of the story.
func open(ctx context.Context, out *screen, dir string) (*story, error) {
	out.line(out.paint(bold, "octagate: Kubernetes Services checked when they are applied, and made into OpenStack load balancers"))
	out.heading("Starting", "A real Kubernetes API server without nodes, and an OpenStack that keeps everything in memory.")
	if err := unpack(dir); err != nil {
		return nil, err
	}
	world, err := testbed.StartWorld(ctx, dir, testbed.Options{
		Pending:     time.Second,
		FloatingIPs: []string{ours, spare},
		Tell:        out.begin,
	})
	out.done()
	if err != nil {
		return nil, err
	}
	c, err := view.Dial(ctx, world.Cloud.File, world.Cloud.Name)
	if err != nil {
		return nil, errors.Join(err, world.Stop())
	}
	return &story{out: out, world: world, cloud: c}, nil
}

// tell plays all scenes, whatever becomes of each, and sums up.
func (s *story) tell(ctx context.Context) error {
	for i, scene := range scenes() {
		s.out.heading(fmt.Sprintf("%d. %s", i+1, scene.title), scene.text)
		err := scene.play(s, ctx)
		s.out.progressed()
		if ctx.Err() != nil {
			return errInterrupted
		}
		s.out.outcome(scene.expectation, err)
		s.count(scene.title, err)
	}
	return s.sum()
}

func (s *story) count(title string, err error) {
	s.outcomes++
	if err != nil {
		s.faults = append(s.faults, title)
	}
}

// sum is an error unless everything was as expected.
func (s *story) sum() error {
	s.out.line("")
	what := fmt.Sprintf("%d of %d outcomes as expected", s.outcomes-len(s.faults), s.outcomes)
	if len(s.faults) > 0 {
		s.out.line(s.out.paint(red, what))
		return fmt.Errorf("not as expected: %s", strings.Join(s.faults, "; "))
	}
	s.out.line(s.out.paint(green, what))
	return nil
}

// invite says how to look around in a second terminal.
func (s *story) invite() {
	s.out.line("\nEverything stays up. To look around in a second terminal:")
	s.out.block(bold, fmt.Sprintf(`
export KUBECONFIG=%s
export OS_CLIENT_CONFIG_FILE=%s OS_CLOUD=demo`, s.world.Cluster.Kubeconfig, s.world.Cloud.File))
	s.out.line("and for example:")
	s.out.block("", `
kubectl apply -f e2e/demo/examples/bad-spelling.yaml
kubectl get events
openstack loadbalancer list`)
	s.out.line(fmt.Sprintf("Logs and configuration are in %s.", s.world.Dir))
	s.out.line("\nCtrl-C to stop")
}

// kubectl runs a command, as it is shown, and shows what it prints.
func (s *story) kubectl(ctx context.Context, args ...string) (testbed.Output, error) {
	s.out.command(append([]string{"kubectl"}, args...)...)
	printed, err := s.world.Cluster.Kubectl(ctx, "", args...)
	if err != nil {
		return printed, err
	}
	s.out.block("", printed.Stderr+printed.Stdout)
	return printed, nil
}

// patience is how long anything may take.
const patience = time.Minute

// await looks again and again, showing the progress, until it is done.
func (s *story) await(ctx context.Context, look func(context.Context) (progress string, done bool, err error)) error {
	began, last := time.Now(), ""
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		progress, done, err := look(ctx)
		if err != nil {
			return false, err
		}
		s.out.progress(progress, began)
		last = progress
		return done, nil
	})
	s.out.progressed()
	if err != nil {
		return fmt.Errorf("waited %s for it, and had: %s: %w", elapsed(began), last, err)
	}
	return nil
}
