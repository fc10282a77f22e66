package view

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// kinds are the sorts of things that a test could leave behind.
var kinds = []struct {
	name, list string
	read       func(*Cloud, context.Context, string, any) error
}{
	{"floating IP", "floatingips", (*Cloud).network},
	{"router", "routers", (*Cloud).network},
	{"port", "ports", (*Cloud).network},
	{"subnet", "subnets", (*Cloud).network},
	{"network", "networks", (*Cloud).network},
	{"load balancer", "loadbalancers", (*Cloud).balancing},
	{"listener", "listeners", (*Cloud).balancing},
	{"pool", "pools", (*Cloud).balancing},
	{"health monitor", "healthmonitors", (*Cloud).balancing},
}

// A thing is whatever has an id.
type thing struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Address string `json:"floating_ip_address"`
}

// Inventory is everything that the project has, each with its kind, its name or
// address, and its id, in order.
func (c *Cloud) Inventory(ctx context.Context) ([]string, error) {
	var all []string
	for _, k := range kinds {
		var answer map[string][]thing
		if err := k.read(c, ctx, k.list+"?project_id="+url.QueryEscape(c.session.Project), &answer); err != nil {
			return nil, fmt.Errorf("listing %s: %w", k.list, err)
		}
		for _, t := range answer[k.list] {
			all = append(all, strings.Join(strings.Fields(k.name+" "+t.Name+" "+t.Address+" "+t.ID), " "))
		}
	}
	slices.Sort(all)
	return all, nil
}
