package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
)

// binaryVariable is the environment variable that names the octagate to run.
const binaryVariable = "OCTAGATE"

// A World is a cluster, a cloud, and octagate between them.
type World struct {
	Cluster  *Cluster
	Cloud    *emulator.Cloud
	CloudURL string
	Networks emulator.Networks // laid out as two subnets
	Dir      string            // with every file: clouds.yaml, octagate.yaml, logs
	Octagate *Octagate

	server *http.Server
}

// Options are what a World may have otherwise. The zero value is the usual World.
type Options struct {
	Pending time.Duration                            // how long Octavia is busy with a change; 0 is half a second
	Prepare func(*emulator.Cloud, emulator.Networks) // fills the cloud before octagate sees it
	Edit    func(config string) string               // changes octagate.yaml before it is written
	Tell    func(step string)                        // hears what is being started
}

// StartWorld starts everything and returns when octagate demonstrably judges Services:
// the webhooks ship with failurePolicy Ignore, so that a Service sent too early would
// pass unseen. The octagate that runs is the one that $OCTAGATE names.
func StartWorld(ctx context.Context, dir string, opts Options) (*World, error) {
	w := &World{Dir: dir}
	if err := w.start(ctx, opts); err != nil {
		return nil, errors.Join(err, w.Stop())
	}
	return w, nil
}

func (w *World) start(ctx context.Context, opts Options) error {
	tell := opts.Tell
	if tell == nil {
		tell = func(string) {}
	}
	tell("the OpenStack emulator")
	if err := w.startCloud(opts); err != nil {
		return err
	}
	tell("etcd, kube-apiserver and kube-controller-manager")
	cluster, err := StartCluster(ctx, w.Dir)
	if err != nil {
		return err
	}
	w.Cluster = cluster
	tell("octagate")
	if err := w.startOctagate(ctx, opts.Edit); err != nil {
		return err
	}
	return cluster.AwaitArmed(ctx)
}

// startCloud serves the emulator with the two subnets of the reference.
func (w *World) startCloud(opts Options) error {
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of the world: %w", err)
	}
	pending := opts.Pending
	if pending == 0 {
		pending = 500 * time.Millisecond
	}
	w.Cloud = emulator.New(emulator.Options{Pending: pending})
	w.Networks = w.Cloud.LayTwoSubnets()
	if opts.Prepare != nil {
		opts.Prepare(w.Cloud, w.Networks)
	}
	return w.serveCloud()
}

func (w *World) serveCloud() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the emulator: %w", err)
	}
	w.CloudURL = "http://" + listener.Addr().String()
	w.server = &http.Server{Handler: w.Cloud}
	go w.server.Serve(listener)
	if err := os.WriteFile(w.CloudsFile(), w.Cloud.CloudsYAML(w.CloudURL), 0o600); err != nil {
		return fmt.Errorf("writing clouds.yaml: %w", err)
	}
	return nil
}

// CloudsFile is the path of clouds.yaml; the cloud's name in it is demo.
func (w *World) CloudsFile() string { return filepath.Join(w.Dir, "clouds.yaml") }

// ConfigFile is the path of octagate.yaml.
func (w *World) ConfigFile() string { return filepath.Join(w.Dir, "octagate.yaml") }

func (w *World) startOctagate(ctx context.Context, edit func(string) string) error {
	addresses, err := freeAddresses(3)
	if err != nil {
		return err
	}
	config := configuration(w.Networks, addresses[0], addresses[1], addresses[2])
	if edit != nil {
		config = edit(config)
	}
	if err := os.WriteFile(w.ConfigFile(), []byte(config), 0o600); err != nil {
		return fmt.Errorf("writing octagate.yaml: %w", err)
	}
	if err := w.Cluster.InstallWebhooks(ctx, addresses[0]); err != nil {
		return err
	}
	return w.RestartOctagate(ctx)
}

// RestartOctagate starts octagate with the configuration file as it is now, after a
// Stop or a Kill.
func (w *World) RestartOctagate(ctx context.Context) error {
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		return errors.New(binaryVariable + " is not set: `make build` builds octagate as bin/octagate; name that file")
	}
	env := []string{"OS_CLIENT_CONFIG_FILE=" + w.CloudsFile(), "OS_CLOUD=demo"}
	octagate, err := w.Cluster.StartOctagate(ctx, binary, w.ConfigFile(), env)
	if err != nil {
		return err
	}
	w.Octagate = octagate
	return nil
}

// Stop ends everything, octagate first.
func (w *World) Stop() error {
	var errs []error
	if w.Octagate != nil {
		errs = append(errs, w.Octagate.Stop())
	}
	if w.Cluster != nil {
		errs = append(errs, w.Cluster.Stop())
	}
	if w.server != nil {
		errs = append(errs, w.server.Close())
	}
	return errors.Join(errs...)
}

// freeAddresses are loopback addresses that nobody listens on at the moment.
func freeAddresses(n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("choosing a free port: %w", err)
		}
		defer listener.Close() // not before the next is chosen
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
