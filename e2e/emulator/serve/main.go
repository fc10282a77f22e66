// Command serve runs an emulated OpenStack on a loopback address until it is
// interrupted, so that octagate, gophercloud and the openstack client have a
// cloud to talk to. Its networks are one of the reference's layouts; its state is
// lost at the end. Below /emulator it serves the admin API, with which the cloud
// can be looked into and disturbed while it runs.
package main

import (
	"context"
	"errors"
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
	"github.com/octagate/octagate/e2e/emulator/admin"
)

func main() {
	f := parse(os.Args[1:])
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
	options, err := f.cloud()
	if err != nil {
		return err
	}
	cloud := emulator.New(options)
	nets := layouts[f.layout](cloud)
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
	return serve(ctx, l, admin.Handler(cloud))
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

To look into it and to disturb it: curl %s/emulator
`, url, file, file, nets.PodSubnet, nets.ServiceSubnet, nets.ExternalNetwork, nets.ExternalSubnet, url)
}

// serve answers until the context ends, then lets the calls in progress finish.
func serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
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
