package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Output is what a command left: its two streams and its exit code.
type Output struct {
	Stdout, Stderr string
	Code           int
}

// Kubectl runs kubectl in the directory of the cluster, with its kubeconfig and none
// of the user's own settings. An exit code other than 0 is no error; not being able to
// run kubectl is.
func (c *Cluster) Kubectl(ctx context.Context, stdin string, args ...string) (Output, error) {
	path, err := kubectl()
	if err != nil {
		return Output{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = c.dir
	cmd.Env = append(cleanEnviron(), "KUBECONFIG="+c.Kubeconfig, "KUBECACHEDIR="+filepath.Join(c.dir, "kubectl"), "KUBERC=off")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (ctx.Err() != nil || !errors.As(err, &exit)) {
		return Output{}, fmt.Errorf("running kubectl %s: %w", strings.Join(args, " "), err)
	}
	return Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}, nil
}
