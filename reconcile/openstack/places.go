package openstack

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	tokens2 "github.com/gophercloud/gophercloud/v2/openstack/identity/v2/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/octagate/octagate/reconcile/plan"
)

// places are where our calls may go: to Keystone, where the operator says that it is, and to
// what Keystone's catalogue names. Neither a token nor a password is sent anywhere else,
// whatever an answer says.
type places struct {
	road http.RoundTripper

	mu    sync.RWMutex
	known []string // origins: https://cloud.example.org:9876
}

// trust lets calls go to where a URL leads.
func (p *places) trust(at string) {
	u, err := url.Parse(at)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.known, origin(u)) {
		p.known = append(p.known, origin(u))
	}
}

// RoundTrip implements http.RoundTripper.
func (p *places) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.RLock()
	known := slices.Contains(p.known, origin(r.URL))
	p.mu.RUnlock()
	if !known {
		if r.Body != nil {
			r.Body.Close() // as the interface wants it
		}
		return nil, &plan.Refusal{Reason: plan.Away, Err: fmt.Errorf("%s is neither the auth_url nor in the catalogue: nothing is sent there", origin(r.URL))}
	}
	return p.road.RoundTrip(r)
}

// catalogued are the URLs that Keystone's catalogue names.
func catalogued(p *gophercloud.ProviderClient) []string {
	var all []string
	switch said := p.GetAuthResult().(type) {
	case tokens.CreateResult:
		if c, err := said.ExtractServiceCatalog(); err == nil {
			for _, entry := range c.Entries {
				for _, e := range entry.Endpoints {
					all = append(all, e.URL)
				}
			}
		}
	case tokens2.CreateResult:
		if c, err := said.ExtractServiceCatalog(); err == nil {
			for _, entry := range c.Entries {
				for _, e := range entry.Endpoints {
					all = append(all, e.PublicURL, e.InternalURL, e.AdminURL)
				}
			}
		}
	}
	return all
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// stay has no redirection followed: where it leads was not said by the catalogue.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
