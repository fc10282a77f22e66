package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// serviceManifest is a Service as authors write them.
const serviceManifest = `apiVersion: v1
kind: Service
metadata:
  name: web-%d
  namespace: shop
  labels:
    app.kubernetes.io/name: web
  annotations:
    octagate.dev/timeout-client-data: 50s
    octagate.dev/connection-limit: "1000"
spec:
  type: LoadBalancer
  selector:
    app: web
  ports:
  - name: http
    port: 80
    targetPort: 8080
  - name: https
    port: 443
    targetPort: 8443
---
`

// configuration is what they are checked by.
const configuration = `apiVersion: octagate.dev/v1alpha1
kind: Configuration
clusterName: bench
neutron:
  podSubnet: e0a888ab-9915-4685-a600-bffe240dc58b
  serviceSubnet: d6438a81-22fa-4a88-9b05-c4723662ef36
  externalNetwork: 3b4eb25e-e103-491f-a640-a6246d588561
`

// inFile is how many Services a file has.
const inFile = 100

// check runs octagate check on a directory of manifests, as a process, from its start to
// its end.
func check(ctx context.Context, b *bench) error {
	dir := filepath.Join(b.dir, "check")
	config := filepath.Join(b.dir, "check.yaml")
	if err := errors.Join(manifestsIn(dir, b.size.checked), os.WriteFile(config, []byte(configuration), 0o600)); err != nil {
		return fmt.Errorf("writing manifests: %w", err)
	}
	var seconds, used []float64
	memory := 0.0
	for range max(1, b.size.turns/2) {
		cmd := exec.CommandContext(ctx, os.Getenv("OCTAGATE"), "check", "--config", config, dir)
		begun := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("octagate check: %w\n%.2000s", err, out)
		}
		seconds = append(seconds, time.Since(begun).Seconds())
		used = append(used, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		memory = max(memory, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/kib)
	}
	n := float64(b.size.checked)
	b.report.add("check", fmt.Sprintf("services=%d", b.size.checked),
		is(n/middle(seconds), "services/s"), is(middle(seconds), "s"), is(middle(used)/n*1e6, "cpu-µs/service"), is(memory*mib, "rss-MiB"))
	return nil
}

// manifestsIn writes so many Services into files of a new directory.
func manifestsIn(dir string, services int) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for first := 0; first < services; first += inFile {
		var text strings.Builder
		for i := first; i < min(first+inFile, services); i++ {
			fmt.Fprintf(&text, serviceManifest, i)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("services-%05d.yaml", first)), []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
