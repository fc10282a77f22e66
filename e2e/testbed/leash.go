package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A leash ends programs together with this process, even if it is killed: each is
// started by a script that also waits for the end of a FIFO which only this process
// holds open. A parent-death signal would be less, as envtest starts its own programs.
type leash struct {
	dir  string
	held *os.File
}

// script is a program on the leash. The process group is killed, not the process: its
// number cannot have been given to somebody else while the waiting shell is in it.
// envtest asks each program for its --help first, outside a process group of its own.
const script = `#!/bin/sh
case "$1" in --help) exec PROGRAM "$@" ;; esac
(read -r _ <LEASH; kill -9 0) >/dev/null 2>&1 &
exec PROGRAM "$@"
`

func newLeash(dir string) (*leash, error) {
	l := &leash{dir: filepath.Join(dir, "leash")}
	if err := os.Mkdir(l.dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the leash (each cluster needs a directory of its own): %w", err)
	}
	if err := syscall.Mkfifo(l.fifo(), 0o600); err != nil {
		return nil, fmt.Errorf("making the leash %s: %w", l.fifo(), err)
	}
	held, err := os.OpenFile(l.fifo(), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("holding the leash: %w", err)
	}
	l.held = held
	return l, nil
}

func (l *leash) fifo() string { return filepath.Join(l.dir, "held") }

// tie returns the path of a script that runs the program on the leash. It has to be
// started as the leader of a process group.
func (l *leash) tie(name, program string) (string, error) {
	path := filepath.Join(l.dir, name)
	text := strings.NewReplacer("PROGRAM", quote(program), "LEASH", quote(l.fifo())).Replace(script)
	// A child that is forked while the file is open for writing would keep it so, and
	// the kernel refuses to run such a file.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		return "", fmt.Errorf("tying %s to the leash: %w", name, err)
	}
	return path, nil
}

// release ends what is still on the leash.
func (l *leash) release() error {
	if err := l.held.Close(); err != nil {
		return fmt.Errorf("releasing the leash: %w", err)
	}
	return nil
}

// quote writes a path as a word of the shell.
func quote(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
