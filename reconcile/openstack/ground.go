package openstack

import (
	"context"
	"errors"
	"fmt"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/octagate/octagate/reconcile/ground"
	"github.com/octagate/octagate/reconcile/plan"
)

// Ground looks once at what a cluster is built upon. What the cloud does not have, or does
// not show to us, is unknown; a service that does not answer is an error, which names its
// endpoint.
func (c *Client) Ground(ctx context.Context, q ground.Question) (ground.Cloud, error) {
	s, err := c.login(ctx)
	if err != nil {
		return ground.Cloud{}, fmt.Errorf("asking Keystone at %s: %w", c.credentials.auth.IdentityEndpoint, err)
	}
	g := ground.Cloud{Services: catalogue(s.network.ProviderClient, c.credentials.endpoint)}
	v := survey{s, q}
	if err := v.neutron(ctx, &g); err != nil {
		return g, fmt.Errorf("asking Neutron at %s: %w", s.network.Endpoint, err)
	}
	services, why := g.Services.Look()
	if why == "" && services["load-balancer"] == "" && !s.legacy {
		v.withoutOctavia(&g)
		return g, nil
	}
	if _, err = c.meet(ctx); err == nil {
		err = v.octavia(ctx, &g)
	}
	if err != nil {
		return g, fmt.Errorf("asking Octavia at %s: %w", services["load-balancer"], err)
	}
	return g, nil
}

// catalogue is where each type of service is, of those that we would use.
func catalogue(p *gophercloud.ProviderClient, at gophercloud.EndpointOpts) ground.Fact[map[string]string] {
	token, ok := p.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return ground.Unknown[map[string]string]("the login does not tell")
	}
	said, err := token.ExtractServiceCatalog()
	if err != nil {
		return ground.Unknown[map[string]string](err.Error())
	}
	face := string(at.Availability)
	if face == "" {
		face = string(gophercloud.AvailabilityPublic)
	}
	services := map[string]string{}
	for _, entry := range said.Entries {
		for _, e := range entry.Endpoints {
			if e.Interface == face && (at.Region == "" || at.Region == e.Region || at.Region == e.RegionID) {
				services[entry.Type] = e.URL
			}
		}
	}
	return ground.Known(services)
}

// A survey answers one question.
type survey struct {
	*session
	ground.Question
}

// where is where the catalogue says that a type of service is, in words; empty: it does not.
func where(p *gophercloud.ProviderClient, at gophercloud.EndpointOpts, service string) string {
	services, _ := catalogue(p, at).Look()
	if services[service] == "" {
		return ""
	}
	return " at " + services[service]
}

// untold is why there is nothing to be read.
type untold string

func (u untold) Error() string { return string(u) }

// learned reads one part. That the cloud refuses to tell is an answer.
func learned[T any](into *ground.Fact[T], how func() (T, error)) error {
	v, err := how()
	switch {
	case err == nil:
		*into = ground.Known(v)
	case errors.As(err, new(untold)), plan.ReasonOf(err) == plan.Invalid:
		*into = ground.Unknown[T](err.Error())
	default:
		return err
	}
	return nil
}

// A part reads one part of the ground, some after what they rest on.
type part func(context.Context, *ground.Cloud) error

func in(ctx context.Context, g *ground.Cloud, parts ...part) error {
	for _, p := range parts {
		if err := p(ctx, g); err != nil {
			return err
		}
	}
	return nil
}
