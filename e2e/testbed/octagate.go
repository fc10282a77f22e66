package testbed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"
)

// An Octagate is `octagate run` as a process.
type Octagate struct{ process *process }

// StartOctagate runs the binary with a configuration file and waits until it says that
// it is ready. An octagate that ends before is an error with the end of its log. env is
// added to the environment; KUBECONFIG leads to the cluster, with the rights that ship.
func (c *Cluster) StartOctagate(ctx context.Context, binary, config string, env []string) (*Octagate, error) {
	health, err := healthAddress(config)
	if err != nil {
		return nil, err
	}
	program, err := c.octagate(binary)
	if err != nil {
		return nil, err
	}
	p, err := startProcess(program, append([]string{"KUBECONFIG=" + c.ownKubeconfig()}, env...), "run", "--config", config)
	if err != nil {
		return nil, err
	}
	if err := p.awaitReady(ctx, "http://"+health+"/readyz"); err != nil {
		if !p.hasEnded() {
			err = errors.Join(err, p.kill())
		}
		return nil, err
	}
	return &Octagate{process: p}, nil
}

// healthAddress reads from a configuration file where octagate tells its health.
func healthAddress(config string) (string, error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return "", fmt.Errorf("reading octagate's configuration: %w", err)
	}
	var c struct {
		Health struct {
			BindAddress string `json:"bindAddress"`
		} `json:"health"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		return "", fmt.Errorf("reading octagate's configuration %s: %w", config, err)
	}
	if c.Health.BindAddress == "" {
		return "", fmt.Errorf("%s has no health.bindAddress, which is needed to know when octagate is ready", config)
	}
	return c.Health.BindAddress, nil
}

// octagate puts the binary on the leash, each time under another name and log.
func (c *Cluster) octagate(binary string) (program, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return program{}, fmt.Errorf("finding %s: %w", binary, err)
	}
	if _, err := os.Stat(path); err != nil {
		return program{}, fmt.Errorf("finding octagate, which `make build` builds: %w", err)
	}
	return c.program(fmt.Sprintf("octagate-%d", c.octagates.Add(1)), path)
}

// awaitReady polls the address until it answers 200 or the process has ended.
func (p *process) awaitReady(ctx context.Context, url string) error {
	client := &http.Client{Timeout: time.Second}
	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		return p.hasEnded() || answers(ctx, client, url), nil
	})
	switch {
	case p.hasEnded():
		return p.failure("ended before it was ready")
	case err != nil:
		return fmt.Errorf("waiting for %s: %w: %w", url, err, p.failure("is not ready"))
	}
	return nil
}

// answers reports whether a GET is answered with 200.
func answers(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// Stop asks octagate to end. One that needs more than 30 s is killed, which is an error.
func (o *Octagate) Stop() error { return o.process.stop(grace) }

// Kill ends octagate as a crash would.
func (o *Octagate) Kill() error { return o.process.kill() }

// Running reports whether octagate has not ended yet, in whatever way.
func (o *Octagate) Running() bool { return !o.process.hasEnded() }

// PID is the number of octagate's process.
func (o *Octagate) PID() int { return o.process.cmd.Process.Pid }

// Log is everything octagate has written so far.
func (o *Octagate) Log() string { return o.process.output() }
