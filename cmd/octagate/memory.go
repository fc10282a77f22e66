package main

import (
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-logr/logr"
)

// share is how much of a container's memory is Go's before it collects more often rather
// than take more: above the limit the kernel ends the process. Pages of the program are
// read again if need be; the rest is the kernel's, for connections. Outside of containers
// there is no limit, and GOMEMLIMIT goes before ours.
const share = 0.8

// garbage is how much of it there may be before it is collected, in percent of what is in
// use. With Go's own 100, what nobody needs any more is most of what many Services take of
// memory. GOGC goes before ours.
const garbage = 30

// thrifty has Go take less memory than it would.
func thrifty(log logr.Logger) {
	memlimit.Set(memlimit.WithRatio(share), memlimit.WithLogger(slog.New(logr.ToSlogHandler(log))))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}
