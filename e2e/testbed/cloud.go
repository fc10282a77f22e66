package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/view"
)

// A Cloud is the OpenStack of a World, with the networks of a cluster in it.
type Cloud struct {
	File, Name  string          // clouds.yaml and the project in it
	Emulator    *emulator.Cloud // nil: it is a real cloud
	Networks    *networks.Networks
	FloatingIPs []string // that the user made, and that are free

	before  []string // what was there before us
	octavia string   // a program that meddles with a real Octavia; empty: there is none
	server  *http.Server
}

// clearing is how long it may take to clear a cloud. Real load balancers take a minute to go.
const clearing = 10 * time.Minute

// startCloud serves an emulator, or takes the real cloud of the options, and lays the
// networks in it.
func startCloud(ctx context.Context, dir string, opts Options) (*Cloud, error) {
	c := &Cloud{}
	if err := c.find(dir, opts); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	if err := c.lay(ctx, opts); err != nil {
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearing)
		defer cancel()
		return nil, errors.Join(err, c.Clear(rest), c.Stop())
	}
	return c, nil
}

func (c *Cloud) find(dir string, opts Options) error {
	if opts.Real != nil {
		c.File, c.Name, c.octavia = opts.Real.File, opts.Real.Cloud, opts.Real.Octavia
		return nil
	}
	emulated := opts.Emulated
	if emulated.Pending = opts.Pending; emulated.Pending == 0 {
		emulated.Pending = 500 * time.Millisecond
	}
	c.File, c.Name = filepath.Join(dir, "clouds.yaml"), "demo"
	c.Emulator = emulator.New(emulated)
	return c.serve()
}

func (c *Cloud) serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening for the emulator: %w", err)
	}
	c.server = &http.Server{Handler: c.Emulator}
	go c.server.Serve(listener)
	clouds := c.Emulator.CloudsYAML("http://" + listener.Addr().String())
	if err := os.WriteFile(c.File, clouds, 0o600); err != nil {
		return fmt.Errorf("writing clouds.yaml: %w", err)
	}
	return nil
}

// lay makes the networks, and the floating IPs of the user.
func (c *Cloud) lay(ctx context.Context, opts Options) error {
	owner, admin, err := c.logins(ctx, opts)
	if err != nil {
		return err
	}
	if c.before, err = view.Of(owner).Inventory(ctx); err != nil {
		return fmt.Errorf("looking at what the cloud has: %w", err)
	}
	layout := opts.Layout
	if layout.Name == "" {
		layout = networks.TwoSubnets
	}
	site := networks.Site{Owner: owner, Admin: admin, Run: "octagate-e2e-" + uuid.NewString()[:8]}
	if opts.Real != nil {
		site.External = opts.Real.External
	}
	if c.Networks, err = networks.Lay(ctx, layout, site); err != nil {
		return err
	}
	for _, wanted := range opts.FloatingIPs {
		address, err := c.Networks.FloatingIP(ctx, wanted)
		if err != nil {
			return err
		}
		c.FloatingIPs = append(c.FloatingIPs, address)
	}
	return nil
}

// logins are the owner of the project and, if there is one, an administrator.
func (c *Cloud) logins(ctx context.Context, opts Options) (owner, admin *session.Session, err error) {
	if owner, err = session.Open(ctx, c.File, c.Name); err != nil {
		return nil, nil, err
	}
	name := "admin"
	if opts.Real != nil {
		name = opts.Real.Admin
	}
	if name == "" {
		return owner, nil, nil
	}
	admin, err = session.Open(ctx, c.File, name)
	return owner, admin, err
}

// Clear removes the networks and floating IPs, and before them what others left in the
// networks, which is an error, as is anything that is there now and was not before the World.
func (c *Cloud) Clear(ctx context.Context) error {
	if c == nil || c.Networks == nil {
		return nil
	}
	found, evicted := c.Networks.Evict(ctx)
	if len(found) > 0 {
		evicted = errors.Join(evicted, fmt.Errorf("was left in the networks and is removed now: %q", found))
	}
	removed := c.Networks.Remove(ctx)
	left, err := c.left(ctx)
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("left in the cloud: %q", left))
	}
	return errors.Join(evicted, removed, err)
}

func (c *Cloud) left(ctx context.Context) ([]string, error) {
	v, err := view.Dial(ctx, c.File, c.Name)
	if err != nil {
		return nil, err
	}
	now, err := v.Inventory(ctx)
	return slices.DeleteFunc(now, func(thing string) bool { return slices.Contains(c.before, thing) }), err
}

// Stop ends the emulator; a real cloud goes on.
func (c *Cloud) Stop() error {
	if c.server == nil {
		return nil
	}
	return c.server.Close()
}
