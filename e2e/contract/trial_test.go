package contract

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/octagate/octagate/e2e/session"
)

// A trial is one claim being tried on one cloud by the user demo.
type trial struct {
	client
	*cloud
}

func (c *cloud) try(t *testing.T) trial { return trial{client{t, c.demo}, c} }

// by is the same as another user.
func (x trial) by(s *session.Session) client { return client{x.T, s} }

// claim tries a part of the claim that has a name of its own.
func (x trial) claim(name string, part func(trial)) {
	x.Helper()
	x.Run(name, func(t *testing.T) { part(x.cloud.try(t)) })
}

// skip says what is not held, and why, here and again at the end.
func (x trial) skip(why string) {
	x.Helper()
	x.mu.Lock()
	x.skipped = append(x.skipped, x.T.Name()+": "+why)
	x.mu.Unlock()
	x.Skip("NOT HELD: " + why)
}

// needs skips the test unless the cloud's environment named somebody.
func (x trial) needs(who *session.Session, variable string) {
	x.Helper()
	if who == nil {
		x.skip(variable + " names nobody")
	}
}

// address is a VIP that no other test uses, outside of what Neutron hands out.
func (x trial) address() string {
	n := x.last.Add(1)
	return fmt.Sprintf("10.2.%d.%d", n/250, n%250+1)
}

// named is what a thing of this run is called.
func (x trial) named(of string) string { return x.run + "-" + of }

// await asks until the answer is yes.
func (x trial) await(what string, yes func() bool) {
	x.Helper()
	tick := time.NewTicker(x.poll)
	defer tick.Stop()
	for deadline := time.Now().Add(x.patience); !yes(); <-tick.C {
		if time.Now().After(deadline) {
			x.Fatalf("waited %s in vain for %s", x.patience, what)
		}
	}
}

// A client is a user in a test.
type client struct {
	*testing.T
	*session.Session
}

// no fails the test for an error.
func (c client) no(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// call makes a call, also when the test is over and cleans up. It ends a test that was
// interrupted before.
func (c client) call(method, url string, body any, headers ...string) answer {
	c.Helper()
	if interrupted.Err() != nil && c.Context().Err() == nil {
		c.Fatal("interrupted")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), time.Minute)
	defer cancel()
	a, err := c.Session.Call(ctx, method, url, body, headers...)
	c.no(err)
	return answer{c.T, method + " " + url, a}
}

// octavia calls below /v2/lbaas/, neutron below /v2.0/.
func (c client) octavia(method, path string, body any) answer {
	c.Helper()
	return c.call(method, c.LoadBalancer+"lbaas/"+path, body)
}

func (c client) neutron(method, path string, body any, headers ...string) answer {
	c.Helper()
	return c.call(method, c.Network+path, body, headers...)
}

// see reads something that has to be there.
func (c client) see(path string) answer {
	c.Helper()
	return c.octavia(http.MethodGet, path, nil).is(http.StatusOK)
}

// status is the provisioning status of what is at a path; empty: it is not there.
func (c client) status(path string) string {
	c.Helper()
	a := c.octavia(http.MethodGet, path, nil)
	if a.Status == http.StatusNotFound {
		return ""
	}
	kind := strings.TrimSuffix(path[:strings.Index(path, "/")], "s")
	return a.is(http.StatusOK).text(kind + ".provisioning_status")
}
