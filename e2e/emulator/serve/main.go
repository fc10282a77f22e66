// Command serve runs an emulated OpenStack on a loopback address until it is
// interrupted, so that octagate, gophercloud and the openstack client have a
// cloud to talk to. Its networks are the reference layout; its state is lost at
// the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
)

// flags are what the command line says.
type flags struct {
	listen     string
	pending    time.Duration
	cloudsYAML string
}

func main() {
	var f flags
	flag.StringVar(&f.listen, "listen", "127.0.0.1:9595", "loopback `address` to listen on")
	flag.DurationVar(&f.pending, "pending", 2*time.Second, "how long a load balancer stays PENDING_*")
	flag.StringVar(&f.cloudsYAML, "clouds-yaml", "", "`file` to write clouds.yaml to (default: in a new temporary directory)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags, out io.Writer) error {
	if err := loopback(f.listen); err != nil {
		return err
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	cloud := emulator.New(emulator.Options{Pending: f.pending})
	nets := cloud.LayTwoSubnets()
	file, tidy, err := place(f.cloudsYAML)
	if err != nil {
		return err
	}
	defer tidy()
	url := "http://" + l.Addr().String()
	if err := os.WriteFile(file, cloud.CloudsYAML(url), 0o600); err != nil {
		return err
	}
	explain(out, url, file, nets)
	return serve(ctx, l, cloud)
}

// loopback refuses an address that others could reach: the emulator has one
// password, and everybody knows it.
func loopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %s: want host:port, such as 127.0.0.1:9595", listen)
	}
	if a, err := netip.ParseAddr(host); err == nil && a.IsLoopback() || host == "localhost" {
		return nil
	}
	return fmt.Errorf("--listen %s: not a loopback address; the emulator is not safe on a network, use 127.0.0.1:9595", listen)
}

// place is the absolute path of clouds.yaml, and what removes it if nobody chose it.
func place(file string) (path string, tidy func(), err error) {
	if file != "" {
		path, err = filepath.Abs(file)
		return path, func() {}, err
	}
	dir, err := os.MkdirTemp("", "octagate-emulator-")
	return filepath.Join(dir, "clouds.yaml"), func() { os.RemoveAll(dir) }, err
}

func explain(out io.Writer, url, file string, nets emulator.Networks) {
	fmt.Fprintf(out, `An emulated OpenStack listens on %s (Ctrl-C ends it).

clouds.yaml is %s, with the clouds demo, admin and other:
  export OS_CLIENT_CONFIG_FILE=%s OS_CLOUD=demo

For octagate.yaml:
  neutron:
    podSubnet: %s
    serviceSubnet: %s
    externalNetwork: %s
    externalSubnet: %s
`, url, file, file, nets.PodSubnet, nets.ServiceSubnet, nets.ExternalNetwork, nets.ExternalSubnet)
}

// serve answers until the context ends, then lets the calls in progress finish.
func serve(ctx context.Context, l net.Listener, cloud *emulator.Cloud) error {
	server := &http.Server{Handler: cloud, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}
