// Package testbed is everything that stands around octagate in tests and in the
// demo: a Kubernetes control plane of real programs (etcd, kube-apiserver,
// kube-controller-manager), Pods without a kubelet, the OpenStack emulator, and
// octagate itself as a process.
//
// It listens on the loopback interface only, keeps every file in the directory it
// is given, and leaves no process behind, however the calling process ends. It
// needs a Unix: programs are tied to their caller by a FIFO and a shell.
package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const (
	// advertised is the API server's address in the endpoints of default/kubernetes.
	// EndpointSlices refuse loopback addresses, so it is one that nobody listens on.
	advertised = "192.168.1.2"

	poll  = 50 * time.Millisecond
	grace = 30 * time.Second
)

// A Cluster is a running Kubernetes control plane without nodes.
type Cluster struct {
	Config     *rest.Config  // of an administrator
	Client     client.Client // the same, with the types of client-go
	Kubeconfig string        // the file with the same, for kubectl

	dir         string
	leash       *leash
	plane       *envtest.ControlPlane
	controllers *process
	octagates   atomic.Int32
}

// StartCluster starts etcd and kube-apiserver, with kube-controller-manager for
// EndpointSlices, from the programs in $KUBEBUILDER_ASSETS. ClusterIPs are from the
// service range, such as 10.2.0.0/17. Everything they write is in dir: one log per
// program, and the kubeconfig.
func StartCluster(ctx context.Context, dir, serviceRange string) (*Cluster, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the directory of the cluster: %w", err)
	}
	leash, err := newLeash(dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, leash: leash}
	if err := c.start(ctx, serviceRange); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, serviceRange string) error {
	if err := c.startPlane(serviceRange); err != nil {
		return err
	}
	if err := c.connect(); err != nil {
		return err
	}
	if err := c.startControllers(); err != nil {
		return err
	}
	return c.awaitNamespace(ctx)
}

// startPlane starts etcd and kube-apiserver the way envtest does.
func (c *Cluster) startPlane(serviceRange string) error {
	etcd, err := c.asset("etcd")
	if err != nil {
		return err
	}
	server, err := c.asset("kube-apiserver")
	if err != nil {
		return err
	}
	certs := filepath.Join(c.dir, "certs")
	if err := os.Mkdir(certs, 0o700); err != nil {
		return fmt.Errorf("making the directory of the certificates: %w", err)
	}
	c.plane = &envtest.ControlPlane{
		Etcd: &envtest.Etcd{
			Path: etcd.path, DataDir: filepath.Join(c.dir, "etcd"),
			Out: etcd.log, Err: etcd.log, StartTimeout: time.Minute,
		},
		APIServer: &envtest.APIServer{
			Path: server.path, CertDir: certs,
			Out: server.log, Err: server.log, StartTimeout: time.Minute,
		},
	}
	c.plane.APIServer.Configure().
		Set("service-cluster-ip-range", serviceRange).
		Set("advertise-address", advertised)
	if err := c.audit(); err != nil {
		return err
	}
	if err := c.plane.Start(); err != nil {
		return fmt.Errorf("starting etcd and kube-apiserver (their logs are in %s): %w", c.dir, err)
	}
	return errors.Join(etcd.log.Close(), server.log.Close())
}

// connect makes an administrator: configuration, client and kubeconfig.
func (c *Cluster) connect() error {
	admin, err := c.plane.AddUser(
		envtest.User{Name: "admin", Groups: []string{"system:masters"}},
		&rest.Config{QPS: 1000, Burst: 2000},
	)
	if err != nil {
		return fmt.Errorf("making an administrator: %w", err)
	}
	kubeconfig, err := admin.KubeConfig()
	if err != nil {
		return fmt.Errorf("making the kubeconfig: %w", err)
	}
	c.Config, c.Kubeconfig = admin.Config(), filepath.Join(c.dir, "kubeconfig")
	if err := os.WriteFile(c.Kubeconfig, kubeconfig, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	c.Client, err = client.New(c.Config, client.Options{})
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return nil
}

// startControllers starts the two controllers that a Service needs: the one that
// turns Pods into EndpointSlices, and the one that looks after ServiceCIDRs.
func (c *Cluster) startControllers() error {
	p, err := c.asset("kube-controller-manager")
	if err != nil {
		return err
	}
	c.controllers, err = startProcess(p, nil,
		"--kubeconfig="+c.Kubeconfig,
		"--controllers=endpointslice-controller,service-cidr-controller",
		"--leader-elect=false",
		"--secure-port=0",
	)
	return err
}

// awaitNamespace waits for the namespace that everybody uses.
func (c *Cluster) awaitNamespace(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		return c.Client.Get(ctx, client.ObjectKey{Name: "default"}, &corev1.Namespace{}) == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the namespace default: %w", err)
	}
	return nil
}

// Stop ends the control plane, and whatever was started with it and still runs.
func (c *Cluster) Stop() error {
	var errs []error
	if c.controllers != nil {
		errs = append(errs, c.controllers.kill()) // it has nothing to put away, and heeds no signal
	}
	if c.plane != nil {
		errs = append(errs, c.plane.Stop())
	}
	return errors.Join(append(errs, c.leash.release())...)
}
