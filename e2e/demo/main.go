// Command demo tells the story of octagate on a terminal: it starts a real
// Kubernetes API server, an emulated OpenStack and octagate, applies good and bad
// Services, and shows what each of the three makes of them.
//
// It is a test as well: every outcome is compared with the expected one, and with
// --once the exit code says whether all were as expected. Everything it starts ends
// with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	once := flag.Bool("once", false, "end after the story, instead of staying up until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once
	if err := run(ctx, *once); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run tells the story in a directory of its own, which stays only if something was
// not as expected.
func run(ctx context.Context, once bool) error {
	dir, err := os.MkdirTemp("", "octagate-demo-")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	err = tell(ctx, newScreen(os.Stdout), dir, once)
	if err != nil && !errors.Is(err, errInterrupted) {
		return fmt.Errorf("%w\nlogs and configuration: %s", err, dir)
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// errInterrupted is Ctrl-C before the story ended.
var errInterrupted = errors.New("interrupted")

// tell starts the world, tells the story and ends the world.
func tell(ctx context.Context, out *screen, dir string, once bool) error {
	s, err := open(ctx, out, dir)
	if err != nil {
		return interrupted(ctx, err)
	}
	err = s.tell(ctx)
	if !once && ctx.Err() == nil {
		s.invite()
		<-ctx.Done()
	} else if err != nil {
		err = interrupted(ctx, err)
	}
	out.line("\nstopping")
	return errors.Join(err, s.world.Stop())
}

// interrupted is the error unless Ctrl-C is what caused it.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}
