package main

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/octagate/octagate/policy"
	"github.com/octagate/octagate/policy/facts"
)

// claims keeps which Services name which floating IP.
type claims struct {
	policy policy.Config

	mu    sync.Mutex
	all   map[types.NamespacedName]claim
	known map[netip.Addr][]facts.Claim // made of all when somebody asks; nil: that has changed since
}

// A claim is what one Service says.
type claim struct {
	address netip.Addr
	facts.Claim
}

// see takes note of a Service as it is.
func (c *claims) see(object any) {
	svc, ok := object.(*corev1.Service)
	if !ok {
		return
	}
	name := types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}
	now := claim{}
	if address, claimed := policy.Claim(c.policy, svc); claimed {
		now = claim{address, facts.Claim{Service: svc.UID, Name: name.String(), Since: svc.CreationTimestamp.Time}}
	}
	c.set(name, now)
}

// miss takes note of a Service that is gone.
func (c *claims) miss(object any) {
	if svc, ok := last(object).(*corev1.Service); ok {
		c.set(types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}, claim{})
	}
}

func (c *claims) set(name types.NamespacedName, now claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[name] == now {
		return
	}
	if c.all == nil {
		c.all = map[types.NamespacedName]claim{}
	}
	if c.known, c.all[name] = nil, now; now == (claim{}) {
		delete(c.all, name)
	}
}

// now is who claims what at the moment. Nobody changes what is returned.
func (c *claims) now() map[netip.Addr][]facts.Claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil {
		return c.known
	}
	c.known = map[netip.Addr][]facts.Claim{}
	for _, one := range c.all {
		c.known[one.address] = append(c.known[one.address], one.Claim)
	}
	for _, of := range c.known {
		slices.SortFunc(of, func(a, b facts.Claim) int {
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Service, b.Service))
		})
	}
	return c.known
}
