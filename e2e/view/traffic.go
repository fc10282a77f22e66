package view

import (
	"context"
	"fmt"
)

// Traffic is how a listener and the pool behind it pass traffic on.
type Traffic struct {
	Protocol          string            // of the listener
	Headers           map[string]string // that the listener adds to requests
	AllowedCIDRs      []string          // who may connect; empty: everybody
	TimeoutClientData int               // how long a client may be silent, in milliseconds
	Algorithm         string            // how the pool chooses a member
	Persistence       string            // how a client stays with its member; empty: not at all
}

// Traffic reads how a listener with a pool passes traffic on.
func (c *Cloud) Traffic(ctx context.Context, l Listener) (Traffic, error) {
	var front struct {
		Listener struct {
			Protocol          string            `json:"protocol"`
			Headers           map[string]string `json:"insert_headers"`
			AllowedCIDRs      []string          `json:"allowed_cidrs"`
			TimeoutClientData int               `json:"timeout_client_data"`
			Pool              string            `json:"default_pool_id"`
		}
	}
	if err := c.balancing(ctx, "listeners/"+l.ID, &front); err != nil {
		return Traffic{}, fmt.Errorf("reading listener %s: %w", l.Name, err)
	}
	var back struct {
		Pool struct {
			Algorithm   string                `json:"lb_algorithm"`
			Persistence struct{ Type string } `json:"session_persistence"`
		}
	}
	if err := c.balancing(ctx, "pools/"+front.Listener.Pool, &back); err != nil {
		return Traffic{}, fmt.Errorf("reading the pool of listener %s: %w", l.Name, err)
	}
	f, b := front.Listener, back.Pool
	return Traffic{f.Protocol, f.Headers, f.AllowedCIDRs, f.TimeoutClientData, b.Algorithm, b.Persistence.Type}, nil
}
