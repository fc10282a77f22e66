package install

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/octagate/octagate/e2e/testbed"
)

// nobody is the user of the image.
const nobody = 65532

// octagate runs with nothing around it but what the image has, which is itself, and what is
// mounted into it; as nobody, who may write nothing there.
func TestTheImage(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: only root can take everything else away from a program")
	}
	world, err := testbed.StartWorld(t.Context(), t.TempDir(), testbed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.End(); err != nil {
			t.Error(err)
		}
	})
	if err := world.Octagate.Stop(); err != nil {
		t.Fatal(err)
	}
	root := image(t)
	for mounted, from := range map[string]string{
		"octagate.yaml": world.ConfigFile(), "clouds.yaml": world.Cloud.File, "kubeconfig": filepath.Join(world.Dir, "octagate-kubeconfig"),
	} {
		place(t, from, filepath.Join(root, mounted), 0o444)
	}
	end := contained(t, root, "run", "--config=/octagate.yaml", "--set=openstack.cloud="+world.Cloud.Name)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	judges := world.Cluster.AwaitArmed(ctx)
	if said, err := end(); err != nil || judges != nil {
		t.Errorf("%v, %v: %s", judges, err, said)
	}
}

// image is a directory with the files that the Dockerfile copies.
func image(t *testing.T) string {
	t.Helper()
	dockerfile, err := os.ReadFile(filepath.Join("..", "..", "manifests", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(dockerfile), "\nFROM scratch\n") || !strings.Contains(string(dockerfile), "\nUSER 65532:65532\n") {
		t.Errorf("this is not the image that is tested here:\n%s", dockerfile)
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(dockerfile)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "COPY" && words[1] == "octagate" {
			place(t, os.Getenv("OCTAGATE"), filepath.Join(root, words[2]), 0o555)
		} else if len(words) > 0 && (words[0] == "COPY" || words[0] == "ADD" || words[0] == "RUN") {
			t.Errorf("nobody knows here how to %s", line)
		}
	}
	return root
}

func place(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// contained starts octagate with a directory for its root. What is returned asks it to end,
// and says what it had to say.
func contained(t *testing.T, root string, args ...string) (end func() (string, error)) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/octagate", args...)
	cmd.Dir, cmd.Env = "/", []string{"KUBECONFIG=/kubeconfig", "OS_CLIENT_CONFIG_FILE=/clouds.yaml"}
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Pdeathsig: syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() (string, error) {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return said.String(), err
		}
		err := cmd.Wait()
		return said.String(), err
	}
}
