package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// A program is one that is on the leash but not yet started, with its log.
type program struct {
	path string
	log  *os.File
}

// program puts the program at a path on the leash.
func (c *Cluster) program(name, path string) (program, error) {
	tied, err := c.leash.tie(name, path)
	if err != nil {
		return program{}, err
	}
	log, err := os.Create(filepath.Join(c.dir, name+".log"))
	if err != nil {
		return program{}, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	return program{path: tied, log: log}, nil
}

// A process is a running program, with its process group and its log.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it has ended
	exit  error         // how it ended, once it has
	asked atomic.Bool   // whether we sent a signal
}

// startProcess starts a program with these variables added to the environment.
func startProcess(p program, env []string, args ...string) (*process, error) {
	cmd := exec.Command(p.path, args...)
	cmd.Env = append(cleanEnviron(), env...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	name := filepath.Base(p.path)
	if err := errors.Join(cmd.Start(), p.log.Close()); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	started := &process{name: name, cmd: cmd, log: p.log.Name(), ended: make(chan struct{})}
	go func() {
		started.exit = cmd.Wait()
		close(started.ended)
	}()
	return started, nil
}

// cleanEnviron is our environment without what would lead to another cluster or cloud.
func cleanEnviron() []string {
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "OS_") && !strings.HasPrefix(variable, "KUBECONFIG=") {
			env = append(env, variable)
		}
	}
	return env
}

// stop asks the process to end and kills it if it does not within the time given. One
// that ended without being asked, or ends badly, is an error.
func (p *process) stop(within time.Duration) error {
	if p.hasEnded() {
		return p.unasked()
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		if p.exit != nil {
			return p.failure("did not end cleanly")
		}
		return nil
	case <-time.After(within):
		return errors.Join(p.failure(fmt.Sprintf("did not end within %v", within)), p.kill())
	}
}

// kill ends the process without waiting for what it may have to say. One that ended
// without being asked is an error.
func (p *process) kill() error {
	if p.hasEnded() {
		return p.unasked()
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	return nil
}

// signal reaches the whole process group; one that is gone already is no error.
func (p *process) signal(s syscall.Signal) error {
	p.asked.Store(true)
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %s %v: %w", p.name, s, err)
	}
	return nil
}

// unasked is an error if the process ended although nobody sent it a signal.
func (p *process) unasked() error {
	if p.asked.Load() {
		return nil
	}
	return p.failure("ended by itself")
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// failure tells what happened, with the end of the log.
func (p *process) failure(what string) error {
	if p.hasEnded() && p.exit != nil {
		what += fmt.Sprintf(" (%v)", p.exit)
	}
	return fmt.Errorf("%s %s; its log %s ends with:\n%s", p.name, what, p.log, p.lastLines(15))
}

func (p *process) lastLines(n int) string {
	lines := strings.Split(strings.TrimRight(p.output(), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// output is everything the process has written.
func (p *process) output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
