package session

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Interrupted is the exit code of tests that somebody asked to stop.
const Interrupted = 130

// UntilInterrupted is done once somebody asks the tests to stop, so that they can first
// remove what they made. Whoever asks a second time ends them at once.
func UntilInterrupted() context.Context {
	// Whoever read our output may have ended with the same Ctrl-C. Writing must not kill
	// us then, neither now nor later.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	asked, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, end := context.WithCancel(asked)
	go func() {
		for range pipes {
			if unheard(os.Stdout) || unheard(os.Stderr) { // else it was a connection that somebody closed
				end()
			}
		}
	}()
	context.AfterFunc(ctx, stop)
	return ctx
}

// unheard reports whether a file is a pipe that nobody reads any more.
func unheard(f *os.File) bool {
	about := []unix.PollFd{{Fd: int32(f.Fd())}}
	n, err := unix.Poll(about, 0)
	return err == nil && n == 1 && about[0].Revents&unix.POLLERR != 0
}
