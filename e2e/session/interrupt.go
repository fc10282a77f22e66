package session

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interrupted is the exit code of tests that somebody asked to stop.
const Interrupted = 130

// UntilInterrupted is done once somebody asks the tests to stop, so that they can first
// remove what they made. Whoever asks a second time ends them at once.
func UntilInterrupted() context.Context {
	// Whoever read our output may have ended with the same Ctrl-C. Writing must not kill
	// us then, neither now nor later.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	context.AfterFunc(ctx, stop)
	return ctx
}
