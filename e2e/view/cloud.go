// Package view is OpenStack as any of its clients sees it: load balancers with all
// that is in them, read over HTTP and drawn as trees, and an inventory of everything
// that a project has.
package view

import (
	"context"
	"net/http"

	"github.com/octagate/octagate/e2e/session"
)

// A Cloud is a project of an OpenStack cloud.
type Cloud struct{ session *session.Session }

// Dial logs in to a cloud of a clouds.yaml.
func Dial(ctx context.Context, file, cloud string) (*Cloud, error) {
	s, err := session.Open(ctx, file, cloud)
	if err != nil {
		return nil, err
	}
	return Of(s), nil
}

// Of is the project that a session is in.
func Of(s *session.Session) *Cloud { return &Cloud{s} }

// network reads from Neutron into an answer, balancing from Octavia.
func (c *Cloud) network(ctx context.Context, path string, answer any) error {
	return c.session.Do(ctx, http.MethodGet, c.session.Network+path, nil, answer)
}

// status is what the status tree of a load balancer is called.
func (c *Cloud) status() string {
	if c.session.LoadBalancer == c.session.Network {
		return "statuses" // by LBaaS v2
	}
	return "status"
}

func (c *Cloud) balancing(ctx context.Context, path string, answer any) error {
	return c.session.Do(ctx, http.MethodGet, c.session.LoadBalancer+"lbaas/"+path, nil, answer)
}
