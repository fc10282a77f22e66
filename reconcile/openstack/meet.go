package openstack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	gopherstack "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/apiversions"

	"github.com/octagate/octagate/reconcile/plan"
)

// firstTags is the minor version of Octavia's API that has tags.
const firstTags = 5

// meet is the session of somebody who wants something of Octavia. It is looked for once,
// and not at the login: what Neutron says is known without it.
func (c *Client) meet(ctx context.Context) (*session, error) {
	s, err := c.login(ctx)
	if err != nil || s.met.Load() {
		return s, err
	}
	at := where(s.network.ProviderClient, c.credentials.endpoint, "load-balancer")
	err = c.together(ctx, "finding Octavia"+at, func(ctx context.Context) error { return s.meet(ctx, c.credentials.endpoint) })
	if err != nil {
		return nil, err
	}
	return s, nil
}

// meet finds Octavia, and what it can do. LBaaS v2 is in Neutron, and has no tags.
func (s *session) meet(ctx context.Context, at gophercloud.EndpointOpts) (err error) {
	switch {
	case s.met.Load():
		return nil
	case s.legacy:
		s.balance = s.network
	default:
		if s.balance, err = gopherstack.NewLoadBalancerV2(s.network.ProviderClient, at); err != nil {
			return fmt.Errorf("finding Octavia: %w", refusal(err))
		}
		minor, err := s.minor(ctx)
		if err != nil {
			return err
		}
		s.tagged = minor >= firstTags
	}
	s.met.Store(true)
	return nil
}

// minor is the newest minor version of Octavia's API 2.
func (s *session) minor(ctx context.Context) (int, error) {
	versions, err := all[apiversions.APIVersion](ctx, "the versions of Octavia", "versions", apiversions.List(s.balance))
	if err == nil && len(versions) == 0 {
		return 0, &plan.Refusal{Reason: plan.Away, Err: errors.New("Octavia names no version of its API")}
	}
	newest := 0
	for _, v := range versions {
		if minor, found := strings.CutPrefix(v.ID, "v2."); found {
			n, err := strconv.Atoi(minor)
			if err != nil {
				return 0, fmt.Errorf("reading the versions of Octavia: %w", err)
			}
			newest = max(newest, n)
		}
	}
	return newest, err
}
