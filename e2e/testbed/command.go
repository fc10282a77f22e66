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
	return w.command(ctx, w.Cluster.ownKubeconfig(), args)
}

// OperatorCommand is the same with the rights of an operator.
func (w *World) OperatorCommand(ctx context.Context, args ...string) (Output, error) {
	return w.command(ctx, w.Cluster.Kubeconfig, args)
}

func (w *World) command(ctx context.Context, kubeconfig string, args []string) (Output, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), args...)
	env := []string{"KUBECONFIG=" + kubeconfig, "OS_CLIENT_CONFIG_FILE=" + w.Cloud.File}
	cmd.Dir, cmd.Env = w.Dir, append(cleanEnviron(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && (ctx.Err() != nil || !errors.As(err, &exit)) {
		return Output{}, fmt.Errorf("running octagate %s: %w", strings.Join(args, " "), err)
	}
	return Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}, nil
}
