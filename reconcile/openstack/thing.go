package openstack

import (
	"context"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"github.com/octagate/octagate/reconcile/octavia"
)

// A thing is a load balancer or something under it, as far as it can bear a mark.
type thing struct {
	kind, name  string
	tags        []string
	description string
	write       func(mark) error
}

// String is the thing as people call it.
func (t thing) String() string { return t.kind + " " + t.name }

// of reports whether a thing is called as what is made for a Service is, by us and by Kuryr.
func (t thing) of(service string) bool {
	return t.name == service || strings.HasPrefix(t.name, service+":")
}

// markNext writes o's mark, beside what else stands there, onto the first thing under a
// load balancer that should bear it and does not, or else onto the load balancer itself.
func (s *session) markNext(ctx context.Context, o octavia.Owner, lb *seenBalancer) (what string, err error) {
	things, err := s.things(ctx, lb)
	if err != nil {
		return "", err
	}
	for _, t := range things {
		holder, marked := markedOwner(t.tags, t.description)
		ours := holder == o || (!marked || o.Succeeds(holder)) && t.of(lb.Name)
		if ours && !s.marked(t, o) {
			return t.String(), t.write(s.mark(o).beside(t.tags, t.description))
		}
	}
	return "", nil
}

// markOn writes o's mark onto the next thing of a load balancer, if it is still there.
func (s *session) markOn(ctx context.Context, o octavia.Owner, id string) error {
	var lb seenBalancer
	err := loadbalancers.Get(ctx, s.balance, id).ExtractIntoStructPtr(&lb, "loadbalancer")
	if err != nil {
		return gone(err)
	}
	_, err = s.markNext(ctx, o, &lb)
	return err
}

// marked reports whether a thing bears o's mark as it is written now.
func (s *session) marked(t thing, o octavia.Owner) bool {
	if !s.tagged {
		holder, _ := octavia.DescribedOwner(t.description)
		return holder == o
	}
	holder, _ := octavia.OwnerOf(t.tags)
	return holder == o
}

// things are what is under a load balancer, and last that itself.
func (s *session) things(ctx context.Context, lb *seenBalancer) ([]thing, error) {
	under, err := s.pooled(ctx, lb)
	if err != nil {
		return nil, err
	}
	listed, err := all[listeners.Listener](ctx, "listeners", "listeners", listeners.List(s.balance, listeners.ListOpts{LoadbalancerID: lb.ID}))
	if err != nil {
		return nil, err
	}
	for _, l := range listed {
		if !has(lb.Listeners, l.ID) {
			continue // further pages are not filtered
		}
		under = append(under, thing{"listener", l.Name, l.Tags, l.Description, func(m mark) error {
			return listeners.Update(ctx, s.balance, l.ID, listeners.UpdateOpts{Tags: m.asTags(), Description: m.asWords()}).Err
		}})
	}
	return append(under, thing{"load balancer", lb.Name, lb.Tags, lb.Description, func(m mark) error {
		return loadbalancers.Update(ctx, s.balance, lb.ID, loadbalancers.UpdateOpts{Tags: m.asTags(), Description: m.asWords()}).Err
	}}), nil
}

// pooled are the pools of a load balancer, each after its health monitor.
func (s *session) pooled(ctx context.Context, lb *seenBalancer) ([]thing, error) {
	listed, err := all[pools.Pool](ctx, "pools", "pools", pools.List(s.balance, pools.ListOpts{LoadbalancerID: lb.ID}))
	if err != nil {
		return nil, err
	}
	var under []thing
	for _, p := range listed {
		if !has(lb.Pools, p.ID) {
			continue
		}
		if p.MonitorID != "" && s.tagged { // without tags it has nowhere to bear a mark
			m, err := monitors.Get(ctx, s.balance, p.MonitorID).Extract()
			if err != nil {
				return nil, fmt.Errorf("looking at health monitor %s: %w", p.MonitorID, refusal(err))
			}
			under = append(under, thing{"health monitor", m.Name, m.Tags, "", func(mk mark) error {
				return monitors.Update(ctx, s.balance, m.ID, monitors.UpdateOpts{Tags: mk.tags}).Err
			}})
		}
		under = append(under, thing{"pool", p.Name, p.Tags, p.Description, func(m mark) error {
			return pools.Update(ctx, s.balance, p.ID, pools.UpdateOpts{Tags: m.asTags(), Description: m.asWords()}).Err
		}})
	}
	return under, nil
}
