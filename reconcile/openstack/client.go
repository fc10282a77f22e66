// Package openstack is the only place that speaks to OpenStack.
//
// It logs in, lists what is ours as trees, takes the steps of plans, refreshes
// what is known of floating IPs, and says in one word why the cloud refused. It
// decides nothing: no Service is known here, only trees, steps and facts.
package openstack

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	gopherstack "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	tokens2 "github.com/gophercloud/gophercloud/v2/openstack/identity/v2/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"golang.org/x/sync/singleflight"

	"github.com/octagate/octagate/reconcile/plan"
)

// slowest is how long any one call may take. Octavia answers a create slowly
// when many are made at once: 12 s was measured for the last of 24.
const slowest = time.Minute

// A Client is our project in an OpenStack cloud. It logs in when it is first
// used, and again when that did not work: a cloud that is down at start is no
// reason not to start.
type Client struct {
	Now    func() time.Time // the clock; nil: time.Now
	Legacy bool             // load balancers are Neutron's, by LBaaS v2
	Opens  bool             // the security groups of VIPs are our matter
	Counts *Counts          // of the calls; nil: nobody counts
	Adopts bool             // what Kuryr made for a Service is adopted, if it has the Service's address

	credentials credentials
	places      *places
	pace        *pace
	agreed      *atomic.Pointer[string] // ID of the project that all who work together log in for
	logins      singleflight.Group
	session     atomic.Pointer[session]
}

// A session is what one login gave.
type session struct {
	project string // ID
	now     func() time.Time
	network *gophercloud.ServiceClient

	legacy bool // it is LBaaS v2
	opens  bool // the security groups of VIPs are our matter
	adopts bool // what Kuryr made for a Service is adopted

	met     atomic.Bool // Octavia was found, and what follows is set, once
	balance *gophercloud.ServiceClient
	tagged  bool // what is made can bear tags
}

type credentials struct {
	auth     gophercloud.AuthOptions
	endpoint gophercloud.EndpointOpts
	tls      *tls.Config
}

// Configure reads the credentials of the named entry of clouds.yaml. An empty
// name stands for OS_CLOUD, or, when that is not set either, for OS_AUTH_URL and
// the other OS_* variables. Nothing is sent to the cloud yet, and nothing will be
// more often than r allows.
func Configure(cloud string, r Rate) (*Client, error) {
	c := &Client{agreed: &atomic.Pointer[string]{}}
	c.pace = newPace(r, c.now)
	c.pace.counts = func() *Counts { return c.Counts }
	return c, c.configure(cloud)
}

// Reader is a Client with the credentials of another entry of clouds.yaml, which may do
// without the right to write. It has to be of the same project, and keeps to c's pace.
func (c *Client) Reader(cloud string) (*Client, error) {
	r := &Client{Now: c.Now, Legacy: c.Legacy, pace: c.pace, agreed: c.agreed}
	r.pace.counts = func() *Counts { return cmp.Or(c.Counts, r.Counts) }
	return r, r.configure(cloud)
}

func (c *Client) configure(cloud string) (err error) {
	if c.credentials, err = read(cloud); err != nil {
		return err
	}
	c.credentials.auth.AllowReauth = true // a controller outlives its token
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = c.credentials.tls
	c.places = &places{road: &lane{transport, c.pace}}
	c.places.trust(c.credentials.auth.IdentityEndpoint)
	return nil
}

// Through has all calls go through road, in place of the network. It is to be called before
// the first one.
func (c *Client) Through(road http.RoundTripper) { c.places.road = &lane{road, c.pace} }

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func read(cloud string) (c credentials, err error) {
	if cloud == "" && os.Getenv("OS_CLOUD") == "" {
		if c.auth, err = gopherstack.AuthOptionsFromEnv(); err != nil {
			return c, fmt.Errorf("reading OS_* variables (neither openstack.cloud nor OS_CLOUD names a cloud): %w", err)
		}
		c.endpoint.Region = os.Getenv("OS_REGION_NAME")
		return c, nil
	}
	var options []clouds.ParseOption
	if cloud != "" {
		options = append(options, clouds.WithCloudName(cloud))
	}
	if c.auth, c.endpoint, c.tls, err = clouds.Parse(options...); err != nil {
		return c, fmt.Errorf("reading clouds.yaml: %w", err)
	}
	return c, nil
}

// login is the session, made at the first call. Neutron can be asked with it; who wants
// something of Octavia has to meet it.
func (c *Client) login(ctx context.Context) (*session, error) {
	if s := c.session.Load(); s != nil {
		return s, nil
	}
	err := c.together(ctx, "logging in at "+c.credentials.auth.IdentityEndpoint, func(ctx context.Context) error {
		if c.session.Load() != nil {
			return nil // somebody was quicker; there is one session for all
		}
		s, err := c.credentials.dial(ctx, c.places)
		if err != nil {
			return err
		}
		if !c.agreed.CompareAndSwap(nil, &s.project) && *c.agreed.Load() != s.project {
			return &plan.Refusal{Reason: plan.Invalid, Err: fmt.Errorf("logging in: openstack.cloud and openstack.reader are for two projects, %s and %s", *c.agreed.Load(), s.project)}
		}
		s.now, s.opens, s.adopts, s.legacy = c.now, c.Opens, c.Adopts, c.Legacy
		c.session.Store(s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.session.Load(), nil
}

// Where is the project that c works in and the cloud that it is of, as people tell them
// apart, once it has logged in.
func (c *Client) Where() string {
	project := "that is not known yet"
	if id := c.agreed.Load(); id != nil {
		project = *id
	}
	return fmt.Sprintf("project %s of the cloud at %s", project, c.credentials.auth.IdentityEndpoint)
}

// together has all who come while one does something wait for that one, but no longer
// than their own context.
func (c *Client) together(ctx context.Context, what string, do func(context.Context) error) error {
	done := c.logins.DoChan(what, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowest)
		defer cancel()
		return nil, do(ctx)
	})
	select {
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case r := <-done:
		return r.Err
	}
}

func (c credentials) dial(ctx context.Context, by *places) (*session, error) {
	provider, err := config.NewProviderClient(ctx, c.auth, config.WithHTTPClient(http.Client{Transport: pages{by}, Timeout: slowest, CheckRedirect: stay}))
	if err != nil {
		return nil, fmt.Errorf("logging in: %w", refusal(err))
	}
	s := &session{project: project(provider)}
	if s.project == "" {
		return nil, &plan.Refusal{Reason: plan.Invalid, Err: errors.New("logging in: the credentials are for no project; name one (project_name, or OS_PROJECT_NAME)")}
	}
	for _, at := range catalogued(provider) {
		by.trust(at) // before it is asked for its versions
	}
	if s.network, err = gopherstack.NewNetworkV2(provider, c.endpoint); err != nil {
		return nil, fmt.Errorf("finding Neutron%s: %w", where(provider, c.endpoint, "network"), refusal(err))
	}
	return s, nil
}

// project is the ID of the project that the token is for; empty: for none. Without one,
// everything that the cloud shows to somebody would be taken for ours.
func project(provider *gophercloud.ProviderClient) string {
	switch said := provider.GetAuthResult().(type) {
	case tokens.CreateResult:
		if p, err := said.ExtractProject(); err == nil && p != nil {
			return p.ID
		}
	case tokens2.CreateResult:
		if t, err := said.ExtractToken(); err == nil {
			return t.Tenant.ID
		}
	}
	return ""
}
