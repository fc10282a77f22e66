package testbed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/wait"
)

// A Replica is one of several octagates that judge Services, one of which builds.
type Replica struct {
	*Octagate
	Config  string // its configuration file
	Webhook string // where it is asked, host:port

	world    *World
	endpoint *endpoint
}

// startReplicas starts as many octagates as the options want, behind one address to which
// the webhook configurations lead. Each has a configuration of its own, for its ports.
func (w *World) startReplicas(ctx context.Context, opts Options) error {
	var endpoints []*endpoint
	for i := range opts.Replicas {
		addresses, err := freeAddresses(3)
		if err != nil {
			return err
		}
		e := &endpoint{webhook: addresses[0], readyz: "http://" + addresses[2] + "/readyz"}
		r := &Replica{Config: filepath.Join(w.Dir, fmt.Sprintf("octagate-%d.yaml", i)), Webhook: addresses[0], world: w, endpoint: e}
		config := electing(configuration(w.name(opts), w.Cloud, addresses))
		if opts.Edit != nil {
			config = opts.Edit(config)
		}
		if err := os.WriteFile(r.Config, []byte(config), 0o600); err != nil {
			return fmt.Errorf("writing octagate.yaml: %w", err)
		}
		w.Replicas = append(w.Replicas, r)
		endpoints = append(endpoints, e)
	}
	var err error
	if w.service, err = listen(endpoints); err != nil {
		return err
	}
	if err := w.Cluster.Install(ctx, w.service.listener.Addr().String()); err != nil {
		return err
	}
	for _, r := range w.Replicas {
		if err := r.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// electing is a configuration for several replicas. A machine with much to do may keep
// everybody waiting for seconds, and no leader should end for that.
func electing(config string) string {
	return strings.NewReplacer(
		"lameDuck: 0s", "lameDuck: 1s",
		"leaderElection:\n  enabled: false\n", "leaderElection:\n  enabled: true\n  namespace: octagate-system\n  leaseDuration: 12s\n  renewDeadline: 9s\n  retryPeriod: 1s\n",
	).Replace(config)
}

// Start starts the replica with its configuration as it is now, and waits until it is ready
// and requests are sent to it.
func (r *Replica) Start(ctx context.Context) (err error) {
	if r.Octagate, err = r.world.run(ctx, r.Config); err != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, poll, true, func(context.Context) (bool, error) {
		return r.endpoint.ready.Load(), nil
	})
}

// Leads reports whether it is this replica that builds load balancers.
func (r *Replica) Leads(ctx context.Context) (bool, error) {
	is, err := metric(ctx, r.Config, "leader_election_master_status", `name="octagate.dev"`)
	return is == 1, err
}

// Metric is what the replica counts now, as World.Metric is.
func (r *Replica) Metric(ctx context.Context, name, label string) (float64, error) {
	return metric(ctx, r.Config, name, label)
}

// Certificate is what the replica shows whoever asks it now.
func (r *Replica) Certificate(ctx context.Context) (*x509.Certificate, error) {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // to see whatever there is
	connection, err := dialer.DialContext(ctx, "tcp", r.Webhook)
	if err != nil {
		return nil, fmt.Errorf("looking at the certificate of a replica: %w", err)
	}
	defer connection.Close()
	return connection.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// stopReplicas ends those that still run, and their address.
func (w *World) stopReplicas() error {
	var errs []error
	for _, r := range w.Replicas {
		if r.Octagate != nil {
			errs = append(errs, r.Stop())
		}
	}
	if w.service != nil {
		errs = append(errs, w.service.close())
	}
	return errors.Join(errs...)
}

// Log is everything that all octagates of the world have written since they started, and the
// connections that their common address has refused.
func (w *World) Log() string {
	if len(w.Replicas) == 0 {
		return w.Octagate.Log()
	}
	var all strings.Builder
	for i, r := range w.Replicas {
		fmt.Fprintf(&all, "replica %d:\n%s\n", i, r.Log())
	}
	fmt.Fprintf(&all, "connections that their address has refused:\n%s\n", w.service.log())
	return all.String()
}
