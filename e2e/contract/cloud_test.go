package contract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/octagate/octagate/e2e/emulator"
	"github.com/octagate/octagate/e2e/networks"
	"github.com/octagate/octagate/e2e/session"
	"github.com/octagate/octagate/e2e/view"
)

// A cloud is an OpenStack that is held to the contract.
type cloud struct {
	*networks.Networks
	name, title string
	api         string // the newest version of Octavia's API that it serves
	run         string // begins the name of everything that is made
	faults      map[fault]bool
	poll        time.Duration
	patience    time.Duration // the longest that any work may take

	file, entry        string           // of clouds.yaml
	demo, other, admin *session.Session // other and admin: nil, there are none
	worker             worker           // nil: nobody can stop it
	quotas             bool             // those of other may be changed for a while
	end                func(context.Context) error

	last    atomic.Int32 // VIP handed out
	mu      sync.Mutex
	skipped []string
}

// corrected is the emulator without those faults that are known to be corrected.
func corrected(ctx context.Context) (*cloud, error) {
	return emulated(ctx, "corrected", emulator.Options{}, map[fault]bool{
		treesForgotten: false, loosePoolsForgotten: false, portsLeak: true, filtersForgotten: true, twinsHang: true,
	})
}

// packaged is the emulator with all the faults of Octavia 11.0.0.
func packaged(ctx context.Context) (*cloud, error) {
	return emulated(ctx, "packaged", emulator.Options{AsPackaged: true, ForgetsLoosePools: true}, map[fault]bool{
		treesForgotten: true, loosePoolsForgotten: true, portsLeak: true, filtersForgotten: true, twinsHang: true,
	})
}

func emulated(ctx context.Context, name string, options emulator.Options, faults map[fault]bool) (*cloud, error) {
	options.Pending = 10 * time.Millisecond
	em := emulator.New(options)
	server := httptest.NewServer(em)
	dir, err := os.MkdirTemp("", "octagate-contract-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "clouds.yaml")
	c := &cloud{
		name: name, title: "the emulator (" + name + ")", faults: faults, worker: emulatedWorker{em}, quotas: true,
		poll: 5 * time.Millisecond, patience: 10 * time.Second,
		end: func(ctx context.Context) error {
			defer server.Close()
			return errors.Join(vacant(ctx, file, "demo"), vacant(ctx, file, "other"), os.RemoveAll(dir))
		},
	}
	if err := os.WriteFile(file, em.CloudsYAML(server.URL), 0o600); err != nil {
		return nil, err
	}
	return c, c.open(ctx, session.Real{File: file, Cloud: "demo", Other: "other", Admin: "admin"})
}

// fromEnvironment is the real cloud that the environment names; nil: it names none.
func fromEnvironment(ctx context.Context) (*cloud, error) {
	real, ok, err := session.FromEnvironment()
	if !ok {
		return nil, err
	}
	c := &cloud{
		name: "real", poll: 200 * time.Millisecond, patience: 5 * time.Minute, quotas: real.Quotas,
		end: func(context.Context) error { return nil },
	}
	if real.Octavia != "" {
		c.worker = realWorker(real.Octavia)
	}
	if err := c.open(ctx, real); err != nil {
		return nil, err
	}
	c.title = fmt.Sprintf("the real cloud %s at %s, Octavia %s", real.Cloud, c.demo.Identity, c.api)
	c.faults = known(c.api, real.AsPackaged)
	return c, nil
}

// open logs in and lays the networks.
func (c *cloud) open(ctx context.Context, as session.Real) (err error) {
	c.run, c.file, c.entry = "octagate-contract-"+uuid.NewString()[:8], as.File, as.Cloud
	for _, who := range []struct {
		entry string
		is    **session.Session
	}{{as.Cloud, &c.demo}, {as.Other, &c.other}, {as.Admin, &c.admin}} {
		if who.entry == "" {
			continue
		}
		if *who.is, err = session.Open(ctx, as.File, who.entry); err != nil {
			return err
		}
	}
	if c.api, err = newest(ctx, c.demo); err != nil {
		return err
	}
	site := networks.Site{Owner: c.demo, Admin: c.admin, External: as.External, Run: c.run}
	c.Networks, err = networks.Lay(ctx, networks.TwoSubnets, site)
	return err
}

// newest is the version of Octavia's API that is marked as current.
func newest(ctx context.Context, s *session.Session) (string, error) {
	var document struct{ Versions []struct{ ID, Status string } }
	if err := s.Do(ctx, http.MethodGet, strings.TrimSuffix(s.LoadBalancer, "v2/"), nil, &document); err != nil {
		return "", fmt.Errorf("asking for Octavia's versions: %w", err)
	}
	for _, v := range document.Versions {
		if v.Status == "CURRENT" {
			return v.ID, nil
		}
	}
	return "", errors.New("Octavia has no current version")
}

// close removes the networks. What tests left in them is an error, but removed, too.
func (c *cloud) close(ctx context.Context) error {
	found, evicted := c.Networks.Evict(ctx)
	if len(found) > 0 {
		evicted = errors.Join(evicted, fmt.Errorf("was left in the networks and is removed now: %q", found))
	}
	return errors.Join(evicted, c.Networks.Remove(ctx), c.left(ctx), c.end(ctx))
}

// vacant is an error that says what a project has; nil: nothing.
func vacant(ctx context.Context, file, entry string) error {
	v, err := view.Dial(ctx, file, entry)
	if err != nil {
		return err
	}
	there, err := v.Inventory(ctx)
	if err == nil && len(there) > 0 {
		err = fmt.Errorf("left behind in %s: %q", entry, there)
	}
	return err
}

// left says what of ours is still there: names and descriptions tell.
func (c *cloud) left(ctx context.Context) error {
	var errs []error
	for _, list := range []struct{ kind, url string }{
		{"loadbalancers", c.demo.LoadBalancer + "lbaas/loadbalancers?project_id=" + c.demo.Project},
		{"floatingips", c.demo.Network + "floatingips?project_id=" + c.demo.Project},
		{"ports", c.demo.Network + "ports?project_id=" + c.demo.Project},
		{"networks", c.demo.Network + "networks?project_id=" + c.demo.Project},
	} {
		var there map[string][]thing
		if err := c.demo.Do(ctx, http.MethodGet, list.url, nil, &there); err != nil {
			return err
		}
		for _, one := range there[list.kind] {
			if strings.HasPrefix(one.Name+one.Description, c.run) {
				errs = append(errs, fmt.Errorf("left behind in %s: %s %s", list.kind, cmp.Or(one.Name, one.Description), one.ID))
			}
		}
	}
	return errors.Join(errs...)
}

// A thing is whatever can be left behind.
type thing struct{ ID, Name, Description string }
