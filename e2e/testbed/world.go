package testbed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/session"
)

// binaryVariable is the environment variable that names the octagate to run.
const binaryVariable = "OCTAGATE"

// A World is a cluster, a cloud, and octagate between them.
type World struct {
	Cluster  *Cluster
	Cloud    *Cloud
	Dir      string     // with every file: clouds.yaml, octagate.yaml, logs
	Octagate *Octagate  // nil: there are Replicas
	Replicas []*Replica // behind one address

	service *address
	used    *Usage
}

// Options are what a World may have otherwise. The zero value is the usual World.
type Options struct {
	Real        *session.Real              // a real cloud, instead of the emulator
	Pending     time.Duration              // how long the emulator is busy with a change; 0 is half a second
	Emulated    emulator.Options           // what else the emulator is; the zero value is the usual one
	Layout      networks.Layout            // of the cluster's networks; zero: two subnets
	FloatingIPs []string                   // that the user has; a cloud without administrator chooses others
	Name        string                     // of the cluster; empty: demo; in a real cloud, where others may have that, the run's
	Edit        func(config string) string // changes octagate.yaml before it is written
	Replicas    int                        // how many octagates there are behind one address; 0: one without
	Used        *Usage                     // learns what octagate asked of the API server
	Tell        func(step string)          // hears what is being started
}

// StartWorld starts everything and returns when octagate demonstrably judges Services:
// the webhooks ship with failurePolicy Ignore, so that a Service sent too early would
// pass unseen. The octagate that runs is the one that $OCTAGATE names.
func StartWorld(ctx context.Context, dir string, opts Options) (*World, error) {
	w := &World{Dir: dir, used: opts.Used}
	if err := w.start(ctx, opts); err != nil {
		return nil, errors.Join(err, w.End())
	}
	return w, nil
}

func (w *World) start(ctx context.Context, opts Options) error {
	tell := opts.Tell
	if tell == nil {
		tell = func(string) {}
	}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of the world: %w", err)
	}
	tell("OpenStack")
	cloud, err := startCloud(ctx, w.Dir, opts)
	if err != nil {
		return err
	}
	w.Cloud = cloud
	tell("etcd, kube-apiserver and kube-controller-manager")
	cluster, err := StartCluster(ctx, w.Dir, cloud.Networks.ServiceRange)
	if err != nil {
		return err
	}
	w.Cluster = cluster
	tell("octagate")
	begin := w.startOctagate
	if opts.Replicas > 0 {
		begin = w.startReplicas
	}
	if err := begin(ctx, opts); err != nil {
		return err
	}
	return cluster.AwaitArmed(ctx)
}

// ConfigFile is the path of octagate.yaml.
func (w *World) ConfigFile() string { return filepath.Join(w.Dir, "octagate.yaml") }

func (w *World) startOctagate(ctx context.Context, opts Options) error {
	addresses, err := freeAddresses(3)
	if err != nil {
		return err
	}
	config := configuration(w.name(opts), w.Cloud, addresses)
	if opts.Edit != nil {
		config = opts.Edit(config)
	}
	if err := os.WriteFile(w.ConfigFile(), []byte(config), 0o600); err != nil {
		return fmt.Errorf("writing octagate.yaml: %w", err)
	}
	if err := w.Cluster.Install(ctx, addresses[0]); err != nil {
		return err
	}
	return w.RestartOctagate(ctx)
}

// name is what octagate calls the cluster, in the cloud too.
func (w *World) name(opts Options) string {
	if opts.Real != nil {
		return w.Cloud.Networks.Run
	}
	return cmp.Or(opts.Name, "demo")
}

// RestartOctagate starts octagate with the configuration file as it is now, after a
// Stop or a Kill.
func (w *World) RestartOctagate(ctx context.Context) error {
	octagate, err := w.run(ctx, w.ConfigFile())
	if err != nil {
		return err
	}
	w.Octagate = octagate
	return nil
}

// run starts an octagate.
func (w *World) run(ctx context.Context, config string) (*Octagate, error) {
	binary := os.Getenv(binaryVariable)
	if binary == "" {
		return nil, errors.New(binaryVariable + " is not set: `make build` builds octagate as bin/octagate; name that file")
	}
	env := []string{"OS_CLIENT_CONFIG_FILE=" + w.Cloud.File, "OS_CLOUD=" + w.Cloud.Name}
	return w.Cluster.StartOctagate(ctx, binary, config, env)
}

// Stop ends everything, octagate first. What is in a real cloud stays: see End.
func (w *World) Stop() error {
	err := w.stopCluster()
	if w.Cloud != nil {
		err = errors.Join(err, w.Cloud.Stop())
	}
	return err
}

// End ends everything and clears the cloud, once nobody is left who would make anything in
// it. It may take minutes, and takes no context: what is made for real has to go.
func (w *World) End() error {
	err := w.stopCluster()
	if w.Cloud != nil {
		ctx, cancel := context.WithTimeout(context.Background(), clearing)
		defer cancel()
		err = errors.Join(err, w.Cloud.Clear(ctx), w.Cloud.Stop())
	}
	return err
}

func (w *World) stopCluster() error {
	var errs []error
	if w.Octagate != nil {
		errs = append(errs, w.Octagate.Stop())
	}
	errs = append(errs, w.stopReplicas())
	if w.Cluster != nil {
		errs = append(errs, w.Cluster.Stop())
		if w.used != nil {
			errs = append(errs, w.used.read(w.Cluster.auditLog()))
		}
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
