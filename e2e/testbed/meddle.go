package testbed

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// ErrNobodyMeddles is the answer of real clouds that only do what they like.
var ErrNobodyMeddles = errors.New("nobody can make this cloud fail: name a program by OCTAGATE_E2E_OCTAVIA")

// FailBuilds makes load balancers that are created from now on end in ERROR, or has
// them built again.
func (c *Cloud) FailBuilds(ctx context.Context, on bool) error {
	if c.Emulator != nil {
		c.Emulator.FailBuilds(on)
		return nil
	}
	if on {
		return c.meddle(ctx, "fail-builds")
	}
	return c.meddle(ctx, "build-again")
}

// Break puts a load balancer into ERROR, as an amphora does that dies.
func (c *Cloud) Break(ctx context.Context, loadBalancer string) error {
	if c.Emulator != nil {
		c.Emulator.Break(loadBalancer)
		return nil
	}
	return c.meddle(ctx, "break", loadBalancer)
}

// meddle has the program for it do something to a real Octavia.
func (c *Cloud) meddle(ctx context.Context, words ...string) error {
	if c.octavia == "" {
		return ErrNobodyMeddles
	}
	if said, err := exec.CommandContext(ctx, c.octavia, words...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %q: %w: %s", c.octavia, words, err, said)
	}
	return nil
}
