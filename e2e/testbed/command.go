package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Command runs octagate with a command other than run, with the rights that ship. An exit
// code other than 0 is no error; not being able to run it is.
func (w *World) Command(ctx context.Context, args ...string) (Output, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), args...)
	env := []string{"KUBECONFIG=" + w.Cluster.ownKubeconfig(), "OS_CLIENT_CONFIG_FILE=" + w.Cloud.File}
	cmd.Dir, cmd.Env = w.Dir, append(cleanEnviron(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (ctx.Err() != nil || !errors.As(err, &exit)) {
		return Output{}, fmt.Errorf("running octagate %s: %w", strings.Join(args, " "), err)
	}
	return Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}, nil
}
